//! Somebody who asked to join is told no.

use super::{AnswerJoin, JoinDeclined, SessionEvent, TableSession, approve_join::check_waiting};
use crate::refusal::Refusal;

pub(super) fn decline_join(session: &TableSession, command: &AnswerJoin) -> Result<Vec<SessionEvent>, Refusal> {
    let visit = session.open_visit()?;
    check_waiting(visit, command)?;
    Ok(vec![JoinDeclined { session_id: visit.session_id, diner_id: command.diner_id }.into()])
}

#[cfg(test)]
mod tests {
    use crate::{
        dining::{
            AnswerJoin, Host, SessionCommand, Standing, TableSession,
            examples::{asked, closed, declined, joined, minute, opened},
        },
        refusal::Refusal,
        testing::{folded, given, id},
    };

    fn decline(n: u128, by: Host) -> SessionCommand {
        SessionCommand::DeclineJoin(AnswerJoin { diner_id: id(n), by, now: minute(1) })
    }

    #[test]
    fn staff_and_those_at_the_table_say_no() {
        given::<TableSession>([opened(), asked(1, 0)]).when(decline(1, Host::Staff)).then([declined(1)]);
        let history = [opened(), asked(1, 0), joined(1), asked(2, 0)];
        given::<TableSession>(history).when(decline(2, Host::Diner(id(1)))).then([declined(2)]);
    }

    #[test]
    fn who_was_told_no_knows_it() {
        let session: TableSession = folded([opened(), asked(1, 0), declined(1)]);
        assert_eq!(session.visit().unwrap().standing(id(1), minute(60)), Standing::Declined);
    }

    #[test]
    fn strangers_say_nothing_and_nobody_is_told_twice() {
        let history = || [opened(), asked(1, 0), asked(2, 0)];
        given::<TableSession>(history()).when(decline(2, Host::Diner(id(1)))).refused(Refusal::NotJoined);
        let twice = history().into_iter().chain([declined(1)]);
        given::<TableSession>(twice)
            .when(decline(1, Host::Staff))
            .refused(Refusal::JoinNotWaiting { state: "declined" });
        given::<TableSession>(history()).when(decline(3, Host::Staff)).refused(Refusal::NotFound);
        let closed = history().into_iter().chain([closed()]);
        given::<TableSession>(closed).when(decline(1, Host::Staff)).refused(Refusal::SessionClosed);
    }
}
