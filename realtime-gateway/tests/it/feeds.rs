//! Where events come from.

use crate::{
    raw::{Raw, about, stream},
    world::World,
};
use identity::Permission;
use serde_json::json;
use std::time::{Duration, Instant};

#[tokio::test(flavor = "multi_thread")]
async fn what_nats_never_brought_arrives_by_the_look_at_the_heads() {
    let world = World::start().await;
    let gateway = world.gateway().await;
    let token = world.staff(&Permission::ALL);
    let mut raw = Raw::hello(&gateway, &token, json!([stream(&world, "audit", None)])).await;
    raw.until("live").await;
    let committed = Instant::now();
    world.orders(1, false).await;
    for position in 6..=9 {
        assert_eq!(raw.next_of_stream().await["position"], position);
    }
    assert!(committed.elapsed() < Duration::from_secs(5), "{:?}", committed.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hole_is_filled_before_anybody_sees_what_follows() {
    let world = World::start().await;
    let gateway = world.gateway().await;
    let token = world.staff(&Permission::ALL);
    let mut raw = Raw::hello(&gateway, &token, json!([stream(&world, "audit", None)])).await;
    raw.until("live").await;
    world.orders(1, false).await;
    world.orders(1, true).await;
    for position in 6..=13 {
        assert_eq!(raw.next_of_stream().await["position"], position);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_catch_up_goes_page_by_page_as_the_client_acknowledges() {
    let world = World::start().await;
    for _ in 0..8 {
        world.orders(20, false).await;
    }
    let gateway = world.gateway().await;
    let token = world.staff(&Permission::ALL);
    let mut raw = Raw::hello(&gateway, &token, json!([stream(&world, "audit", Some(0))])).await;
    assert_eq!(raw.next_of_stream().await["source"], "store");
    for position in 1..=256 {
        assert_eq!(raw.next_of_stream().await["position"], position);
    }
    raw.send(about(&world, "ack", "audit", json!({"position": 255}))).await;
    assert!(raw.silent(Duration::from_millis(300)).await, "a page came that was not granted");
    raw.send(about(&world, "ack", "audit", json!({"position": 256}))).await;
    for position in 257..=512 {
        assert_eq!(raw.next_of_stream().await["position"], position);
    }
    raw.send(about(&world, "ack", "audit", json!({"position": 512}))).await;
    let rest = raw.until("live").await;
    assert_eq!(rest.last().unwrap()["position"], 645);
    assert_eq!(rest.iter().filter(|frame| frame["t"] == "ev").count(), 645 - 512);
}
