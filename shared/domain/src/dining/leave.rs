//! A guest leaves the others: from now on a stranger, whatever token they hold.

use super::{DinerLeft, SessionEvent, TableSession};
use crate::{ids::DinerId, refusal::Refusal};

/// Leave a session.
#[derive(Debug, Clone, PartialEq)]
pub struct LeaveSession {
    /// Who leaves.
    pub diner_id: DinerId,
}

/// What they ordered stays with the table.
pub(super) fn leave(session: &TableSession, command: &LeaveSession) -> Result<Vec<SessionEvent>, Refusal> {
    let visit = session.open_visit()?;
    visit.seated(command.diner_id)?;
    Ok(vec![DinerLeft { session_id: visit.session_id, diner_id: command.diner_id }.into()])
}

#[cfg(test)]
mod tests {
    use super::LeaveSession;
    use crate::{
        dining::{
            SessionCommand, TableSession,
            examples::{asked, closed, joined, left, opened},
        },
        refusal::Refusal,
        testing::{folded, given, id, survives_a_snapshot},
    };

    fn leave(n: u128) -> SessionCommand {
        SessionCommand::Leave(LeaveSession { diner_id: id(n) })
    }

    #[test]
    fn who_leaves_is_a_stranger_and_keeps_their_number() {
        given::<TableSession>([opened(), joined(1)]).when(leave(1)).then([left(1)]);
        let session: TableSession = folded([opened(), joined(1), left(1)]);
        assert_eq!(session.facts().unwrap().seated(id(1)), Err(Refusal::DinerLeft));
        assert_eq!(session.diner_number(id(1)), Some(1));
        survives_a_snapshot(&session);
    }

    #[test]
    fn the_number_of_who_left_is_given_to_nobody_else() {
        let join = SessionCommand::Join(crate::dining::JoinSession { diner_id: id(2) });
        given::<TableSession>([opened(), joined(1), left(1)]).when(join).then([joined(2)]);
    }

    #[test]
    fn nobody_leaves_who_is_not_there() {
        given::<TableSession>([opened(), asked(1, 0)]).when(leave(1)).refused(Refusal::NotJoined);
        given::<TableSession>([opened(), joined(1), left(1)]).when(leave(1)).refused(Refusal::DinerLeft);
        given::<TableSession>([opened(), joined(1), closed()]).when(leave(1)).refused(Refusal::SessionClosed);
        given::<TableSession>([]).when(leave(1)).refused(Refusal::NotFound);
    }
}
