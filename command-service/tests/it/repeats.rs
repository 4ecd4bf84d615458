//! The same command again: at once, later, much later, and with another body.

use crate::support::{Answer, Place, World, item_body, restaurant_body};
use futures::future::join_all;
use serde_json::{Value, json};
use sqlx::{Connection, MySqlConnection};
use std::collections::HashSet;
use uuid::Uuid;

/// As if a day had passed and the janitor had been there.
async fn forget_receipts(world: &World) {
    let mut admin = MySqlConnection::connect(&world.env.events_admin_url()).await.unwrap();
    sqlx::query("DELETE FROM receipts").execute(&mut admin).await.unwrap();
}

fn the_same(answers: &[Answer]) -> bool {
    answers.iter().all(|it| {
        (it.status, &it.body, it.header("location"))
            == (answers[0].status, &answers[0].body, answers[0].header("location"))
    })
}

#[tokio::test]
async fn an_order_sent_50_times_at_once_is_placed_once() {
    let world = World::start().await;
    let place = world.place().await;
    let (guest, path) = (world.diner(&place), place.at("/orders"));
    let answers = join_all((0..50).map(|_| world.post(&guest, &path, "k", place.order_body()))).await;
    assert_eq!(answers[0].status, 201, "{}", answers[0]);
    assert!(the_same(&answers));
    assert_eq!(answers.iter().filter(|answer| !answer.is_replayed()).count(), 1);
    assert_eq!(world.count_of(place.restaurant, "order.placed").await, 1);
}

#[tokio::test]
async fn another_request_under_the_key_is_refused_and_does_nothing() {
    let world = World::start().await;
    let place = world.place().await;
    let guest = world.diner(&place);
    let first = world.post(&guest, &place.at("/orders"), "k", place.order_body()).await;
    let before = world.position(place.restaurant).await;
    let mut other = place.order_body();
    other["note"] = json!("quickly");
    let refused = world.post(&guest, &place.at("/orders"), "k", other).await;
    assert_eq!((refused.status, &*refused.code()), (422, "idempotency-key-reused"));
    let join = place.at(&format!("/sessions/{}/join", place.session));
    assert_eq!(world.post(&guest, &join, "k", Value::Null).await.status, 422);
    assert_eq!(world.position(place.restaurant).await, before);
    let again = world.post(&guest, &place.at("/orders"), "k", place.order_body()).await;
    assert!(again.is_replayed() && the_same(&[first, again]));
}

#[tokio::test]
async fn a_key_belongs_to_who_sent_it() {
    let world = World::start().await;
    let place = world.place().await;
    let guest = world.post(&world.diner(&place), &place.at("/orders"), "k", place.order_body()).await;
    let staff = world.post(&world.owner(), &place.at("/orders"), "k", place.order_body()).await;
    assert_eq!((guest.status, staff.status), (201, 201));
    assert_ne!(guest.json()["id"], staff.json()["id"]);
    let upper = world.post(&world.owner(), &place.at("/orders"), "K", place.order_body()).await;
    assert_ne!(upper.json()["id"], staff.json()["id"]);
}

#[tokio::test]
async fn a_refusal_is_kept_under_its_key() {
    let world = World::start().await;
    let place = world.place().await;
    let owner = world.owner();
    let (withdraw, restore) = (
        place.at(&format!("/menu/items/{}/withdraw", place.beer)),
        place.at(&format!("/menu/items/{}/restore", place.beer)),
    );
    let refused = world.post(&owner, &restore, "k", Value::Null).await;
    assert_eq!((refused.status, &*refused.code()), (409, "item-available"));
    world.done(&owner, &withdraw, Value::Null).await;
    let again = world.post(&owner, &restore, "k", Value::Null).await;
    assert!(again.is_replayed() && the_same(&[refused, again]));
    world.done(&owner, &restore, Value::Null).await;
}

#[tokio::test]
async fn a_restaurant_that_is_created_again_is_the_same_one() {
    let world = World::start().await;
    let owner = world.owner();
    let body = restaurant_body("Casa Doble");
    let answers = join_all((0..20).map(|_| world.post(&owner, "/v1/restaurants", "k", body.clone()))).await;
    assert_eq!(answers[0].status, 201, "{}", answers[0]);
    assert!(the_same(&answers));
    let other = world.post(&owner, "/v1/restaurants", "k", restaurant_body("Casa Triple")).await;
    assert_eq!((other.status, &*other.code()), (422, "idempotency-key-reused"));
    let feeds = world.reader.all_heads(None, 100).await.unwrap();
    let created: HashSet<_> = feeds.iter().filter(|head| head.tenant == world.tenant).map(|head| head.feed).collect();
    assert_eq!(created.len(), 1);

    forget_receipts(&world).await;
    let late = world.post(&owner, "/v1/restaurants", "k", body).await;
    assert_eq!((late.status, &*late.code()), (409, "restaurant-exists"));
    assert_eq!(late.header("location"), answers[0].header("location"));
}

/// Repeats a creation after its receipt is gone.
async fn late(world: &World, place: &Place, token: &str, path: &str, body: Value) {
    let key = Uuid::now_v7().to_string();
    let first = world.post(token, path, &key, body.clone()).await;
    assert_eq!(first.status, 201, "{first}");
    let before = world.position(place.restaurant).await;
    forget_receipts(world).await;
    let late = world.post(token, path, &key, body).await;
    assert_eq!((late.status, &*late.code()), (409, "already-done"), "{late}");
    assert_eq!(late.header("location"), first.header("location"));
    assert_eq!(world.position(place.restaurant).await, before);
}

#[tokio::test]
async fn a_repeat_that_comes_after_the_receipt_is_gone_meets_what_it_made() {
    let world = World::start().await;
    let place = world.place().await;
    let owner = world.owner();
    late(&world, &place, &world.diner(&place), &place.at("/orders"), place.order_body()).await;
    late(&world, &place, &owner, &place.at("/menu/items"), item_body("Soup", 600, "grill")).await;
    late(&world, &place, &owner, &place.at(&format!("/tables/{}/sessions", place.tables[1])), Value::Null).await;
}

#[tokio::test]
async fn a_late_repeat_meets_what_it_made_although_the_rules_would_now_say_no() {
    let world = World::start().await;
    let place = world.place().await;
    let owner = world.owner();
    let first = world.post(&owner, &place.at("/orders"), "k", place.order_body()).await;
    let cancel = format!("{}/cancel", first.header("location").unwrap());
    world.done(&owner, &cancel, json!({"reason": "mistake"})).await;
    world.done(&owner, &place.at(&format!("/sessions/{}/close", place.session)), Value::Null).await;
    forget_receipts(&world).await;
    // Another process, which remembers nothing of the order.
    let again = world.another_process().await.post(&owner, &place.at("/orders"), "k", place.order_body()).await;
    assert_eq!((again.status, &*again.code()), (409, "already-done"), "{again}");
    assert_eq!(again.header("location"), first.header("location"));
}
