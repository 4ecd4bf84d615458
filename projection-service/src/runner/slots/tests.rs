//! What waits for what.

use super::*;
use bytes::Bytes;
use domain::envelope::{Actor, ActorKind, Metadata};
use uuid::Uuid;

const FEED: FeedId = FeedId(Uuid::from_u128(1));
const OTHER: FeedId = FeedId(Uuid::from_u128(2));

fn cursor(position: u64) -> Cursor {
    Cursor { epoch: 1, position }
}

fn at(position: u64) -> Option<Checkpoint> {
    Some(Checkpoint { cursor: cursor(position), parked: 0 })
}

fn event(position: u64) -> RecordedEvent {
    event_of(FEED, position)
}

fn event_of(feed: FeedId, position: u64) -> RecordedEvent {
    RecordedEvent {
        feed,
        tenant: Uuid::from_u128(2).into(),
        cursor: cursor(position),
        event_id: Uuid::from_u128(u128::from(position)),
        aggregate_type: "order".to_owned(),
        aggregate_id: Uuid::from_u128(3),
        version: position,
        event_type: "order.accepted".to_owned(),
        schema_version: 1,
        recorded_at: crate::views::samples::at(position),
        metadata: Metadata {
            actor: Actor { kind: ActorKind::System, id: String::new() },
            correlation_id: String::new(),
            causation_id: Uuid::nil(),
            traceparent: None,
            means: None,
        },
        payload: Bytes::new(),
    }
}

#[test]
fn a_feed_is_with_one_worker_at_a_time() {
    let mut slots = Slots::default();
    slots.told(FEED, cursor(3));
    assert_eq!(slots.next().unwrap().known, None);
    slots.arrived(event(4));
    assert_eq!(slots.next(), None);
    slots.done(FEED, at(3), cursor(3));
    assert_eq!(slots.next(), None);
    assert_eq!(places(&slots.next_group()), [(FEED, vec![4])]);
}

#[test]
fn a_feed_that_is_up_to_date_rests() {
    let mut slots = Slots::default();
    slots.told(FEED, cursor(3));
    slots.next().unwrap();
    slots.done(FEED, at(3), cursor(3));
    slots.told(FEED, cursor(3));
    slots.arrived(event(2));
    assert_eq!(slots.next(), None);
}

#[test]
fn a_feed_is_behind_for_as_long_as_it_does_not_move() {
    let (mut slots, hour) = (Slots::default(), Duration::from_secs(3_600));
    slots.told(FEED, cursor(9));
    assert!(slots.behind_for(Instant::now() + hour) >= hour);
    slots.next().unwrap();
    let before = slots.slots[&FEED].behind_since;
    slots.done(FEED, None, cursor(9));
    assert_eq!(slots.slots[&FEED].behind_since, before, "nothing was applied");
    slots.next().unwrap();
    slots.done(FEED, at(5), cursor(9));
    assert!(slots.slots[&FEED].behind_since >= before, "it moved, and is not there yet");
    slots.next().unwrap();
    slots.done(FEED, at(9), cursor(9));
    assert_eq!(slots.behind_for(Instant::now() + hour), Duration::ZERO);
}

#[test]
fn a_place_that_the_store_does_not_have_is_not_asked_for_again_and_again() {
    let mut slots = Slots::default();
    slots.told(FEED, cursor(9));
    slots.next().unwrap();
    slots.done(FEED, at(5), cursor(9));
    slots.next().unwrap();
    slots.done(FEED, at(5), cursor(9));
    assert_eq!(slots.next(), None);
    slots.told(FEED, cursor(9));
    assert!(slots.next().is_some());
}

#[test]
fn a_failed_feed_waits_and_comes_back() {
    let (mut slots, now) = (Slots::default(), Instant::now());
    slots.told(FEED, cursor(1));
    slots.next().unwrap();
    assert_eq!(slots.failed(FEED), 1);
    slots.wait_until(FEED, now);
    slots.told(FEED, cursor(2));
    assert_eq!(slots.next(), None);
    slots.wake(now);
    assert_eq!(slots.next().unwrap().target, cursor(2));
}

#[test]
fn live_events_are_bounded_and_what_does_not_fit_is_still_asked_for() {
    let mut slots = Slots::default();
    for position in 1..=2_000 {
        slots.arrived(event(position));
    }
    assert_eq!(slots.live, LIVE_PER_FEED_MAX);
    assert_eq!(slots.next().unwrap().target, cursor(2_000));
    slots.keep(|_| false);
    assert_eq!(slots.live, 0);
}

/// Feeds of which the first event is applied.
fn with_feeds(feeds: impl IntoIterator<Item = FeedId>) -> Slots {
    let mut slots = Slots::default();
    for feed in feeds {
        slots.told(feed, cursor(1));
        assert_eq!(slots.next().unwrap().feed, feed);
        slots.done(feed, at(1), cursor(1));
    }
    slots
}

/// Feeds of which the first event is applied, and the second one came in.
pub(in crate::runner) fn with_next_events(feeds: impl IntoIterator<Item = FeedId> + Clone) -> Slots {
    let mut slots = with_feeds(feeds.clone());
    feeds.into_iter().for_each(|feed| slots.arrived(event_of(feed, 2)));
    slots
}

fn places(group: &[Member]) -> Vec<(FeedId, Vec<u64>)> {
    let positions = |member: &Member| member.events.iter().map(|event| event.cursor.position).collect();
    group.iter().map(|member| (member.feed, positions(member))).collect()
}

fn moved(slots: &mut Slots, group: &[Member]) {
    group.iter().for_each(|member| slots.moved(member, Instant::now()));
}

#[test]
fn feeds_whose_next_events_are_here_go_together_and_each_is_in_the_group_once() {
    let mut slots = with_feeds([FEED, OTHER]);
    for position in 2..=4 {
        slots.arrived(event(position));
    }
    slots.arrived(event_of(OTHER, 2));
    assert_eq!(slots.next(), None);
    let group = slots.next_group();
    assert_eq!(places(&group), [(FEED, vec![2, 3, 4]), (OTHER, vec![2])]);
    assert_eq!((slots.live, slots.has_group()), (0, false));
    moved(&mut slots, &group);
    assert_eq!(slots.known(FEED), Some(cursor(4)));
    assert_eq!((slots.next(), slots.next_group()), (None, Vec::new()));
}

#[test]
fn a_feed_of_a_running_group_waits_for_its_end() {
    let mut slots = with_feeds([FEED]);
    slots.arrived(event(2));
    let group = slots.next_group();
    slots.arrived(event(3));
    slots.head_seen(FEED, cursor(3), Instant::now());
    assert_eq!((slots.next(), slots.next_group(), slots.next_retry()), (None, Vec::new(), None));
    moved(&mut slots, &group);
    assert_eq!(places(&slots.next_group()), [(FEED, vec![3])]);
}

#[test]
fn a_group_holds_a_bounded_number_of_feeds() {
    let feeds: Vec<FeedId> = (1..=GROUP_FEEDS_MAX as u128 + 1).map(|n| FeedId(Uuid::from_u128(n))).collect();
    let mut slots = with_feeds(feeds.clone());
    for (feed, is_full) in feeds.iter().zip((1..).map(|n| n > GROUP_FEEDS_MAX)) {
        assert!(!is_full || slots.is_group_full());
        slots.arrived(event_of(*feed, 2));
    }
    assert_eq!(slots.grouped().count(), GROUP_FEEDS_MAX);
    assert_eq!(slots.next_group().len(), GROUP_FEEDS_MAX);
    assert!(!slots.is_group_full());
    assert_eq!(places(&slots.next_group()), [(feeds[GROUP_FEEDS_MAX], vec![2])]);
}

#[test]
fn a_group_holds_a_bounded_number_of_events_and_the_rest_comes_with_the_next() {
    let third = FeedId(Uuid::from_u128(3));
    let mut slots = with_feeds([FEED, OTHER, third]);
    let many = PAGE_EVENTS_MAX as u64;
    for position in 2..many + 12 {
        slots.arrived(event(position));
        slots.arrived(event_of(OTHER, position));
    }
    slots.arrived(event_of(third, 2));
    assert!(slots.is_group_full());
    let group = slots.next_group();
    assert_eq!(group.iter().map(|member| member.events.len()).sum::<usize>(), GROUP_EVENTS_MAX);
    moved(&mut slots, &group);
    let rest: Vec<u64> = (many + 2..many + 12).collect();
    assert_eq!(places(&slots.next_group()), [(third, vec![2]), (FEED, rest.clone()), (OTHER, rest)]);
}

#[test]
fn repeats_are_dropped_and_what_is_behind_a_hole_is_left_to_a_step_alone() {
    let mut slots = with_feeds([FEED]);
    for position in [2, 2, 3, 5] {
        slots.arrived(event(position));
    }
    let group = slots.next_group();
    assert_eq!(places(&group), [(FEED, vec![2, 3])]);
    moved(&mut slots, &group);
    assert_eq!(slots.next_group(), Vec::new());
    let work = slots.next().unwrap();
    assert_eq!((work.known, work.live.len(), work.target), (at(3), 1, cursor(5)));
}

#[test]
fn a_feed_with_parked_events_or_of_another_epoch_goes_alone() {
    let mut slots = with_feeds([FEED, OTHER]);
    slots.told(FEED, cursor(2));
    slots.next().unwrap();
    slots.done(FEED, Some(Checkpoint { cursor: cursor(2), parked: 1 }), cursor(2));
    slots.arrived(event(3));
    let renumbered = RecordedEvent { cursor: Cursor { epoch: 2, position: 2 }, ..event_of(OTHER, 2) };
    slots.arrived(renumbered);
    assert_eq!(slots.next_group(), Vec::new());
    assert_eq!((slots.next().unwrap().feed, slots.next().unwrap().feed), (FEED, OTHER));
}

#[test]
fn feeds_of_a_group_that_was_given_up_take_one_step_alone() {
    let mut slots = with_feeds([FEED, OTHER]);
    slots.arrived(event(2));
    slots.arrived(event_of(OTHER, 2));
    assert_eq!(slots.next_group().len(), 2);
    slots.apart(FEED);
    slots.apart(OTHER);
    assert_eq!(slots.next_group(), Vec::new());
    for feed in [FEED, OTHER] {
        let work = slots.next().unwrap();
        assert_eq!((work.feed, work.known), (feed, at(1)), "nothing was changed, so it stands where it was");
        slots.done(feed, at(2), work.target);
    }
    slots.arrived(event(3));
    slots.arrived(event_of(OTHER, 3));
    assert_eq!(places(&slots.next_group()), [(FEED, vec![3]), (OTHER, vec![3])]);
}

#[test]
fn the_messages_of_a_head_are_given_a_moment_before_it_is_looked_up() {
    let mut slots = with_feeds([FEED, OTHER]);
    let now = Instant::now();
    slots.head_seen(FEED, cursor(2), now);
    slots.head_seen(OTHER, cursor(2), now);
    assert_eq!((slots.next(), slots.next_group()), (None, Vec::new()));
    slots.arrived(event(2));
    assert_eq!(places(&slots.next_group()), [(FEED, vec![2])]);
    slots.wake(now + EXPECTED_WITHIN);
    assert_eq!(slots.next().unwrap().feed, OTHER);
    assert_eq!(slots.next_retry(), None);
}

#[test]
fn a_head_that_is_seen_while_a_group_works_on_the_feed_is_waited_for_too() {
    let mut slots = with_feeds([FEED]);
    slots.arrived(event(2));
    let group = slots.next_group();
    slots.head_seen(FEED, cursor(4), Instant::now());
    moved(&mut slots, &group);
    assert_eq!((slots.next(), slots.next_group()), (None, Vec::new()));
    slots.arrived(event(3));
    let group = slots.next_group();
    assert_eq!(places(&group), [(FEED, vec![3])]);
    moved(&mut slots, &group);
    slots.wake(Instant::now() + EXPECTED_WITHIN);
    assert_eq!(slots.next().unwrap().target, cursor(4));
}

#[test]
fn a_head_of_a_feed_that_nobody_has_looked_up_is_looked_up_at_once() {
    let mut slots = Slots::default();
    slots.head_seen(FEED, cursor(2), Instant::now());
    assert_eq!(slots.next().unwrap().known, None);
}
