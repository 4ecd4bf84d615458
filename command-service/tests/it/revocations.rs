//! What was revoked before a start, while it runs, and after everything in NATS was lost.

use crate::support::{Place, World};
use chrono::{Duration, Utc};
use identity::revocation::{Entry, Revoked};
use messaging::{Bucket, Namespace};
use serde_json::Value;
use testkit::wait_until;

const PATIENCE: std::time::Duration = std::time::Duration::from_secs(20);

async fn bucket(world: &World) -> Bucket {
    let nats = messaging::connect(&world.env.nats_url, "revoker").await.unwrap();
    Bucket::revocations(nats, &Namespace::new(&world.env.nats_prefix))
}

async fn close_for_guests(bucket: &Bucket, place: &Place) {
    let entry = Entry::until(Utc::now() + Duration::hours(1));
    let key = Revoked::TableSession(place.session).to_string();
    bucket.put(&key, entry.to_json().into()).await.unwrap();
}

async fn order(world: &World, place: &Place, key: &str) -> String {
    world.post(&world.diner(place), &place.at("/orders"), key, place.order_body()).await.code()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_token_is_refused_at_once_and_still_after_a_restart() {
    let world = World::start().await;
    let place = world.place().await;
    assert_eq!(order(&world, &place, "before").await, "ok");
    close_for_guests(&bucket(&world).await, &place).await;
    wait_until("the token is refused", PATIENCE, async || order(&world, &place, "after").await == "token-revoked")
        .await;
    // A process that starts later has never heard of it, and knows it before its first request.
    let another = world.another_process().await;
    assert_eq!(order(&another, &place, "after").await, "token-revoked");
    let owner = world.owner();
    let path = place.at(&format!("/menu/items/{}/withdraw", place.burger));
    assert_eq!(another.post(&owner, &path, "k", Value::Null).await.code(), "ok", "nobody else is concerned");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wiped_bucket_gives_nothing_back_and_new_entries_still_arrive() {
    let world = World::start().await;
    let (first, second) = (world.place().await, world.place().await);
    let bucket = bucket(&world).await;
    close_for_guests(&bucket, &first).await;
    wait_until("the token is refused", PATIENCE, async || order(&world, &first, "a").await == "token-revoked").await;
    let stream = format!("KV_{}", Namespace::new(&world.env.nats_prefix).revocations_bucket());
    async_nats::jetstream::new(bucket.client().clone()).delete_stream(stream).await.unwrap();
    assert_eq!(order(&world, &first, "a").await, "token-revoked");
    close_for_guests(&bucket, &second).await;
    wait_until("the other too", PATIENCE, async || order(&world, &second, "b").await == "token-revoked").await;
}
