//! Somebody reads the code that the table shows, and comes in, whether they asked before or not.

use super::{SessionEvent, SessionJoined, Standing, TableSession, Visit};
use crate::{ids::DinerId, refusal::Refusal};
use chrono::{DateTime, Utc};

/// Join with a code of the table.
#[derive(Debug, Clone, PartialEq)]
pub struct JoinWithCode {
    /// Who asked to join, or does so now.
    pub diner_id: DinerId,
    /// Fact: they hold the printed code that counts. So they need not have asked: what strangers who ask have used up
    /// does not touch them.
    pub scanned: bool,
    /// Fact: whether what they typed is what the session as it stands shows.
    pub guess: CodeGuess,
    /// Fact: the time.
    pub now: DateTime<Utc>,
}

/// What somebody knows. Who compares the four digits counts how often they were wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeGuess {
    /// The four digits.
    Digits,
    /// The long code.
    Long,
    /// Neither.
    Wrong,
}

pub(super) fn join_with_code(session: &TableSession, command: &JoinWithCode) -> Result<Vec<SessionEvent>, Refusal> {
    let visit = session.open_visit()?;
    check_standing(visit, command)?;
    match command.guess {
        CodeGuess::Wrong => return Err(Refusal::WrongCode),
        CodeGuess::Digits if visit.code.locked => return Err(Refusal::CodeLocked),
        CodeGuess::Digits | CodeGuess::Long => {}
    }
    let number = visit.next_number().ok_or(Refusal::SessionFull)?;
    Ok(vec![SessionJoined { session_id: visit.session_id, diner_id: command.diner_id, number }.into()])
}

fn check_standing(visit: &Visit, command: &JoinWithCode) -> Result<(), Refusal> {
    match visit.standing(command.diner_id, command.now) {
        Standing::Waiting => Ok(()),
        Standing::Unknown if command.scanned => Ok(()),
        Standing::Unknown => Err(Refusal::NotFound),
        Standing::Joined => Err(Refusal::AlreadyJoined),
        Standing::Left => Err(Refusal::DinerLeft),
        answered @ (Standing::Expired | Standing::Declined) => {
            Err(Refusal::JoinNotWaiting { state: answered.as_str() })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{CodeGuess, JoinWithCode};
    use crate::{
        dining::{
            SessionCommand, TableSession,
            examples::{asked, closed, declined, joined, left, minute, opened, rotated},
        },
        limits::{JOIN_REQUEST_MINUTES, JOIN_REQUESTS_WAITING_MAX, SESSION_DINERS_MAX},
        refusal::Refusal,
        testing::{given, id},
    };

    fn join(n: u128, guess: CodeGuess, at: i64) -> SessionCommand {
        SessionCommand::JoinWithCode(JoinWithCode { diner_id: id(n), scanned: false, guess, now: minute(at) })
    }

    fn scan(n: u128, guess: CodeGuess, at: i64) -> SessionCommand {
        SessionCommand::JoinWithCode(JoinWithCode { diner_id: id(n), scanned: true, guess, now: minute(at) })
    }

    #[test]
    fn who_knows_a_code_comes_in() {
        for guess in [CodeGuess::Digits, CodeGuess::Long] {
            given::<TableSession>([opened(), asked(1, 0)]).when(join(1, guess, 1)).then([joined(1)]);
            given::<TableSession>([opened()]).when(scan(1, guess, 1)).then([joined(1)]);
        }
    }

    #[test]
    fn strangers_who_wait_take_no_place_from_who_knows_a_code() {
        let waiting = (2..2 + JOIN_REQUESTS_WAITING_MAX).map(|n| asked(n.try_into().unwrap(), 0));
        let full: Vec<_> = std::iter::once(opened()).chain(waiting).collect();
        given::<TableSession>(full.clone()).when(scan(1, CodeGuess::Digits, 1)).then([joined(1)]);
        let locked = full.into_iter().chain([rotated(1, true)]);
        given::<TableSession>(locked).when(scan(1, CodeGuess::Long, 1)).then([joined(1)]);
    }

    #[test]
    fn who_does_not_stays_outside() {
        let history = [opened(), asked(1, 0)];
        given::<TableSession>(history).when(join(1, CodeGuess::Wrong, 1)).refused(Refusal::WrongCode);
        given::<TableSession>([opened()]).when(scan(1, CodeGuess::Wrong, 1)).refused(Refusal::WrongCode);
    }

    #[test]
    fn after_too_many_guesses_even_the_right_digits_let_nobody_in_but_the_long_code_does() {
        let history = || [opened(), asked(1, 0), rotated(1, true)];
        given::<TableSession>(history()).when(join(1, CodeGuess::Digits, 1)).refused(Refusal::CodeLocked);
        given::<TableSession>(history()).when(join(1, CodeGuess::Wrong, 1)).refused(Refusal::WrongCode);
        given::<TableSession>(history()).when(join(1, CodeGuess::Long, 1)).then([joined(1)]);
        let asked_for_new_ones = history().into_iter().chain([rotated(2, false)]);
        given::<TableSession>(asked_for_new_ones).when(join(1, CodeGuess::Digits, 1)).then([joined(1)]);
    }

    #[test]
    fn the_digits_do_not_help_who_may_not_ask() {
        let refused = |after: Vec<_>, at, refusal| {
            let history = [opened(), asked(1, 0)].into_iter().chain(after);
            given::<TableSession>(history).when(join(1, CodeGuess::Digits, at)).refused(refusal);
        };
        refused(vec![declined(1)], 1, Refusal::JoinNotWaiting { state: "declined" });
        refused(vec![], JOIN_REQUEST_MINUTES, Refusal::JoinNotWaiting { state: "expired" });
        refused(vec![joined(1)], 1, Refusal::AlreadyJoined);
        refused(vec![joined(1), left(1)], 1, Refusal::DinerLeft);
        refused(vec![closed()], 1, Refusal::SessionClosed);
        given::<TableSession>([opened()]).when(join(1, CodeGuess::Digits, 1)).refused(Refusal::NotFound);
    }

    #[test]
    fn a_full_table_stays_full() {
        let diners = (1..=SESSION_DINERS_MAX).map(|n| joined(n.try_into().unwrap()));
        let full = [opened(), asked(99, 0)].into_iter().chain(diners);
        given::<TableSession>(full).when(join(99, CodeGuess::Digits, 1)).refused(Refusal::SessionFull);
    }
}
