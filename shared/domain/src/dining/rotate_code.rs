//! Somebody at the table, or staff, asks for new codes: because somebody guessed, or saw the old ones.

use super::{CodeRotated, Host, SessionEvent, TableSession};
use crate::{
    limits::{CODE_ROTATIONS_MAX, FOUR_DIGITS_ROTATION_LAST},
    refusal::Refusal,
};

/// Show other codes.
#[derive(Debug, Clone, PartialEq)]
pub struct RotateCode {
    /// Who asks.
    pub by: Host,
}

pub(super) fn rotate_code(session: &TableSession, command: &RotateCode) -> Result<Vec<SessionEvent>, Refusal> {
    let visit = session.open_visit()?;
    command.by.check(visit)?;
    if visit.code.rotation >= CODE_ROTATIONS_MAX {
        // Approval still lets people in.
        return Err(Refusal::CodeLocked);
    }
    let code = visit.code;
    // Each set of four digits gives guesses another chance, so there are few of them.
    let locked = code.rotation >= FOUR_DIGITS_ROTATION_LAST;
    // The number right after open digits is the one that a lock makes, which keeps the long code: see `VisitCode::long`.
    let step = if locked && !code.locked { 2 } else { 1 };
    let rotation = code.rotation + step;
    Ok(vec![CodeRotated { session_id: visit.session_id, rotation, locked }.into()])
}

#[cfg(test)]
mod tests {
    use super::RotateCode;
    use crate::{
        dining::{
            Host, SessionCommand, TableSession,
            examples::{closed, joined, left, opened, rotated},
        },
        limits::{CODE_ROTATIONS_MAX, FOUR_DIGITS_ROTATION_LAST},
        refusal::Refusal,
        testing::{folded, given, id},
    };

    fn rotate(by: Host) -> SessionCommand {
        SessionCommand::RotateCode(RotateCode { by })
    }

    #[test]
    fn staff_and_those_at_the_table_get_new_digits() {
        given::<TableSession>([opened()]).when(rotate(Host::Staff)).then([rotated(1, false)]);
        let locked = [opened(), joined(1), rotated(1, true)];
        given::<TableSession>(locked).when(rotate(Host::Diner(id(1)))).then([rotated(2, false)]);
    }

    #[test]
    fn nobody_else_does() {
        let stranger = rotate(Host::Diner(id(2)));
        given::<TableSession>([opened(), joined(1)]).when(stranger).refused(Refusal::NotJoined);
        let left = [opened(), joined(1), left(1)];
        given::<TableSession>(left).when(rotate(Host::Diner(id(1)))).refused(Refusal::DinerLeft);
        given::<TableSession>([opened(), closed()]).when(rotate(Host::Staff)).refused(Refusal::SessionClosed);
    }

    #[test]
    fn a_visit_has_few_sets_of_four_digits_and_then_the_long_code_alone() {
        let last = FOUR_DIGITS_ROTATION_LAST;
        given::<TableSession>([opened(), rotated(last - 1, false)])
            .when(rotate(Host::Staff))
            .then([rotated(last, false)]);
        given::<TableSession>([opened(), rotated(last, true)])
            .when(rotate(Host::Staff))
            .then([rotated(last + 1, true)]);
        given::<TableSession>([opened(), rotated(last, false)])
            .when(rotate(Host::Staff))
            .then([rotated(last + 2, true)]);
    }

    #[test]
    fn whenever_people_ask_for_it_the_long_code_changes_too() {
        let mut session: TableSession = folded([opened()]);
        for n in 0..30 {
            let before = session.visit().unwrap().code.long();
            for event in session.decide(rotate(Host::Staff)).unwrap() {
                session.fold(event);
            }
            assert_ne!(session.visit().unwrap().code.long(), before, "{n}");
        }
    }

    #[test]
    fn codes_do_not_change_for_ever() {
        let often = [opened(), rotated(CODE_ROTATIONS_MAX, true)];
        given::<TableSession>(often).when(rotate(Host::Staff)).refused(Refusal::CodeLocked);
    }
}
