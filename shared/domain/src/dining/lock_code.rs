//! Somebody guessed at the digits: they change, and let nobody in until people at the table ask for new ones.

use super::{CodeRotated, SessionEvent, TableSession};
use crate::refusal::Refusal;

/// One event, however many guessed: who comes second is told that it is done.
pub(super) fn lock_code(session: &TableSession) -> Result<Vec<SessionEvent>, Refusal> {
    let visit = session.open_visit()?;
    if visit.code.locked {
        return Err(Refusal::CodeLocked);
    }
    let rotation = visit.code.rotation.saturating_add(1);
    Ok(vec![CodeRotated { session_id: visit.session_id, rotation, locked: true }.into()])
}

#[cfg(test)]
mod tests {
    use crate::{
        dining::{
            SessionCommand, TableSession,
            examples::{closed, opened, rotated},
        },
        refusal::Refusal,
        testing::given,
    };

    #[test]
    fn the_digits_change_and_are_locked_once() {
        given::<TableSession>([opened()]).when(SessionCommand::LockCode).then([rotated(1, true)]);
        let locked = [opened(), rotated(1, true)];
        given::<TableSession>(locked).when(SessionCommand::LockCode).refused(Refusal::CodeLocked);
        let again = [opened(), rotated(1, true), rotated(2, false)];
        given::<TableSession>(again).when(SessionCommand::LockCode).then([rotated(3, true)]);
    }

    #[test]
    fn a_table_that_is_left_has_no_digits() {
        given::<TableSession>([opened(), closed()]).when(SessionCommand::LockCode).refused(Refusal::SessionClosed);
        given::<TableSession>([]).when(SessionCommand::LockCode).refused(Refusal::NotFound);
    }
}
