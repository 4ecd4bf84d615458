//! Over any history of a table: nobody sits there whom nobody let in, and nobody comes back.

use super::{
    AnswerJoin, CloseSession, CodeGuess, DeclineAll, Host, JoinWithCode, LeaveSession, LockCode, RequestJoin,
    RotateCode, SessionCommand, SessionEvent, Standing, TableSession,
    examples::{minute, opened},
};
use crate::{
    ids::DinerId,
    limits::{CODE_ROTATIONS_MAX, FOUR_DIGITS_ROTATION_LAST, JOIN_REQUESTS_WAITING_MAX, SESSION_DINERS_MAX},
    testing::id,
};
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
    let guess = prop_oneof![Just(CodeGuess::Digits), Just(CodeGuess::Long), Just(CodeGuess::Wrong)];
    let command = prop_oneof![
        4 => (diner(), 0..30_i64)
            .prop_map(|(diner_id, at)| SessionCommand::RequestJoin(RequestJoin { diner_id, now: minute(at) })),
        3 => answer().prop_map(|(diner_id, by, at)| {
            SessionCommand::ApproveJoin(AnswerJoin { diner_id, by, now: minute(at) })
        }),
        1 => answer().prop_map(|(diner_id, by, at)| {
            SessionCommand::DeclineJoin(AnswerJoin { diner_id, by, now: minute(at) })
        }),
        1 => (host(), 0..30_i64)
            .prop_map(|(by, at)| SessionCommand::DeclineAll(DeclineAll { by, now: minute(at) })),
        2 => (diner(), any::<bool>(), guess, 0..30_i64).prop_map(|(diner_id, scanned, guess, at)| {
            SessionCommand::JoinWithCode(JoinWithCode { diner_id, scanned, guess, now: minute(at) })
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
        SessionCommand::JoinWithCode(it) => match it.guess {
            CodeGuess::Long => Some(it.diner_id),
            CodeGuess::Digits => (!visit.code.locked).then_some(it.diner_id),
            CodeGuess::Wrong => None,
        },
        _ => None,
    }
}

/// What somebody can do who has a photo of the printed code, as many addresses and as much time as they like: ask, and
/// guess at the digits, which the shell answers with a lock after so many. They do not know the long code.
fn strangers() -> impl Strategy<Value = Vec<SessionCommand>> {
    let stranger = || (100..400_u128).prop_map(id);
    let command = prop_oneof![
        6 => (stranger(), 0..300_i64)
            .prop_map(|(diner_id, at)| SessionCommand::RequestJoin(RequestJoin { diner_id, now: minute(at) })),
        3 => (stranger(), any::<bool>(), 0..300_i64).prop_map(|(diner_id, scanned, at)| {
            SessionCommand::JoinWithCode(JoinWithCode { diner_id, scanned, guess: CodeGuess::Wrong, now: minute(at) })
        }),
        1 => (0..12_u32).prop_map(|rotation| SessionCommand::LockCode(LockCode { rotation })),
    ];
    prop::collection::vec(command, 0..400)
}

/// Does all of it; how many came in.
fn play(session: &mut TableSession, commands: Vec<SessionCommand>) -> usize {
    let mut joined = 0;
    for command in commands {
        for event in session.decide(command).unwrap_or_default() {
            joined += usize::from(matches!(event, SessionEvent::Joined(_)));
            session.apply(event);
        }
    }
    joined
}

proptest! {
    /// A guest reads both codes and types them, digits first; strangers are busy before and between. The second code lets
    /// them in at the latest, and people at the table are asked for nothing.
    #[test]
    fn whatever_strangers_do_who_reads_the_codes_of_the_table_is_in_with_the_second(
        before in strangers(), meanwhile in strangers(), rotations in 0..8_usize
    ) {
        let mut session = TableSession::default();
        session.apply(opened());
        let by_people = vec![SessionCommand::RotateCode(RotateCode { by: Host::Staff }); rotations];
        prop_assert_eq!(play(&mut session, by_people) + play(&mut session, before), 0);
        let read = session.visit().unwrap().code;
        prop_assert_eq!(play(&mut session, meanwhile), 0, "no stranger came in");
        let now = session.visit().unwrap().code;
        let digits = if now == read { CodeGuess::Digits } else { CodeGuess::Wrong };
        let long = if now.long() == read.long() { CodeGuess::Long } else { CodeGuess::Wrong };
        let tried = [digits, long].map(|guess| {
            SessionCommand::JoinWithCode(JoinWithCode { diner_id: id(1), scanned: true, guess, now: minute(300) })
        });
        prop_assert_eq!(play(&mut session, tried.to_vec()), 1);
        prop_assert_eq!(session.visit().unwrap().seated(id(1)), Ok(()));
    }

    /// So 10 guesses for each set are 50 for a visit, and one chance in 200, whatever people and strangers do.
    #[test]
    fn a_visit_has_at_most_five_sets_of_four_digits(commands in prop::collection::vec(any::<bool>(), 0..80)) {
        let mut session = TableSession::default();
        session.apply(opened());
        let mut sets = std::collections::BTreeSet::new();
        for by_people in commands {
            let code = session.visit().unwrap().code;
            if !code.locked {
                sets.insert(code.rotation);
            }
            let next = if by_people {
                SessionCommand::RotateCode(RotateCode { by: Host::Staff })
            } else {
                SessionCommand::LockCode(LockCode { rotation: code.rotation })
            };
            play(&mut session, vec![next]);
            prop_assert!(session.visit().unwrap().code.rotation <= CODE_ROTATIONS_MAX + 1);
        }
        prop_assert!(sets.len() <= FOUR_DIGITS_ROTATION_LAST as usize + 1, "{:?}", sets);
    }

    #[test]
    fn nobody_sits_there_whom_nobody_let_in(commands in commands()) {
        let mut session = TableSession::default();
        session.apply(opened());
        for command in commands {
            let allowed = lets_in(&session, &command);
            let before = session.clone();
            for event in session.decide(command.clone()).unwrap_or_default() {
                if let SessionEvent::Joined(joined) = &event {
                    prop_assert_eq!(Some(joined.diner_id), allowed);
                    let scanned = matches!(&command, SessionCommand::JoinWithCode(it) if it.scanned);
                    prop_assert!(scanned || before.visit().unwrap().request(joined.diner_id).is_some());
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
            prop_assert!(visit.diners.len() <= SESSION_DINERS_MAX);
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
