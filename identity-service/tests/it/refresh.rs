//! Staying logged in.

use crate::world::World;
use serde_json::Value;
use sqlx::{Connection, MySqlConnection};

/// Lets the time of the grace go by, without waiting for it.
pub(crate) async fn age_rotations(world: &World) {
    let url = format!("{}/{}", world.env.admin_url, world.env.schemas.identity);
    let mut sql = MySqlConnection::connect(&url).await.unwrap();
    sqlx::query("UPDATE refresh_tokens SET rotated_at = rotated_at - INTERVAL 11 SECOND WHERE rotated_at IS NOT NULL")
        .execute(&mut sql)
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_of_refreshes_goes_on_and_each_token_is_another() {
    let world = World::start().await;
    let (_, mut now) = world.member("ana@example.com", "waiter").await;
    for _ in 0..3 {
        let next = world.refresh(&now["refresh_token"]).await.expect(200);
        assert_ne!(next["refresh_token"], now["refresh_token"]);
        assert_eq!(next["device_id"], now["device_id"]);
        now = next;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_tabs_at_once_get_the_same_successor_and_both_go_on() {
    let world = World::start().await;
    let (_, before) = world.member("ana@example.com", "waiter").await;
    let token = &before["refresh_token"];
    let (one, other) = tokio::join!(world.refresh(token), world.refresh(token));
    let (one, other): (Value, Value) = (one.expect(200), other.expect(200));
    assert_eq!(one["refresh_token"], other["refresh_token"]);
    world.refresh(&one["refresh_token"]).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_comes_back_later_was_stolen_and_ends_the_device_for_thief_and_owner() {
    let world = World::start().await;
    let (_, before) = world.member("ana@example.com", "waiter").await;
    let after = world.refresh(&before["refresh_token"]).await.expect(200);
    age_rotations(&world).await;
    assert_eq!(world.refresh(&before["refresh_token"]).await.code(), "refresh-invalid");
    assert_eq!(world.refresh(&after["refresh_token"]).await.code(), "refresh-invalid");
    let token = after["access_token"].as_str().unwrap();
    testkit::wait_until("its access token is worthless too", crate::world::PATIENCE, async || {
        world.get("/v1/auth/me", token).await.code() == "token-revoked"
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_refresh_token_is_refused() {
    let world = World::start().await;
    for wrong in ["", "nonsense", &"x".repeat(10_000)] {
        assert_eq!(world.refresh(&Value::from(wrong)).await.code(), "refresh-invalid");
    }
}
