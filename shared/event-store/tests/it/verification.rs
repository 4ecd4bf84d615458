//! `verify` finds whatever was changed behind the product's back.

use crate::support::{assert_whole, order};
use event_store::verify::{Finding, verify_feed};
use testkit::{Env, Place};

async fn findings_after(change: &str) -> Vec<Finding> {
    let env = Env::start().await;
    let committers = env.committers();
    let place = Place::create(&env, &committers).await;
    order(&committers, &place, "key").await.unwrap();
    let reader = env.reader().await;
    assert_whole(&reader, place.restaurant, 9).await;
    let admin = sqlx::MySqlPool::connect(&env.events_admin_url()).await.unwrap();
    sqlx::query(change).bind(place.restaurant.0).execute(&admin).await.unwrap();
    verify_feed(&reader, place.restaurant).await.unwrap().findings
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_payload_is_found_where_it_stands() {
    let change = "UPDATE events SET payload = REPLACE(payload, '1000', '1001') WHERE feed_id = ? AND position = 2";
    assert_eq!(findings_after(change).await, [Finding::Hash { position: 2 }]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_actor_is_found() {
    let change = "UPDATE events SET metadata = REPLACE(metadata, 'staff', 'guest') WHERE feed_id = ? AND position = 4";
    assert_eq!(findings_after(change).await, [Finding::Hash { position: 4 }]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_event_is_found() {
    let findings = findings_after("DELETE FROM events WHERE feed_id = ? AND position = 7").await;
    assert!(findings.contains(&Finding::Position { expected: 7, found: 8 }), "{findings:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_off_tail_is_found() {
    let findings = findings_after("DELETE FROM events WHERE feed_id = ? AND position > 7").await;
    assert_eq!(findings, [Finding::Head { head: 9, last: 7 }]);
}
