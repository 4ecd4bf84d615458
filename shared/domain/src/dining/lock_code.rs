//! Somebody guessed at the digits: they change, and let nobody in until people at the table ask for new ones. The long
//! code stays as it is, so that no stranger can take it away from the table.

use super::{CodeRotated, SessionEvent, TableSession};
use crate::refusal::Refusal;

/// Lock the digits.
#[derive(Debug, Clone, PartialEq)]
pub struct LockCode {
    /// The rotation of the digits that were guessed at.
    pub rotation: u32,
}

/// One event, however many guessed: who comes second is told that it is done.
pub(super) fn lock_code(session: &TableSession, command: &LockCode) -> Result<Vec<SessionEvent>, Refusal> {
    let visit = session.open_visit()?;
    if visit.code.locked || visit.code.rotation != command.rotation {
        return Err(Refusal::CodeLocked);
    }
    let rotation = visit.code.rotation.saturating_add(1);
    Ok(vec![CodeRotated { session_id: visit.session_id, rotation, locked: true }.into()])
}

#[cfg(test)]
mod tests {
    use super::LockCode;
    use crate::{
        dining::{
            SessionCommand, TableSession,
            examples::{closed, opened, rotated},
        },
        refusal::Refusal,
        testing::{folded, given},
    };

    fn lock(rotation: u32) -> SessionCommand {
        SessionCommand::LockCode(LockCode { rotation })
    }

    #[test]
    fn the_digits_change_and_are_locked_once() {
        given::<TableSession>([opened()]).when(lock(0)).then([rotated(1, true)]);
        let again = [opened(), rotated(1, true), rotated(2, false)];
        given::<TableSession>(again).when(lock(2)).then([rotated(3, true)]);
    }

    #[test]
    fn the_long_code_stays_as_it_is() {
        let session: TableSession = folded([opened(), rotated(2, false)]);
        let locked: TableSession = folded([opened(), rotated(2, false), rotated(3, true)]);
        assert_eq!(session.visit().unwrap().code.long(), locked.visit().unwrap().code.long());
    }

    #[test]
    fn digits_that_changed_meanwhile_are_not_locked() {
        for rotation in [0, 1] {
            given::<TableSession>([opened(), rotated(1, true)]).when(lock(rotation)).refused(Refusal::CodeLocked);
        }
        given::<TableSession>([opened(), rotated(1, false)]).when(lock(0)).refused(Refusal::CodeLocked);
    }

    #[test]
    fn a_table_that_is_left_has_no_digits() {
        given::<TableSession>([opened(), closed()]).when(lock(0)).refused(Refusal::SessionClosed);
        given::<TableSession>([]).when(lock(0)).refused(Refusal::NotFound);
    }
}
