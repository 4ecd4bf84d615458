//! The guests have left.

use super::{SessionClosed, SessionEvent, TableSession};
use crate::{ids::OrderId, refusal::Refusal};

/// Close a session.
#[derive(Debug, Clone, PartialEq)]
pub struct CloseSession {
    /// Fact: the orders of the session that have not ended.
    pub open_orders: Vec<OrderId>,
}

pub(super) fn close(session: &TableSession, command: CloseSession) -> Result<Vec<SessionEvent>, Refusal> {
    let visit = session.visit().ok_or(Refusal::NotFound)?;
    if !session.is_open() {
        return Err(Refusal::SessionClosed);
    }
    if !command.open_orders.is_empty() {
        return Err(Refusal::OrdersOpen(command.open_orders));
    }
    Ok(vec![SessionClosed { session_id: visit.session_id, table_id: visit.table_id }.into()])
}

#[cfg(test)]
mod tests {
    use super::CloseSession;
    use crate::{
        dining::{
            SessionCommand, TableSession,
            examples::{closed, joined, opened},
        },
        ids::OrderId,
        refusal::Refusal,
        testing::{folded, given, id, survives_a_snapshot},
    };

    fn close(open_orders: Vec<OrderId>) -> SessionCommand {
        SessionCommand::Close(CloseSession { open_orders })
    }

    #[test]
    fn a_session_without_open_orders_can_be_closed() {
        given::<TableSession>([opened(), joined(1)]).when(close(vec![])).then([closed()]);
    }

    #[test]
    fn a_session_with_open_orders_stays_open_and_names_them() {
        let orders = vec![id(3), id(4)];
        given::<TableSession>([opened()]).when(close(orders.clone())).refused(Refusal::OrdersOpen(orders));
    }

    #[test]
    fn a_session_is_closed_once() {
        given::<TableSession>([opened(), closed()]).when(close(vec![])).refused(Refusal::SessionClosed);
    }

    #[test]
    fn a_session_that_nobody_opened_is_not_found() {
        given::<TableSession>([]).when(close(vec![])).refused(Refusal::NotFound);
    }

    #[test]
    fn a_closed_session_still_knows_who_was_there() {
        let session: TableSession = folded([opened(), joined(1), closed()]);
        assert!(!session.is_open());
        assert_eq!(session.diner_number(id(1)), Some(1));
    }

    #[test]
    fn a_session_survives_a_snapshot_and_grows_with_its_diners() {
        let session: TableSession = folded([opened(), joined(1), joined(2)]);
        survives_a_snapshot(&session);
        survives_a_snapshot(&folded::<TableSession>([opened(), closed()]));
        assert!(session.size_estimate() > TableSession::default().size_estimate() + 2 * size_of::<uuid::Uuid>());
    }
}
