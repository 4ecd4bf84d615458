//! A group of MySQL servers: what happens when the primary is not there any more, or only seems to be.

use crate::support::{assert_whole, order};
use std::time::{Duration, Instant};
use testkit::{Cluster, Env, Place, wait_for};

/// Much longer than a group needs to find a successor (about 22 s).
const SUCCEEDED_WITHIN: Duration = Duration::from_secs(120);
/// Orders that the old primary knows nothing of.
const MISSED: u64 = 20;

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_primary_has_a_successor_and_is_not_believed_when_it_is_thawed() {
    let cluster = Cluster::of_mysql("group").await;
    let env = Env::on_cluster(&cluster).await;
    let (committers, reader) = (env.committers(), env.reader().await);
    let place = Place::create(&env, &committers).await;
    order(&committers, &place, "before").await.unwrap();
    // Connections that are idle when the primary freezes.
    let heads = futures::future::join_all((0..8).map(|_| reader.head(place.feed()))).await;
    assert!(heads.iter().all(Result::is_ok), "{heads:?}");

    let old = cluster.primary().await;
    cluster.mysql[old].pause().unwrap();
    let frozen = Instant::now();
    wait_for("orders are taken again", SUCCEEDED_WITHIN, async || {
        order(&committers, &place, "after").await.map_err(|error| error.to_string())
    })
    .await;
    println!("orders are taken again after {:.1} s", frozen.elapsed().as_secs_f64());
    for number in 0..MISSED {
        order(&committers, &place, &format!("missed-{number}")).await.unwrap();
    }

    // It does not know yet that it was replaced, and would answer with what it has.
    cluster.mysql[old].resume().unwrap();
    let all = 5 + 4 * (2 + MISSED);
    let mut back = std::pin::pin!(cluster.until_online(testkit::SERVERS));
    let mut reads = 0;
    loop {
        let head = reader.head(place.feed()).await.unwrap().unwrap();
        assert_eq!(head.cursor.position, all, "a read after {reads} others");
        reads += 1;
        let pause = tokio::time::sleep(Duration::from_millis(5));
        tokio::select! { () = &mut back => break, () = pause => {} }
    }
    assert_ne!(cluster.primary().await, old, "an election for its own sake");
    assert_whole(&reader, place.feed(), all).await;
}
