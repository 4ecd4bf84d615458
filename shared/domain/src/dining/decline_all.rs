//! All who wait are told no: strangers have taken the places of those who would like to ask.

use super::{Host, JoinDeclined, SessionEvent, Standing, TableSession};
use crate::refusal::Refusal;
use chrono::{DateTime, Utc};

/// Tell all who wait no.
#[derive(Debug, Clone, PartialEq)]
pub struct DeclineAll {
    /// Who says so.
    pub by: Host,
    /// Fact: the time.
    pub now: DateTime<Utc>,
}

/// As many events as wait, which are few.
pub(super) fn decline_all(session: &TableSession, command: &DeclineAll) -> Result<Vec<SessionEvent>, Refusal> {
    let visit = session.open_visit()?;
    command.by.check(visit)?;
    let waiting = visit.requests.iter().filter(|it| visit.standing(it.diner_id, command.now) == Standing::Waiting);
    let declined = waiting.map(|it| JoinDeclined { session_id: visit.session_id, diner_id: it.diner_id }.into());
    let declined: Vec<_> = declined.collect();
    if declined.is_empty() { Err(Refusal::JoinNotWaiting { state: Standing::Unknown.as_str() }) } else { Ok(declined) }
}

#[cfg(test)]
mod tests {
    use super::DeclineAll;
    use crate::{
        dining::{
            Host, SessionCommand, TableSession,
            examples::{asked, closed, declined, joined, left, minute, opened},
        },
        limits::JOIN_REQUEST_MINUTES,
        refusal::Refusal,
        testing::{given, id},
    };

    fn decline_all(by: Host, at: i64) -> SessionCommand {
        SessionCommand::DeclineAll(DeclineAll { by, now: minute(at) })
    }

    #[test]
    fn whoever_waits_is_told_no_and_nobody_else() {
        let history = || [opened(), joined(1), asked(2, 0), asked(3, 0), declined(3), asked(4, 5)];
        for by in [Host::Staff, Host::Diner(id(1))] {
            given::<TableSession>(history()).when(decline_all(by, 6)).then([declined(2), declined(4)]);
            let late = JOIN_REQUEST_MINUTES;
            given::<TableSession>(history()).when(decline_all(by, late)).then([declined(4)]);
        }
        let nobody = Refusal::JoinNotWaiting { state: "unknown" };
        given::<TableSession>([opened(), joined(1)]).when(decline_all(Host::Staff, 0)).refused(nobody);
    }

    #[test]
    fn only_who_speaks_for_the_table_says_so() {
        let history = [opened(), joined(1), asked(2, 0), left(1)];
        given::<TableSession>(history.clone()).when(decline_all(Host::Diner(id(2)), 1)).refused(Refusal::NotJoined);
        given::<TableSession>(history).when(decline_all(Host::Diner(id(1)), 1)).refused(Refusal::DinerLeft);
        given::<TableSession>([opened(), closed()]).when(decline_all(Host::Staff, 1)).refused(Refusal::SessionClosed);
        given::<TableSession>([]).when(decline_all(Host::Staff, 1)).refused(Refusal::NotFound);
    }
}
