//! A kitchen console's morning, frame by frame.

use crate::{
    raw::{Raw, about, stream},
    world::{Gateway, World},
};
use identity::Permission;
use serde_json::json;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn a_console_catches_up_goes_live_and_stays_complete() {
    let world = World::start().await;
    world.orders(2, true).await;
    let gateway = world.gateway().await;
    let token = world.staff(&[Permission::KitchenRead]);
    let mut raw = Raw::hello(&gateway, &token, json!([stream(&world, "kitchen:grill", Some(0))])).await;

    // 5 opening events, then placed, accepted, fired (grill), fired (bar), twice.
    let caught_up = raw.until("live").await;
    let kinds: Vec<_> = caught_up.iter().map(|frame| frame["t"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["catch", "ev", "ev", "skip", "live"]);
    assert_eq!((&caught_up[0]["from"], &caught_up[0]["to"]), (&json!(0), &json!(13)));
    assert_eq!((&caught_up[1]["position"], &caught_up[2]["position"]), (&json!(8), &json!(12)));
    assert_eq!(caught_up[4]["position"], 13);
    assert_eq!(caught_up[1]["event"]["type"], "line.fired");
    assert_eq!(caught_up[1]["event"]["data"]["station"], "grill");

    world.orders(1, true).await;
    let event = raw.next_of_stream().await;
    assert_eq!((event["t"].as_str(), &event["position"]), (Some("ev"), &json!(16)));
    assert!(event["prev"].as_u64().unwrap() <= 13);
    raw.send(about(&world, "ack", "kitchen:grill", json!({"position": 16, "drawn": [16]}))).await;

    raw.send(about(&world, "rs", "kitchen:grill", json!({"after": {"epoch": 1, "position": 8}}))).await;
    let again = raw.until("live").await;
    let kinds: Vec<_> = again.iter().map(|frame| frame["t"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["catch", "ev", "ev", "skip", "live"]);
    assert_eq!(again[0]["source"], "ring");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_cursor_a_stream_starts_live_at_the_head() {
    let world = World::start().await;
    let gateway = world.gateway().await;
    let token = world.staff(&Permission::ALL);
    let mut raw = Raw::hello(&gateway, &token, json!([stream(&world, "floor", None)])).await;
    let live = raw.next_of_stream().await;
    assert_eq!((live["t"].as_str(), &live["position"]), (Some("live"), &json!(5)));
    world.orders(1, true).await;
    assert_eq!(raw.next_of_stream().await["position"], 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_heartbeat_carries_the_last_position_of_each_scope() {
    let world = World::start().await;
    let mut config = world.config();
    config.timing.heartbeat = Duration::from_millis(100);
    let gateway = Gateway::start(config).await;
    let token = world.staff(&Permission::ALL);
    let streams = json!([stream(&world, "floor", None), stream(&world, "kitchen:bar", Some(0))]);
    let mut raw = Raw::hello(&gateway, &token, streams).await;
    world.orders(1, true).await;
    // The floor sees all four events of the order, the bar only the last.
    loop {
        let beat = raw.until("hb").await.pop().unwrap();
        raw.send(json!({"t": "pong", "n": beat["n"]})).await;
        let heads = beat["heads"].as_array().unwrap();
        assert!(heads.iter().all(|head| head["epoch"] == 1));
        if heads.len() == 2 && heads.iter().all(|head| head["position"] == 9) {
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_renewed_in_band() {
    let world = World::start().await;
    let gateway = world.gateway().await;
    let token = world.staff_for(&Permission::ALL, chrono::Duration::seconds(30));
    let mut raw = Raw::hello(&gateway, &token, json!([stream(&world, "floor", None)])).await;
    let due = raw.until("due").await.pop().unwrap();
    assert!(due["in_ms"].as_u64().unwrap() <= 30_000);

    raw.send(json!({"t": "auth", "id": 1, "token": "nonsense"})).await;
    assert_eq!(raw.until("err").await.pop(), Some(json!({"t": "err", "id": 1, "code": "token-invalid"})));
    let old = world.staff_for(&Permission::ALL, chrono::Duration::seconds(-300));
    raw.send(json!({"t": "auth", "id": 2, "token": old})).await;
    assert_eq!(raw.until("err").await.pop(), Some(json!({"t": "err", "id": 2, "code": "token-expired"})));
    raw.send(json!({"t": "auth", "id": 3, "token": world.guest(world.place.session)})).await;
    assert_eq!(raw.until("err").await.pop(), Some(json!({"t": "err", "id": 3, "code": "token-invalid"})));
    raw.send(json!({"t": "auth", "id": 4, "token": world.staff(&Permission::ALL)})).await;
    assert_eq!(raw.until("ok").await.pop(), Some(json!({"t": "ok", "id": 4})));
}
