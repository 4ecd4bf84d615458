//! A till, with a key in place of a log-in.

use crate::support::{World, id};
use chrono::{Duration, Utc};
use domain::{envelope::ActorKind, ids::ApiKeyId};
use identity::{
    MachineKey, Permission,
    revocation::{Entry, Revoked},
};
use messaging::{Bucket, Namespace};
use serde_json::{Value, json};
use testkit::{scan, wait_until};
use uuid::Uuid;

const PATIENCE: std::time::Duration = std::time::Duration::from_secs(20);
const TILL: [Permission; 2] = [Permission::OrderPlace, Permission::OrderAccept];

#[tokio::test]
async fn a_till_places_and_accepts_an_order_and_events_name_its_key() {
    let world = World::start().await;
    let place = world.place().await;
    let key = ApiKeyId(Uuid::now_v7());
    let till = world.machine_with(key, place.restaurant, &TILL);
    let placed = world.post(&till, &place.at("/orders"), "till-1", place.order_body()).await;
    assert_eq!(placed.status, 201, "{placed}");
    // Idempotency keys belong to the key, not to one token of it.
    let later = world.machine_with(key, place.restaurant, &TILL);
    let repeated = world.post(&later, &place.at("/orders"), "till-1", place.order_body()).await;
    assert!(repeated.is_replayed() && repeated.body == placed.body, "{repeated}");
    let accept = place.at(&format!("/orders/{}/accept", id(&placed.json()["id"])));
    world.done(&till, &accept, Value::Null).await;
    let events = world.events(place.restaurant).await;
    for wanted in ["order.placed", "order.accepted"] {
        let event = events.iter().find(|event| event.event_type == wanted).unwrap();
        let actor = &event.metadata.actor;
        assert_eq!((actor.kind, &actor.id), (ActorKind::Machine, &key.to_string()), "{wanted}");
    }
}

#[tokio::test]
async fn a_key_counts_in_no_other_restaurant_and_for_nothing_that_it_does_not_allow() {
    let world = World::start().await;
    let (place, other) = (world.place().await, world.place().await);
    let till = world.machine(place.restaurant, &TILL);
    let elsewhere = world.post(&till, &other.at("/orders"), "k", other.order_body()).await;
    assert_eq!((elsewhere.status, &*elsewhere.code()), (404, "not-found"));
    let withdraw = place.at(&format!("/menu/items/{}/withdraw", place.burger));
    assert_eq!(world.post(&till, &withdraw, "k", Value::Null).await.code(), "permission-missing");
    // However much it allows there: what belongs to no single restaurant is not for machines.
    let all = world.machine(place.restaurant, &Permission::ALL);
    let body = json!({"name": "Till 2", "restaurant_id": place.restaurant, "permissions": []});
    assert_eq!(world.post(&all, "/v1/api-keys", "k", body).await.code(), "permission-missing");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_of_a_revoked_key_is_refused_at_once_and_that_of_another_key_is_not() {
    let world = World::start().await;
    let place = world.place().await;
    let (lost, kept) = (ApiKeyId(Uuid::now_v7()), ApiKeyId(Uuid::now_v7()));
    let order = async |key: ApiKeyId, idempotency: &str| {
        let token = world.machine_with(key, place.restaurant, &TILL);
        world.post(&token, &place.at("/orders"), idempotency, place.order_body()).await.code()
    };
    assert_eq!(order(lost, "before").await, "ok");
    let nats = messaging::connect(&world.env.nats_url, "revoker").await.unwrap();
    let bucket = Bucket::revocations(nats, &Namespace::new(&world.env.nats_prefix));
    let entry = Entry::until(Utc::now() + Duration::hours(1));
    bucket.put(&Revoked::ApiKey(lost.0).to_string(), entry.to_json().into()).await.unwrap();
    wait_until("the token is refused", PATIENCE, async || order(lost, "after").await == "token-revoked").await;
    assert_eq!(order(kept, "after").await, "ok");
}

#[tokio::test]
async fn the_key_that_is_told_is_the_one_whose_hash_is_stored_with_what_it_may_at_most() {
    let world = World::start().await;
    crate::house::House::sign_up(&world).await;
    let place = world.place().await;
    let issue = async |extra: Value| {
        let mut body = json!({"name": "Till", "restaurant_id": place.restaurant, "permissions": ["order:read"]});
        body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        world.post(&world.owner(), "/v1/api-keys", &Uuid::now_v7().to_string(), body).await
    };
    let issued = issue(json!({})).await.json();
    let key: MachineKey = serde_json::from_value(issued["secret"].clone()).unwrap();
    assert_eq!(key.id().unwrap().0, id(&issued["key_id"]));
    let sql = sqlx::MySqlPool::connect(&world.env.events_admin_url()).await.unwrap();
    let stored: Vec<u8> = sqlx::query_scalar("SELECT secret_hash FROM api_keys WHERE key_id = ?")
        .bind(id(&issued["key_id"]))
        .fetch_one(&sql)
        .await
        .unwrap();
    assert!(key.has_hash(&stored.try_into().unwrap()));
    let schemas = [world.env.schemas.events.as_str(), &world.env.schemas.views, &world.env.schemas.identity];
    assert_eq!(scan::plaintext(&world.env.admin_url, &schemas, &[key.expose()]).await, Vec::<String>::new());

    let per_minute = async || {
        let event = world.events(world.tenant).await.pop().unwrap();
        serde_json::from_slice::<Value>(&event.payload).unwrap()["per_minute"].clone()
    };
    assert_eq!(per_minute().await, 600);
    for (asked, status) in [(1, 201), (60_000, 201), (0, 400), (60_001, 400)] {
        let answer = issue(json!({"per_minute": asked})).await;
        assert_eq!(answer.status, status, "{answer}");
        if status == 201 {
            assert_eq!(per_minute().await, asked);
        } else {
            assert_eq!(answer.json()["errors"][0]["pointer"], "/per_minute", "{answer}");
        }
    }
}
