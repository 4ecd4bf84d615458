//! Somebody who scanned the printed code of the table asks to join.

use super::{JoinRequested, SessionEvent, Standing, TableSession};
use crate::{
    ids::DinerId,
    limits::{JOIN_REQUEST_MINUTES, JOIN_REQUESTS_WAITING_MAX},
    ordering::four_characters,
    refusal::Refusal,
};
use chrono::{DateTime, TimeDelta, Utc};

/// Ask to join a session.
#[derive(Debug, Clone, PartialEq)]
pub struct RequestJoin {
    /// Who they will be, if they are let in.
    pub diner_id: DinerId,
    /// Fact: the time.
    pub now: DateTime<Utc>,
}

/// The bound is for those who ask for fun with a photo of the code: who is at the table needs no request, they can
/// read what it shows and come in with that.
pub(super) fn request_join(session: &TableSession, command: &RequestJoin) -> Result<Vec<SessionEvent>, Refusal> {
    let visit = session.open_visit()?;
    if visit.standing(command.diner_id, command.now) != Standing::Unknown {
        return Err(Refusal::AlreadyDone(visit.session_id.into()));
    }
    visit.next_number().ok_or(Refusal::SessionFull)?;
    if visit.waiting(command.now) >= JOIN_REQUESTS_WAITING_MAX {
        return Err(Refusal::JoinRequestsFull);
    }
    let requested = JoinRequested {
        session_id: visit.session_id,
        diner_id: command.diner_id,
        table_label: visit.table_label.clone(),
        mark: four_characters(command.diner_id.0),
        expires_at: command.now + TimeDelta::minutes(JOIN_REQUEST_MINUTES),
    };
    Ok(vec![requested.into()])
}

#[cfg(test)]
mod tests {
    use super::RequestJoin;
    use crate::{
        dining::{
            SessionCommand, Standing, TableSession,
            examples::{asked, closed, declined, joined, left, minute, opened},
        },
        limits::{JOIN_REQUEST_MINUTES, JOIN_REQUESTS_KEPT_MAX, JOIN_REQUESTS_WAITING_MAX, SESSION_DINERS_MAX},
        refusal::Refusal,
        testing::{folded, given, id},
    };

    /// Diner `n` asks in this minute.
    fn ask(n: u128, at: i64) -> SessionCommand {
        SessionCommand::RequestJoin(RequestJoin { diner_id: id(n), now: minute(at) })
    }

    #[test]
    fn somebody_asks_and_waits_and_is_no_diner() {
        given::<TableSession>([opened()]).when(ask(1, 0)).then([asked(1, 0)]);
        let session: TableSession = folded([opened(), asked(1, 0)]);
        let visit = session.visit().unwrap();
        assert_eq!(visit.standing(id(1), minute(9)), Standing::Waiting);
        assert_eq!(visit.standing(id(1), minute(JOIN_REQUEST_MINUTES)), Standing::Expired);
        assert_eq!(visit.seated(id(1)), Err(Refusal::NotJoined));
    }

    #[test]
    fn nobody_asks_at_a_table_that_is_left() {
        given::<TableSession>([opened(), closed()]).when(ask(1, 0)).refused(Refusal::SessionClosed);
        given::<TableSession>([]).when(ask(1, 0)).refused(Refusal::NotFound);
    }

    #[test]
    fn who_has_asked_before_does_not_ask_again_whatever_became_of_it() {
        let done = || Refusal::AlreadyDone(crate::ids::SessionId(uuid::Uuid::from_u128(1)).into());
        let histories = [vec![], vec![declined(1)], vec![joined(1)], vec![joined(1), left(1)]];
        for after in histories {
            given::<TableSession>([opened(), asked(1, 0)].into_iter().chain(after)).when(ask(1, 1)).refused(done());
        }
    }

    #[test]
    fn ten_wait_at_a_time_and_who_waited_too_long_or_was_declined_is_not_counted() {
        let waiting = || (1..=JOIN_REQUESTS_WAITING_MAX).map(|n| asked(n.try_into().unwrap(), 0));
        let table = || std::iter::once(opened()).chain(waiting());
        given::<TableSession>(table()).when(ask(99, 1)).refused(Refusal::JoinRequestsFull);
        given::<TableSession>(table().chain([declined(3)])).when(ask(99, 1)).then([asked(99, 1)]);
        given::<TableSession>(table()).when(ask(99, JOIN_REQUEST_MINUTES)).then([asked(99, JOIN_REQUEST_MINUTES)]);
    }

    #[test]
    fn however_many_were_told_no_somebody_may_ask_and_the_session_stays_small() {
        let asked_and_declined =
            (2..=2 * u16::try_from(JOIN_REQUESTS_KEPT_MAX).unwrap()).flat_map(|n| [asked(n, 0), declined(n)]);
        let table: Vec<_> = [opened(), asked(1, 0)].into_iter().chain(asked_and_declined).collect();
        let session: TableSession = folded(table.clone());
        let visit = session.visit().unwrap();
        assert_eq!(visit.requests.len(), JOIN_REQUESTS_KEPT_MAX);
        assert_eq!(visit.standing(id(1), minute(1)), Standing::Waiting, "who waits is not forgotten");
        assert_eq!(visit.standing(id(400), minute(1)), Standing::Declined);
        given::<TableSession>(table).when(ask(999, 1)).then([asked(999, 1)]);
    }

    #[test]
    fn nobody_asks_at_a_full_table() {
        let diners = (1..=SESSION_DINERS_MAX).map(|n| joined(n.try_into().unwrap()));
        given::<TableSession>(std::iter::once(opened()).chain(diners)).when(ask(99, 0)).refused(Refusal::SessionFull);
    }
}
