//! When a cursor cannot go on.

use crate::{
    raw::{Raw, about, stream},
    world::{PATIENCE, World},
};
use identity::Permission;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_beyond_the_end_or_of_another_epoch_is_reset() {
    let world = World::start().await;
    let gateway = world.gateway().await;
    let token = world.staff(&Permission::ALL);
    let mut old = stream(&world, "kitchen:grill", Some(3));
    old["after"]["epoch"] = json!(7);
    let streams = json!([stream(&world, "floor", Some(99)), old]);
    let mut raw = Raw::hello(&gateway, &token, streams).await;
    let ahead = raw.next_of_stream().await;
    assert_eq!((&ahead["t"], &ahead["why"], &ahead["position"]), (&json!("reset"), &json!("ahead"), &json!(5)));
    let epoch = raw.next_of_stream().await;
    assert_eq!((&epoch["why"], &epoch["epoch"]), (&json!("epoch"), &json!(1)));
    let view = format!("/v1/restaurants/{}/kitchen-board?station=grill", world.place.restaurant);
    assert_eq!(epoch["view"], view);
    raw.send(about(&world, "rs", "floor", json!({"after": {"epoch": 1, "position": 5}}))).await;
    assert_eq!(raw.until("live").await.last().unwrap()["scope"], "floor");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_knows_more_than_the_ring_waits_for_it_and_is_not_reset() {
    let world = World::start().await;
    let gateway = world.gateway().await;
    let token = world.staff(&Permission::ALL);
    let mut first = Raw::hello(&gateway, &token, json!([stream(&world, "floor", None)])).await;
    first.until("live").await;
    world.orders(1, false).await;
    // A view has shown position 9 before the ring heard of it.
    let mut second = Raw::hello(&gateway, &token, json!([stream(&world, "floor", Some(9))])).await;
    let frames = second.until("live").await;
    assert_eq!(frames.last().unwrap()["position"], 9);
}

#[tokio::test(flavor = "multi_thread")]
async fn too_far_back_means_read_the_view_but_never_for_the_audit() {
    let world = World::start().await;
    for _ in 0..16 {
        world.orders(80, false).await;
    }
    assert!(world.head().await > 5_000);
    let gateway = world.gateway().await;
    let token = world.staff(&Permission::ALL);
    let streams = json!([stream(&world, "floor", Some(1)), stream(&world, "audit", Some(1))]);
    let mut raw = Raw::hello(&gateway, &token, streams).await;
    assert_eq!(raw.next_of_stream().await["why"], "far");
    assert_eq!(raw.next_of_stream().await["t"], "catch");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_that_was_numbered_anew_resets_its_live_streams() {
    let world = World::start().await;
    let gateway = world.gateway().await;
    let token = world.staff(&Permission::ALL);
    let mut raw = Raw::hello(&gateway, &token, json!([stream(&world, "floor", None)])).await;
    raw.until("live").await;
    let admin = sqlx::MySqlPool::connect(&world.env.events_admin_url()).await.unwrap();
    sqlx::query("UPDATE feed_heads SET epoch = 2 WHERE feed_id = ?")
        .bind(world.place.restaurant.0)
        .execute(&admin)
        .await
        .unwrap();
    let reset = tokio::time::timeout(PATIENCE, raw.until("reset")).await.unwrap().pop().unwrap();
    assert_eq!((&reset["why"], &reset["epoch"]), (&json!("epoch"), &json!(2)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_right_that_is_lost_ends_its_stream_and_one_that_comes_back_starts_it() {
    let world = World::start().await;
    let gateway = world.gateway().await;
    let all = world.staff(&Permission::ALL);
    let streams = json!([stream(&world, "floor", None), stream(&world, "kitchen:grill", None)]);
    let mut raw = Raw::hello(&gateway, &all, streams).await;
    raw.until("live").await;
    raw.until("live").await;
    raw.send(json!({"t": "auth", "id": 1, "token": world.staff(&[Permission::KitchenRead])})).await;
    let reset = raw.until("reset").await.pop().unwrap();
    assert_eq!((&reset["scope"], &reset["why"]), (&json!("floor"), &json!("rights")));
    raw.send(about(&world, "rs", "floor", json!({}))).await;
    assert_eq!(raw.until("reset").await.pop().unwrap()["why"], "rights");
    world.orders(1, true).await;
    let event = raw.next_of_stream().await;
    assert_eq!((&event["t"], &event["scope"]), (&json!("ev"), &json!("kitchen:grill")));
    raw.send(json!({"t": "auth", "id": 2, "token": all})).await;
    raw.until("ok").await;
    raw.send(about(&world, "rs", "floor", json!({}))).await;
    assert_eq!(raw.until("live").await.last().unwrap()["scope"], "floor");
}
