//! Who follows what, and who was refused, is written down.

use crate::{
    raw::{Raw, hello, stream},
    world::World,
};
use action_log::Row;
use identity::Permission;
use realtime_gateway::close::CloseCode;
use serde_json::json;

fn of(status: u16, code: &'static str) -> impl Fn(&Row) -> bool {
    move |row| (row.action.status, row.action.code.as_str()) == (status, code)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_that_was_let_in_and_each_way_to_be_refused() {
    let world = World::start().await;
    let (gateway, ours) = (world.gateway().await, Some(world.place.tenant));
    let floor = json!([stream(&world, "floor", None)]);
    let refused = async |token: &str, streams, code| {
        let mut raw = Raw::open(&gateway).await;
        raw.send(hello(token, streams)).await;
        raw.closes(code).await;
    };

    let waiter = world.staff_named("ben", &[Permission::FloorRead]);
    let mut raw = Raw::hello(&gateway, &waiter, floor.clone()).await;
    raw.until("live").await;
    let row = world.env.action(ours, "a stream", of(101, "")).await.action;
    assert_eq!((row.who.id.as_str(), row.action.as_str()), ("ben", "GET /v1/realtime"));
    assert_eq!((row.restaurant, row.permission), (Some(world.place.restaurant), Some(Permission::FloorRead)));
    assert_eq!((row.subject.as_str(), row.is_denied), ("scope:floor", false));
    assert!(row.remote.is_some_and(|it| it.is_loopback()) && row.who.via.starts_with("token:"));

    let cook = world.staff_named("kim", &[Permission::KitchenRead]);
    refused(&cook, floor.clone(), CloseCode::Forbidden).await;
    let row = world.env.action(ours, "no right", of(403, "permission-missing")).await.action;
    assert_eq!((row.who.id.as_str(), row.permission, row.is_denied), ("kim", Some(Permission::FloorRead), true));

    let unknown = uuid::Uuid::now_v7();
    refused(&cook, json!([{"restaurant": unknown, "scope": "floor"}]), CloseCode::NotFound).await;
    let row = world.env.action(ours, "not theirs", of(404, "not-found")).await.action;
    assert_eq!((row.restaurant, row.subject), (None, format!("scope:floor restaurant:{unknown}")));

    let old = world.staff_for(&Permission::ALL, chrono::Duration::seconds(-300));
    refused(&old, floor.clone(), CloseCode::Expired).await;
    let row = world.env.action(ours, "an old token", of(401, "token-expired")).await.action;
    assert_eq!((row.who.id.as_str(), row.is_denied), ("ana", true));
    refused("nonsense", floor, CloseCode::Forbidden).await;
    world.env.action(None, "nonsense", of(401, "token-invalid")).await;

    // A newer token of somebody else, on a socket that is open.
    raw.send(json!({"t": "auth", "id": 1, "token": world.staff_named("eva", &Permission::ALL)})).await;
    let row = world.env.action(ours, "another's token", of(401, "token-invalid")).await.action;
    assert_eq!(row.who.id, "ben");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_at_their_own_table_leaves_nothing_and_at_another_something() {
    let world = World::start().await;
    let gateway = world.gateway().await;
    let own = format!("table-session:{}", world.place.session);
    let mut raw = Raw::hello(&gateway, &world.guest(world.place.session), json!([stream(&world, &own, Some(0))])).await;
    raw.until("live").await;
    let mut other = Raw::open(&gateway).await;
    let streams = json!([stream(&world, &own, None)]);
    other.send(hello(&world.guest(uuid::Uuid::now_v7().into()), streams)).await;
    other.closes(CloseCode::Forbidden).await;
    world.env.action(Some(world.place.tenant), "another table", of(403, "permission-missing")).await;
    assert_eq!(world.env.actions(Some(world.place.tenant)).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn events_over_http_are_as_sockets() {
    let world = World::start().await;
    let (gateway, ours) = (world.gateway().await, Some(world.place.tenant));
    let url = format!("http://127.0.0.1:{}/v1/restaurants/{}/events", gateway.port, world.place.restaurant);
    let get = async |token: &str, accept: &str| {
        let request = reqwest::Client::new().get(format!("{url}?scope=floor")).bearer_auth(token);
        request.header("accept", accept).send().await.unwrap()
    };
    let waiter = world.staff_named("ben", &[Permission::FloorRead]);
    let stream = get(&waiter, "text/event-stream").await;
    assert_eq!(stream.status(), 200);
    let row = world.env.action(ours, "a stream", of(200, "")).await.action;
    assert_eq!((row.who.id.as_str(), row.subject.as_str()), ("ben", "scope:floor"));
    let cook = world.staff_named("kim", &[Permission::KitchenRead]);
    assert_eq!(get(&cook, "application/json").await.status(), 403);
    let row = world.env.action(ours, "no right", of(403, "permission-missing")).await.action;
    assert_eq!((row.who.id.as_str(), row.permission), ("kim", Some(Permission::FloorRead)));
}
