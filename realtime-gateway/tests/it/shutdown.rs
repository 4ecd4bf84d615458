//! A gateway that leaves.

use crate::{
    raw::{Raw, stream},
    world::{Gateway, PATIENCE, World},
};
use identity::Permission;
use realtime_gateway::close::CloseCode;
use serde_json::json;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn kitchens_are_sent_to_the_other_gateways_first() {
    let world = World::start().await;
    let mut config = world.config();
    config.timing.drain_window = Duration::from_secs(2);
    let gateway = Gateway::start(config).await;
    let token = world.staff(&Permission::ALL);
    let mut times = Vec::new();
    for scope in ["floor", "kitchen:grill", "floor", "kitchen:bar"] {
        let mut raw = Raw::hello(&gateway, &token, json!([stream(&world, scope, None)])).await;
        raw.until("live").await;
        times.push(raw);
    }
    gateway.shutdown.cancel();
    let mut told = Vec::new();
    for raw in &mut times {
        told.push(raw.until("drain").await.pop().unwrap()["in_ms"].as_u64().unwrap());
    }
    assert!(told[1].max(told[3]) <= 1_000 && told[0].min(told[2]) >= 1_000, "{told:?}");
    for raw in times {
        raw.closes(CloseCode::Drained).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_client_is_told_when_to_come_back_and_then_closed() {
    let world = World::start().await;
    let mut config = world.config();
    config.timing.drain_window = Duration::from_millis(500);
    let Gateway { port, service, shutdown } = Gateway::start(config).await;
    let gateway = Gateway { port, service, shutdown: shutdown.clone() };
    let token = world.staff(&Permission::ALL);
    let mut clients = Vec::new();
    for _ in 0..5 {
        let mut raw = Raw::hello(&gateway, &token, json!([stream(&world, "floor", None)])).await;
        raw.until("live").await;
        clients.push(raw);
    }
    shutdown.cancel();
    for mut raw in clients {
        let drain = raw.until("drain").await.pop().unwrap();
        assert!(drain["in_ms"].as_u64().unwrap() <= 500);
        raw.closes(CloseCode::Drained).await;
    }
    tokio::time::timeout(PATIENCE, gateway.service.stopped()).await.unwrap();
}
