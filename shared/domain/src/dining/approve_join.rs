//! Somebody who asked to join is let in, by staff or by somebody at the table.

use super::{Host, SessionEvent, SessionJoined, Standing, TableSession, Visit};
use crate::{ids::DinerId, refusal::Refusal};
use chrono::{DateTime, Utc};

/// Answer a request to join.
#[derive(Debug, Clone, PartialEq)]
pub struct AnswerJoin {
    /// Who asked.
    pub diner_id: DinerId,
    /// Who answers.
    pub by: Host,
    /// Fact: the time.
    pub now: DateTime<Utc>,
}

/// The event says who joined, its actor who let them in.
pub(super) fn approve_join(session: &TableSession, command: &AnswerJoin) -> Result<Vec<SessionEvent>, Refusal> {
    let visit = session.open_visit()?;
    check_waiting(visit, command)?;
    let number = visit.next_number().ok_or(Refusal::SessionFull)?;
    Ok(vec![SessionJoined { session_id: visit.session_id, diner_id: command.diner_id, number }.into()])
}

/// Whether the one who answers may, and whether somebody waits for it.
pub(super) fn check_waiting(visit: &Visit, command: &AnswerJoin) -> Result<(), Refusal> {
    command.by.check(visit)?;
    match visit.standing(command.diner_id, command.now) {
        Standing::Waiting => Ok(()),
        Standing::Unknown => Err(Refusal::NotFound),
        answered => Err(Refusal::JoinNotWaiting { state: answered.as_str() }),
    }
}

#[cfg(test)]
mod tests {
    use super::AnswerJoin;
    use crate::{
        dining::{
            Host, SessionCommand, TableSession,
            examples::{asked, closed, declined, joined, left, minute, opened},
        },
        limits::{JOIN_REQUEST_MINUTES, SESSION_DINERS_MAX},
        refusal::Refusal,
        testing::{folded, given, id},
    };

    fn approve(n: u128, by: Host, at: i64) -> SessionCommand {
        SessionCommand::ApproveJoin(AnswerJoin { diner_id: id(n), by, now: minute(at) })
    }

    #[test]
    fn staff_let_somebody_in() {
        given::<TableSession>([opened(), asked(1, 0)]).when(approve(1, Host::Staff, 1)).then([joined(1)]);
        let session: TableSession = folded([opened(), asked(1, 0), joined(1)]);
        assert_eq!(session.visit().unwrap().seated(id(1)), Ok(()));
        assert_eq!(session.visit().unwrap().requests, []);
    }

    #[test]
    fn so_does_whoever_sits_at_the_table() {
        let history = [opened(), asked(1, 0), joined(1), asked(2, 0)];
        given::<TableSession>(history).when(approve(2, Host::Diner(id(1)), 1)).then([joined(2)]);
    }

    #[test]
    fn nobody_lets_themselves_in() {
        let itself = approve(1, Host::Diner(id(1)), 1);
        given::<TableSession>([opened(), asked(1, 0)]).when(itself).refused(Refusal::NotJoined);
    }

    #[test]
    fn who_has_left_lets_nobody_in() {
        let history = [opened(), asked(1, 0), joined(1), asked(2, 0), left(1)];
        given::<TableSession>(history).when(approve(2, Host::Diner(id(1)), 1)).refused(Refusal::DinerLeft);
    }

    #[test]
    fn an_answer_comes_once_and_in_time() {
        let refused = |after: Vec<_>, at, state| {
            let history = [opened(), asked(1, 0)].into_iter().chain(after);
            let refusal = Refusal::JoinNotWaiting { state };
            given::<TableSession>(history).when(approve(1, Host::Staff, at)).refused(refusal);
        };
        refused(vec![], JOIN_REQUEST_MINUTES, "expired");
        refused(vec![declined(1)], 1, "declined");
        refused(vec![joined(1)], 1, "joined");
        refused(vec![joined(1), left(1)], 1, "left");
    }

    #[test]
    fn who_never_asked_is_not_found() {
        given::<TableSession>([opened()]).when(approve(1, Host::Staff, 1)).refused(Refusal::NotFound);
        given::<TableSession>([]).when(approve(1, Host::Staff, 1)).refused(Refusal::NotFound);
    }

    #[test]
    fn nobody_is_let_in_after_the_end_or_at_a_full_table() {
        let history = [opened(), asked(1, 0), closed()];
        given::<TableSession>(history).when(approve(1, Host::Staff, 1)).refused(Refusal::SessionClosed);
        let diners = (1..=SESSION_DINERS_MAX).map(|n| joined(n.try_into().unwrap()));
        let full = [opened(), asked(99, 0)].into_iter().chain(diners);
        given::<TableSession>(full).when(approve(99, Host::Staff, 1)).refused(Refusal::SessionFull);
    }
}
