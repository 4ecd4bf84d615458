//! What was revoked ends open sockets and streams, and lets nobody in again.

use crate::{
    raw::{Raw, about, hello, stream},
    world::{PATIENCE, World},
};
use chrono::{Duration, Utc};
use domain::ids::SessionId;
use identity::{
    Claims, Permission,
    claims::{At, Holder},
    revocation::{Entry, Revoked},
};
use messaging::{Bucket, Namespace};
use realtime_gateway::close::CloseCode;
use serde_json::json;
use uuid::Uuid;

const LATER: Duration = Duration::hours(1);

struct Member {
    id: Uuid,
    device: Uuid,
}

impl Member {
    fn new() -> Self {
        Self { id: Uuid::now_v7(), device: Uuid::now_v7() }
    }

    /// A token from this version of their rights.
    fn token(&self, world: &World, version: u64, permissions: &[Permission]) -> String {
        let grants = [(At::Restaurant(world.place.restaurant), permissions)];
        let sub = self.id.to_string();
        let mut claims = Claims::staff(sub, world.place.tenant, &[], &grants, Utc::now(), Duration::minutes(15));
        let Holder::Staff { pv, device, .. } = &mut claims.holder else { unreachable!() };
        (*pv, *device) = (version, Some(self.device));
        world.sign(&claims)
    }
}

async fn revoke(world: &World, revoked: Revoked, entry: Entry) {
    let nats = messaging::connect(&world.env.nats_url, "revoker").await.unwrap();
    let bucket = Bucket::revocations(nats, &Namespace::new(&world.env.nats_prefix));
    bucket.put(&revoked.to_string(), entry.to_json().into()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_is_logged_out_loses_its_socket_and_other_devices_do_not() {
    let world = World::start().await;
    let gateway = world.gateway().await;
    let (ana, bea) = (Member::new(), Member::new());
    let floor = json!([stream(&world, "floor", None)]);
    let mut logged_out = Raw::hello(&gateway, &ana.token(&world, 1, &[Permission::FloorRead]), floor.clone()).await;
    let mut stays = Raw::hello(&gateway, &bea.token(&world, 1, &[Permission::FloorRead]), floor.clone()).await;
    logged_out.until("live").await;
    stays.until("live").await;
    revoke(&world, Revoked::Device(ana.device), Entry::until(Utc::now() + LATER)).await;
    logged_out.closes(CloseCode::Forbidden).await;
    let mut again = Raw::open(&gateway).await;
    again.send(hello(&ana.token(&world, 1, &[Permission::FloorRead]), floor)).await;
    again.closes(CloseCode::Forbidden).await;
    world.orders(1, true).await;
    assert_eq!(stays.until("ev").await.len(), 1, "the other one goes on");
}

#[tokio::test(flavor = "multi_thread")]
async fn changed_rights_narrow_a_socket_which_goes_on_with_a_newer_token() {
    let world = World::start().await;
    let gateway = world.gateway().await;
    let ana = Member::new();
    let both = [Permission::FloorRead, Permission::KitchenRead];
    let streams = json!([stream(&world, "floor", None), stream(&world, "kitchen:grill", None)]);
    let mut socket = Raw::hello(&gateway, &ana.token(&world, 6, &both), streams).await;
    socket.until("live").await;
    socket.until("live").await;
    revoke(&world, Revoked::Member(ana.id), Entry::below(7, Utc::now() + LATER)).await;
    for _ in 0..2 {
        assert_eq!(socket.until("reset").await.pop().unwrap()["why"], "rights");
    }
    socket.until("due").await;
    // Nothing more comes to the old rights, and asking again does not help.
    world.orders(1, true).await;
    socket.send(about(&world, "rs", "floor", json!({}))).await;
    assert_eq!(socket.next_of_stream().await["t"], "reset");
    socket.send(json!({"t": "auth", "id": 1, "token": ana.token(&world, 6, &both)})).await;
    assert_eq!(socket.next_of_stream().await, json!({"t": "err", "id": 1, "code": "token-revoked"}));
    // The new rights see the floor and no longer the kitchen.
    socket.send(json!({"t": "auth", "id": 2, "token": ana.token(&world, 7, &[Permission::FloorRead])})).await;
    assert_eq!(socket.next_of_stream().await["t"], "ok");
    socket.send(about(&world, "rs", "floor", json!({}))).await;
    socket.until("live").await;
    socket.send(about(&world, "rs", "kitchen:grill", json!({}))).await;
    assert_eq!(socket.next_of_stream().await["why"], "rights");
}

#[tokio::test(flavor = "multi_thread")]
async fn guests_of_a_closed_session_are_gone_and_so_is_their_event_stream() {
    let world = World::start().await;
    let gateway = world.gateway().await;
    let session: SessionId = world.place.session;
    let scope = format!("table-session:{session}");
    let token = world.guest(session);
    let mut socket = Raw::hello(&gateway, &token, json!([stream(&world, &scope, None)])).await;
    socket.until("live").await;
    let url = format!(
        "http://127.0.0.1:{}/v1/restaurants/{}/events?scope={scope}&after=1.0",
        gateway.port, world.place.restaurant
    );
    let ask = || reqwest::Client::new().get(&url).bearer_auth(&token).header("accept", "text/event-stream");
    let mut events = ask().send().await.unwrap();
    assert_eq!(events.status(), 200);
    revoke(&world, Revoked::TableSession(session), Entry::until(Utc::now() + LATER)).await;
    socket.closes(CloseCode::Forbidden).await;
    let mut text = String::new();
    while let Some(chunk) = tokio::time::timeout(PATIENCE, events.chunk()).await.unwrap().unwrap() {
        text.push_str(&String::from_utf8_lossy(&chunk));
    }
    assert!(text.contains(r#"{"t":"end","code":"token-revoked"}"#), "{text}");
    assert_eq!(ask().send().await.unwrap().json::<serde_json::Value>().await.unwrap()["code"], "token-revoked");
}
