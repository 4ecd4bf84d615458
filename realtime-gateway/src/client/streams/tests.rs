use super::*;
use crate::frames::ScopeHead;
use domain::scope::Scope;
use uuid::Uuid;

/// How often its client acknowledges.
const RHYTHM: Duration = Duration::from_millis(1_500);
const AT: Cursor = Cursor { epoch: 1, position: 5 };

fn name(number: u128) -> StreamName {
    StreamName { restaurant: Uuid::from_u128(number).into(), scope: Scope::Floor }
}

/// As many streams as a connection may have, all live at the same place.
fn live() -> Streams {
    let mut streams = Streams::new((0..64).map(|number| (name(number), Some(AT))).collect(), RHYTHM);
    for number in 0..64 {
        let StreamName { restaurant, scope } = name(number);
        streams.take(ServerFrame::Live(crate::frames::Live { restaurant, scope, epoch: 1, position: 5 }));
    }
    streams
}

#[test]
fn a_heartbeat_that_shows_many_holes_makes_one_message_at_a_time() {
    let mut streams = live();
    let head = |number| ScopeHead { restaurant: name(number).restaurant, scope: Scope::Floor, epoch: 1, position: 9 };
    streams.take(ServerFrame::Heartbeat(Heartbeat {
        n: 1,
        now: "2026-01-01T00:00:00.000000Z".to_owned(),
        heads: (0..64).map(head).collect(),
    }));
    for number in 0..64 {
        let Some(ClientFrame::Resume(resume)) = streams.most_due(Instant::now()) else { panic!("a hole is asked for") };
        assert_eq!((resume.restaurant, resume.after), (name(number).restaurant, Some(AT)));
    }
    assert!(!matches!(streams.most_due(Instant::now()), Some(ClientFrame::Resume(_))), "each is asked for once");
}

#[test]
fn what_a_new_connection_says_in_hello_is_not_asked_for_again() {
    let mut streams = live();
    let StreamName { restaurant, scope } = name(0);
    let head = ScopeHead { restaurant, scope, epoch: 1, position: 9 };
    let now = "2026-01-01T00:00:00.000000Z".to_owned();
    streams.take(ServerFrame::Heartbeat(Heartbeat { n: 1, now, heads: vec![head] }));
    streams.requests();
    assert!(!matches!(streams.most_due(Instant::now()), Some(ClientFrame::Resume(_))));
}

#[test]
fn a_live_stream_is_acknowledged_in_the_rhythm_of_its_client_and_only_when_there_is_something_new() {
    let (mut streams, start) = (live(), Instant::now());
    let mut acknowledged = 0;
    while let Some(ClientFrame::Ack(ack)) = streams.most_due(start) {
        assert_eq!(ack.position, 5);
        acknowledged += 1;
    }
    assert_eq!(acknowledged, 64);
    let StreamName { restaurant, scope } = name(7);
    let event = |position, prev| {
        let skip = crate::frames::Skip { restaurant, scope: scope.clone(), position, prev };
        ServerFrame::Skip(skip)
    };
    streams.take(event(9, 5));
    assert!(streams.most_due(start + RHYTHM - Duration::from_millis(1)).is_none(), "not yet");
    let due = streams.most_due(start + RHYTHM);
    assert!(matches!(due, Some(ClientFrame::Ack(ack)) if ack.position == 9 && ack.restaurant == restaurant));
    assert!(streams.most_due(start + 2 * RHYTHM).is_none(), "nothing is new");
}
