//! Over any history of a table: nobody sits there whom nobody let in, and nobody comes back.

use super::{
    AnswerJoin, CloseSession, CodeGuess, Host, JoinWithCode, LeaveSession, LockCode, RequestJoin, RotateCode,
    SessionCommand, SessionEvent, Standing, TableSession,
    examples::{minute, opened},
};
use crate::{ids::DinerId, limits::JOIN_REQUESTS_WAITING_MAX, testing::id};
use cqrs_es::Aggregate;
use proptest::prelude::*;

/// Few guests, so that most commands cross others.
fn diner() -> impl Strategy<Value = DinerId> {
    (1..6_u128).prop_map(id)
}

fn host() -> impl Strategy<Value = Host> {
    prop_oneof![Just(Host::Staff), diner().prop_map(Host::Diner)]
}

fn commands() -> impl Strategy<Value = Vec<SessionCommand>> {
    let answer = || (diner(), host(), 0..30_i64);
    let guess = prop_oneof![Just(CodeGuess::Right), Just(CodeGuess::Wrong)];
    let command = prop_oneof![
        4 => (diner(), 0..30_i64)
            .prop_map(|(diner_id, at)| SessionCommand::RequestJoin(RequestJoin { diner_id, now: minute(at) })),
        3 => answer().prop_map(|(diner_id, by, at)| {
            SessionCommand::ApproveJoin(AnswerJoin { diner_id, by, now: minute(at) })
        }),
        1 => answer().prop_map(|(diner_id, by, at)| {
            SessionCommand::DeclineJoin(AnswerJoin { diner_id, by, now: minute(at) })
        }),
        2 => (diner(), guess, 0..30_i64).prop_map(|(diner_id, guess, at)| {
            SessionCommand::JoinWithCode(JoinWithCode { diner_id, guess, now: minute(at) })
        }),
        1 => diner().prop_map(|diner_id| SessionCommand::Leave(LeaveSession { diner_id })),
        1 => host().prop_map(|by| SessionCommand::RotateCode(RotateCode { by })),
        1 => (0..3_u32).prop_map(|rotation| SessionCommand::LockCode(LockCode { rotation })),
    ];
    prop::collection::vec(command, 0..60)
}

/// Whether the command may let its guest in, seen from outside.
fn lets_in(session: &TableSession, command: &SessionCommand) -> Option<DinerId> {
    let visit = session.visit()?;
    match command {
        SessionCommand::ApproveJoin(it) => {
            let speaks = match it.by {
                Host::Staff => true,
                Host::Diner(host) => visit.standing(host, it.now) == Standing::Joined,
            };
            speaks.then_some(it.diner_id)
        }
        SessionCommand::JoinWithCode(it) => (it.guess == CodeGuess::Right && !visit.code.locked).then_some(it.diner_id),
        _ => None,
    }
}

proptest! {
    #[test]
    fn nobody_sits_there_whom_nobody_let_in(commands in commands()) {
        let mut session = TableSession::default();
        session.apply(opened());
        for command in commands {
            let allowed = lets_in(&session, &command);
            let before = session.clone();
            for event in session.decide(command).unwrap_or_default() {
                if let SessionEvent::Joined(joined) = &event {
                    prop_assert_eq!(Some(joined.diner_id), allowed);
                    prop_assert!(before.visit().unwrap().request(joined.diner_id).is_some());
                }
                session.apply(event);
            }
        }
    }

    #[test]
    fn who_left_never_sits_there_again_and_the_queue_stays_short(commands in commands()) {
        let mut session = TableSession::default();
        session.apply(opened());
        let mut gone = Vec::new();
        for command in commands {
            for event in session.decide(command).unwrap_or_default() {
                if let SessionEvent::Left(left) = &event {
                    gone.push(left.diner_id);
                }
                session.apply(event);
            }
            let visit = session.visit().unwrap();
            prop_assert!(gone.iter().all(|diner| visit.seated(*diner).is_err()));
            prop_assert!(visit.waiting(minute(0)) <= JOIN_REQUESTS_WAITING_MAX);
        }
    }

    #[test]
    fn after_the_end_nothing_happens(before in commands(), after in commands()) {
        let mut session = TableSession::default();
        session.apply(opened());
        let close = SessionCommand::Close(CloseSession { open_orders: Vec::new() });
        for command in before.into_iter().chain([close]) {
            session.decide(command).unwrap_or_default().into_iter().for_each(|event| session.apply(event));
        }
        for command in after {
            prop_assert!(session.decide(command).is_err());
        }
    }
}
