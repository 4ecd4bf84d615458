//! Who may follow what.

use crate::{
    raw::{Raw, hello, request, stream},
    world::World,
};
use chrono::Utc;
use identity::{Claims, Permission, claims::At};
use realtime_gateway::close::CloseCode;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Error;

async fn refused(world: &World, token: &str, streams: Value, code: CloseCode) {
    let gateway = world.gateway().await;
    let mut raw = Raw::open(&gateway).await;
    raw.send(hello(token, streams)).await;
    raw.closes(code).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_needs_its_right() {
    let world = World::start().await;
    let kitchen = world.staff(&[Permission::KitchenRead]);
    let streams = json!([stream(&world, "kitchen:grill", None), stream(&world, "floor", None)]);
    refused(&world, &kitchen, streams, CloseCode::Forbidden).await;
    let floor = json!([stream(&world, "floor", None)]);
    refused(&world, "nonsense", floor.clone(), CloseCode::Forbidden).await;
    let old = world.staff_for(&Permission::ALL, chrono::Duration::seconds(-300));
    refused(&world, &old, floor, CloseCode::Expired).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_not_granted_and_of_another_tenant_are_one_answer() {
    let world = World::start().await;
    let lifetime = chrono::Duration::minutes(5);
    let all: &[Permission] = &Permission::ALL;
    let everywhere = |tenant| {
        let grants = [(At::Everywhere, all)];
        world.sign(&Claims::staff("ana", tenant, &[], &grants, Utc::now(), lifetime))
    };
    let floor = json!([stream(&world, "floor", None)]);
    let unknown = json!([{"restaurant": uuid::Uuid::now_v7(), "scope": "floor"}]);
    refused(&world, &everywhere(world.place.tenant), unknown, CloseCode::NotFound).await;
    refused(&world, &everywhere(uuid::Uuid::now_v7().into()), floor.clone(), CloseCode::NotFound).await;
    let elsewhere = [(At::Restaurant(uuid::Uuid::now_v7().into()), all)];
    let elsewhere = world.sign(&Claims::staff("ana", world.place.tenant, &[], &elsewhere, Utc::now(), lifetime));
    refused(&world, &elsewhere, floor, CloseCode::NotFound).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_follows_their_own_session_and_no_other() {
    let world = World::start().await;
    let gateway = world.gateway().await;
    let (order, events) = world.place.fired_order();
    world.append(events, true).await;
    let own = world.guest(world.place.session);
    let session = format!("table-session:{}", world.place.session);
    let order = format!("order:{}", order.order);
    let streams = json!([stream(&world, &session, Some(0)), stream(&world, &order, Some(0))]);
    let mut raw = Raw::hello(&gateway, &own, streams.clone()).await;
    let first = raw.until("live").await;
    // opened, joined, placed, accepted, fired, fired
    assert_eq!(first.iter().filter(|frame| frame["t"] == "ev").count(), 6);
    let second = raw.until("live").await;
    assert_eq!(second.iter().filter(|frame| frame["t"] == "ev").count(), 4);

    let other = world.guest(uuid::Uuid::now_v7().into());
    refused(&world, &other, streams, CloseCode::Forbidden).await;
    // An order of others is an empty stream, not an answer.
    let mut raw = Raw::hello(&gateway, &other, json!([stream(&world, &order, Some(0))])).await;
    let frames = raw.until("live").await;
    assert!(frames.iter().all(|frame| frame["t"] != "ev"));
    refused(&world, &own, json!([stream(&world, "floor", None)]), CloseCode::Forbidden).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_a_foreign_origin_is_not_let_in() {
    let world = World::start().await;
    let mut config = world.config();
    config.origins = vec!["https://pos.example".to_owned()];
    let gateway = crate::world::Gateway::start(config).await;
    let from = |origin: &'static str| {
        let mut request = request(&gateway);
        request.headers_mut().insert("origin", origin.parse().unwrap());
        Raw::with(request)
    };
    assert!(from("https://pos.example").await.is_ok());
    let Err(Error::Http(answer)) = from("https://evil.example").await else { panic!("let in") };
    assert_eq!(answer.status(), 403);
}
