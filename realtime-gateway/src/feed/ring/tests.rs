use super::*;
use crate::{feed::Read, testing};

const LIMITS: RingLimits = RingLimits { events: 10, bytes: 1024 * 1024 };

fn ring(limits: RingLimits) -> Arc<Ring> {
    Arc::new(Ring::new(testing::feed_id(), Cursor { epoch: 1, position: 0 }, limits))
}

fn grill() -> ScopeFilter {
    testing::filters().remove(0)
}

fn positions(subscription: &Subscription, after: u64) -> Option<Vec<u64>> {
    match subscription.log.read(Cursor { epoch: 1, position: after }, 1_000, usize::MAX) {
        Read::Frames { frames, drained: true } => Some(frames.iter().map(|frame| frame.position).collect()),
        _ => None,
    }
}

#[test]
fn a_silent_scope_is_never_behind() {
    let ring = ring(LIMITS);
    let subscription = ring.join(&grill(), &Arc::default(), 0).unwrap();
    ring.push(&testing::line_fired(1, "grill", 0, 0));
    for position in 2..=100 {
        ring.push(&testing::line_fired(position, "bar", 0, 0));
    }
    assert_eq!(positions(&subscription, 0), None, "event 1 has left the ring");
    assert_eq!(positions(&subscription, 1), Some(vec![]));
    ring.push(&testing::line_fired(101, "grill", 0, 0));
    assert_eq!(positions(&subscription, 1), Some(vec![101]));
}

#[test]
fn who_comes_late_finds_what_the_ring_still_holds() {
    let ring = ring(LIMITS);
    for position in 1..=20 {
        ring.push(&testing::line_fired(position, if position % 2 == 0 { "grill" } else { "bar" }, 0, 0));
    }
    let subscription = ring.join(&grill(), &Arc::default(), 0).unwrap();
    assert_eq!(subscription.log.complete_from(), 10);
    assert_eq!(positions(&subscription, 15), Some(vec![16, 18, 20]));
    assert_eq!(positions(&subscription, 9), None);
}

#[test]
fn bytes_are_bounded_too() {
    let ring = ring(RingLimits { events: 1_000, bytes: 2_000 });
    for position in 1..=50 {
        ring.push(&testing::line_fired(position, "grill", 0, 0));
    }
    assert!(ring.lock().bytes <= 2_000);
    assert!(!ring.lock().entries.is_empty());
}

#[test]
fn all_connections_of_a_scope_share_the_bytes_of_a_frame() {
    let ring = ring(LIMITS);
    let first = ring.join(&grill(), &Arc::default(), 0).unwrap();
    let second = ring.join(&grill(), &Arc::default(), 0).unwrap();
    ring.push(&testing::line_fired(1, "grill", 0, 0));
    let text = |subscription: &Subscription| match subscription.log.read(Cursor { epoch: 1, position: 0 }, 1, 1) {
        Read::Frames { frames, .. } => frames[0].text.as_str().as_ptr(),
        other => panic!("{other:?}"),
    };
    assert_eq!(text(&first), text(&second));
}

#[test]
fn only_streams_that_see_an_event_are_woken() {
    let ring = ring(LIMITS);
    let (grill_signal, bar_signal) = (Arc::<Signal>::default(), Arc::<Signal>::default());
    let _grill = ring.join(&grill(), &grill_signal, 5).unwrap();
    let _bar = ring.join(&testing::filters()[1], &bar_signal, 6).unwrap();
    ring.push(&testing::line_fired(1, "grill", 0, 0));
    let woken = |signal: &Signal| futures::FutureExt::now_or_never(signal.wait()).and_then(|dirty| dirty.first());
    assert_eq!(woken(&grill_signal), Some(5));
    assert_eq!(woken(&bar_signal), None);
}

#[test]
fn the_last_one_to_leave_frees_the_scope_and_then_the_ring() {
    let ring = ring(LIMITS);
    let (first, second) = (ring.join(&grill(), &Arc::default(), 0), ring.join(&grill(), &Arc::default(), 0));
    drop(first);
    assert_eq!(ring.lock().logs.len(), 1);
    let _under_way = ring.add(&testing::line_fired(1, "grill", 0, 0));
    assert!(!ring.retire_if_idle(Duration::ZERO));
    drop(second);
    assert_eq!(ring.lock().logs.len(), 0);
    assert!(ring.retire_if_idle(Duration::ZERO));
    assert_eq!(ring.join(&grill(), &Arc::default(), 0).unwrap_err(), JoinError::Retired);
}

#[test]
fn a_renumbered_feed_is_told_to_all() {
    let ring = ring(LIMITS);
    let signal = Arc::<Signal>::default();
    let subscription = ring.join(&grill(), &signal, 0).unwrap();
    ring.push(&testing::line_fired(1, "grill", 0, 0));
    ring.restart(Cursor { epoch: 2, position: 1 });
    assert!(matches!(subscription.log.read(Cursor { epoch: 1, position: 1 }, 1, 1), Read::OtherEpoch));
    assert_eq!(ring.head().cursor, Cursor { epoch: 2, position: 1 });
    assert!(futures::FutureExt::now_or_never(signal.wait()).is_some());
}
