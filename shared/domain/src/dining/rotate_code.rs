//! Somebody at the table, or staff, asks for new digits: because somebody guessed, or saw the old ones.

use super::{CodeRotated, Host, SessionEvent, TableSession};
use crate::{limits::CODE_ROTATIONS_MAX, refusal::Refusal};

/// Show other digits.
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
    let rotation = visit.code.rotation + 1;
    Ok(vec![CodeRotated { session_id: visit.session_id, rotation, locked: false }.into()])
}

#[cfg(test)]
mod tests {
    use super::RotateCode;
    use crate::{
        dining::{
            Host, SessionCommand, TableSession,
            examples::{closed, joined, left, opened, rotated},
        },
        limits::CODE_ROTATIONS_MAX,
        refusal::Refusal,
        testing::{given, id},
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
    fn digits_do_not_change_for_ever() {
        let often = [opened(), rotated(CODE_ROTATIONS_MAX, false)];
        given::<TableSession>(often).when(rotate(Host::Staff)).refused(Refusal::CodeLocked);
    }
}
