use super::*;
use event_store::pool::{self, Isolation};
use testkit::{Env, Place};

#[tokio::test(flavor = "multi_thread")]
async fn the_depth_counts_rows_of_these_shards_and_finds_the_oldest() {
    let env = Env::start().await;
    let committers = env.committers();
    let first = Place::create(&env, &committers).await;
    let second = Place::create(&env, &committers).await;
    let (_, order) = second.fired_order();
    let more = order.len() as u64;
    second.append(&committers, order).await.unwrap();
    let opening = first.opening_events().len() as u64;

    let store = Store::new(pool::connect(&env.access.relay, Isolation::ReadCommitted, 2).await.unwrap());
    let (waiting, oldest) = store.depth(&(0..64).collect()).await.unwrap();
    assert_eq!(waiting, 2 * opening + more);
    let pending = store.pending(&(0..64).collect()).await.unwrap();
    let row = pending.iter().find(|it| it.feed == first.feed()).unwrap();
    let range = Range { feed: first.feed(), positions: row.rows.clone() };
    let events = store.events(&[range]).await.unwrap();
    assert_eq!(oldest, Some(events[0].recorded_at));
    assert_eq!(store.depth(&BTreeSet::new()).await.unwrap(), (0, None));
    let shard = first.feed().shard();
    let elsewhere: BTreeSet<u8> = (0..64).filter(|it| *it != shard && *it != second.feed().shard()).collect();
    assert_eq!(store.depth(&elsewhere).await.unwrap(), (0, None));
}
