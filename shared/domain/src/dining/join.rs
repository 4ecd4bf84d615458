//! A guest joins with a token that was signed for the session: whoever signs tokens answers for it.

use super::{Diner, SessionEvent, SessionJoined, TableSession};
use crate::{ids::DinerId, refusal::Refusal};

/// Join a session.
#[derive(Debug, Clone, PartialEq)]
pub struct JoinSession {
    /// Who joins: the `sub` of their token.
    pub diner_id: DinerId,
}

pub(super) fn join(session: &TableSession, command: &JoinSession) -> Result<Vec<SessionEvent>, Refusal> {
    let visit = session.open_visit()?;
    match visit.diner(command.diner_id) {
        Some(Diner { left: false, .. }) => return Err(Refusal::AlreadyJoined),
        Some(Diner { left: true, .. }) => return Err(Refusal::DinerLeft),
        None => {}
    }
    let number = visit.next_number().ok_or(Refusal::SessionFull)?;
    Ok(vec![SessionJoined { session_id: visit.session_id, diner_id: command.diner_id, number }.into()])
}

#[cfg(test)]
mod tests {
    use super::JoinSession;
    use crate::{
        dining::{
            SessionCommand, TableSession,
            examples::{closed, joined, left, opened},
        },
        limits::SESSION_DINERS_MAX,
        refusal::Refusal,
        testing::{folded, given, id},
    };

    fn join(n: u128) -> SessionCommand {
        SessionCommand::Join(JoinSession { diner_id: id(n) })
    }

    /// An open session with this many diners.
    fn table_of(diners: usize) -> impl Iterator<Item = crate::dining::SessionEvent> {
        std::iter::once(opened()).chain((1..=diners).map(|n| joined(u8::try_from(n).unwrap())))
    }

    #[test]
    fn diners_are_numbered_in_the_order_in_which_they_join() {
        given::<TableSession>([opened()]).when(join(1)).then([joined(1)]);
        given::<TableSession>([opened(), joined(1)]).when(join(2)).then([joined(2)]);
    }

    #[test]
    fn nobody_joins_twice() {
        given::<TableSession>([opened(), joined(1)]).when(join(1)).refused(Refusal::AlreadyJoined);
    }

    #[test]
    fn who_left_does_not_come_back_with_their_old_token() {
        given::<TableSession>([opened(), joined(1), left(1)]).when(join(1)).refused(Refusal::DinerLeft);
    }

    #[test]
    fn nobody_joins_a_session_that_is_over() {
        given::<TableSession>([opened(), closed()]).when(join(1)).refused(Refusal::SessionClosed);
    }

    #[test]
    fn who_joined_before_is_told_that_the_session_is_over_first() {
        given::<TableSession>([opened(), joined(1), closed()]).when(join(1)).refused(Refusal::SessionClosed);
    }

    #[test]
    fn a_session_holds_fifty_diners() {
        given::<TableSession>(table_of(SESSION_DINERS_MAX - 1)).when(join(50)).then([joined(50)]);
        given::<TableSession>(table_of(SESSION_DINERS_MAX)).when(join(51)).refused(Refusal::SessionFull);
    }

    #[test]
    fn who_joined_a_full_session_is_told_so() {
        given::<TableSession>(table_of(SESSION_DINERS_MAX)).when(join(50)).refused(Refusal::AlreadyJoined);
    }

    #[test]
    fn a_session_that_nobody_opened_is_not_found() {
        given::<TableSession>([]).when(join(1)).refused(Refusal::NotFound);
    }

    #[test]
    fn the_number_of_a_diner_can_be_looked_up() {
        let session: TableSession = folded(table_of(3));
        assert_eq!(session.diner_number(id(3)), Some(3));
        assert_eq!(session.diner_number(id(4)), None);
        assert!(session.facts().is_some_and(|facts| facts.seated(id(2)).is_ok()));
    }
}
