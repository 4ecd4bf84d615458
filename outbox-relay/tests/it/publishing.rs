//! Everything works.

use crate::support::{committers, config, heads, order, outbox_empty, places, published, relay, stream_reaches};
use futures::StreamExt;
use messaging::{Namespace, envelope};
use outbox_relay::Config;
use std::time::{Duration, Instant};
use testkit::Env;
use tokio::time::timeout;

/// Longest wait for what takes milliseconds; only a busy machine comes near it.
const WOKEN_WITHIN: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn every_feed_is_published_in_order_and_equal_to_the_store() {
    let env = Env::start().await;
    let committers = committers(&env).await;
    let (_relay, _stop) = relay(config(&env)).await;
    let places = places(&env, &committers, 4).await;
    order(&places, &committers, 40).await;

    let heads = heads(&env).await;
    let events = stream_reaches(&env, &heads).await;
    outbox_empty(&env).await;

    assert_eq!(events.len() as u64, heads.values().sum::<u64>(), "nothing is published twice");
    let reader = env.reader().await;
    for place in &places {
        let stored = reader.page(place.feed(), 0, 256).await.unwrap();
        let sent: Vec<_> = events.iter().filter(|event| event.feed == place.feed()).cloned().collect();
        assert_eq!(sent[..stored.len()], stored);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_committed_before_the_relay_started_is_published() {
    let env = Env::start().await;
    let committers = env.committers();
    let places = places(&env, &committers, 2).await;
    order(&places, &committers, 50).await;
    let (relay, stop) = relay(config(&env)).await;
    stream_reaches(&env, &heads(&env).await).await;
    stop.cancel();
    relay.stopped().await;
    outbox_empty(&env).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wake_up_brings_a_commit_to_nats_at_once() {
    let env = Env::start().await;
    let committers = committers(&env).await;
    // Nobody looks by himself: what arrives was brought by a wake-up.
    let never = Duration::from_hours(1);
    let (_relay, _stop) = relay(Config { poll: never, reconcile: never, ..config(&env) }).await;
    let place = &places(&env, &committers, 1).await[0];
    outbox_empty(&env).await;

    let client = messaging::connect(&env.nats_url, "follower").await.unwrap();
    let mut live = client.subscribe(Namespace::new(&env.nats_prefix).all_events()).await.unwrap();
    client.flush().await.unwrap();
    let mut delays = Vec::new();
    for order in 1..=50 {
        let (_, events) = place.fired_order();
        place.append(&committers, events).await.unwrap();
        let answered = Instant::now();
        loop {
            let message = timeout(WOKEN_WITHIN, live.next()).await.expect("wake-ups do not work").unwrap();
            let event = envelope::from_message(&message).unwrap();
            if event.cursor.position == 5 + 4 * order {
                break;
            }
        }
        delays.push(answered.elapsed());
    }
    delays.sort();
    eprintln!("from the answer to the last message: p50 {:?}, worst {:?}", delays[25], delays[49]);
    assert!(!published(&env).await.unwrap().is_empty());
}
