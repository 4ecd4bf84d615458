//! Who was denied what, and who failed, is written down; who succeeded is in the events.

use crate::support::{World, staff_claims};
use chrono::{Duration, Utc};
use domain::ids::{RestaurantId, TenantId};
use identity::{Claims, Permission, claims::At};
use serde_json::{Value, json};
use uuid::Uuid;

const ACCEPT: &str = "POST /v1/restaurants/{restaurant}/orders/{order}/accept";

#[tokio::test(flavor = "multi_thread")]
async fn each_kind_of_denial_is_written_down_with_who_and_what_and_which_right() {
    let world = World::start().await;
    let (place, order) = (world.place().await, Uuid::now_v7());
    let accept = place.at(&format!("/orders/{order}/accept"));
    let (env, ours) = (&world.env, Some(world.tenant));

    let waiter = world.staff(At::Restaurant(place.restaurant), &[Permission::LineServe]);
    assert_eq!(world.post(&waiter, &accept, "a", Value::Null).await.status, 403);
    let row = env.action(ours, "no right", |row| row.action.status == 403).await.action;
    assert_eq!((row.who.kind.as_str(), row.who.id.as_str(), row.action.as_str()), ("staff", "ana", ACCEPT));
    assert_eq!((row.restaurant, row.permission), (Some(place.restaurant), Some(Permission::OrderAccept)));
    assert_eq!((row.subject, row.code.as_str(), row.is_denied), (format!("order:{order}"), "permission-missing", true));
    assert!(row.who.via.starts_with("token:") && row.remote.is_some_and(|it| it.is_loopback()));

    let long_ago = Utc::now() - Duration::hours(3);
    let old = world.sign(&staff_claims(world.tenant, At::Everywhere, &Permission::ALL, long_ago));
    assert_eq!(world.post(&old, &accept, "b", Value::Null).await.status, 401);
    let row = env.action(ours, "an old token", |row| row.action.status == 401).await.action;
    assert_eq!((row.who.id.as_str(), row.code.as_str()), ("ana", "token-expired"));

    // Another tenant's staff: theirs is the row, and ours is nothing.
    let theirs = TenantId(Uuid::now_v7());
    let stranger = world.sign(&staff_claims(theirs, At::Everywhere, &Permission::ALL, Utc::now()));
    assert_eq!(world.post(&stranger, &accept, "c", Value::Null).await.status, 404);
    let row = env.action(Some(theirs), "a foreign restaurant", |row| row.action.status == 404).await.action;
    assert_eq!((row.restaurant, row.is_denied), (None, true));
    assert!(row.subject.contains(&place.restaurant.to_string()));

    // A guest of another table.
    let other = Claims::guest(
        Uuid::now_v7().into(),
        world.tenant,
        place.restaurant,
        (place.tables[1], Uuid::now_v7().into()),
        Utc::now(),
        Duration::hours(1),
    );
    let join = place.at(&format!("/sessions/{}/join", place.session));
    assert_eq!(world.post(&world.sign(&other), &join, "d", Value::Null).await.status, 404);
    let row = env.action(ours, "a guest of another table", |row| row.action.who.kind == "guest").await.action;
    assert_eq!((row.status, row.is_denied), (404, true));

    // Nobody knows who it was: the tenant is told nothing.
    assert_eq!(world.post("forged", &accept, "e", Value::Null).await.code(), "token-invalid");
    assert_eq!(world.send_without_token(&accept, "f", json!({})).await.code(), "token-missing");
    for code in ["token-invalid", "token-missing"] {
        let row = env.action(None, code, |row| row.action.code == code).await.action;
        assert_eq!((row.who.kind.as_str(), row.restaurant), ("unknown", None));
        assert!(row.subject.contains(&place.restaurant.to_string()), "{row:?}");
    }
    assert!(env.actions(ours).await.iter().all(|row| row.action.who.is_known()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_is_done_is_in_the_events_and_one_that_fails_is_written_down() {
    let world = World::start().await;
    let place = world.place().await;
    let placed = world.done(&world.diner(&place), &place.at("/orders"), place.order_body()).await;
    let accept = place.at(&format!("/orders/{}/accept", placed["id"].as_str().unwrap()));
    let manager = world.role(&place, "manager");
    world.done(&manager, &accept, Value::Null).await;
    assert_eq!(world.post(&manager, &accept, "again", Value::Null).await.code(), "order-not-placed");
    let row = world.env.action(Some(world.tenant), "the failure", |row| row.action.status == 409).await.action;
    assert_eq!((row.action.as_str(), row.code.as_str(), row.is_denied), (ACCEPT, "order-not-placed", false));
    assert_eq!(row.permission, Some(Permission::OrderAccept));
    let events = world.events(place.restaurant).await;
    let accepted = events.iter().find(|event| event.event_type == "order.accepted").unwrap();
    let means = accepted.metadata.means.clone().unwrap();
    assert_eq!((means.permission.as_deref(), means.via.starts_with("token:")), (Some("order:accept"), true));
    let rows = world.env.actions(Some(world.tenant)).await;
    assert!(rows.iter().all(|row| row.action.status >= 400), "{rows:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_signs_up_and_who_makes_codes_up_and_who_guesses_digits_is_written_down() {
    let world = World::start().await;
    let place = world.place().await;
    let body = json!({"name": "Grupo Sur", "owner_name": "Zoraida", "owner_email": "zoraida@example.com"});
    let signed_up = world.send_without_token("/v1/tenants", &Uuid::now_v7().to_string(), body).await;
    let tenant: TenantId = crate::support::id(&signed_up.json()["id"]).into();
    let row = world.env.action(Some(tenant), "a sign-up", |row| row.action.action == "POST /v1/tenants").await.action;
    assert_eq!((row.status, row.is_denied), (201, false));
    assert_eq!(row.subject, format!("member:{}", signed_up.json()["owner_id"].as_str().unwrap()));

    assert_eq!(world.scan("a-code-that-nobody-printed", &Uuid::now_v7().to_string()).await.status, 404);
    let row = world.env.action(None, "a code that was made up", |row| row.action.status == 404).await.action;
    assert!(row.is_denied && row.subject.is_empty(), "{row:?}");

    let asked = world.ask(&world.printed(&place).await).await;
    let right = world.digits(&world.owner(), &place).await.as_str().unwrap().to_owned();
    let wrong = if right == "0000" { "0001" } else { "0000" };
    assert_eq!(world.type_digits(&place, &asked, wrong).await.code(), "wrong-code");
    let row = world.env.action(Some(world.tenant), "a guess", |row| row.action.code == "wrong-code").await.action;
    assert_eq!((row.who.kind.as_str(), row.who.id, row.is_denied), ("guest", asked.diner.to_string(), true));
    assert_eq!(row.restaurant, Some(place.restaurant));

    // Nothing that is personal, secret or printed is in the table.
    let printed = world.printed(&place).await;
    let secrets = ["Zoraida", "zoraida@example.com", &printed, &asked.pass];
    let found = testkit::scan::plaintext(&world.env.admin_url, &[&world.env.schemas.events], &secrets).await;
    assert_eq!(found, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restaurant_that_does_not_exist_is_no_denial() {
    let world = World::start().await;
    let nowhere = RestaurantId(Uuid::now_v7());
    let path = format!("/v1/restaurants/{nowhere}/menu/items");
    assert_eq!(world.post(&world.owner(), &path, "a", Value::Null).await.status, 404);
    let row = world.env.action(Some(world.tenant), "a failure", |row| row.action.status == 404).await.action;
    assert!(!row.is_denied && row.restaurant.is_none(), "{row:?}");
}
