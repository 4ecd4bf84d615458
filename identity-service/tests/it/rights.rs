//! What follows from events: rights that change, members who are sent away, sessions that are closed.

use crate::world::{PATIENCE, World, append, role};
use domain::{
    dining::{SessionClosed, SessionEvent},
    event::Event,
    ids::TenantId,
    staff::{Assignment, At, MemberDeactivated, MemberForgotten, MemberRolesChanged, Permission, RoleChanged},
    stream::StreamId,
    tenants::SignedUp,
};
use futures::future::join_all;
use messaging::Namespace;
use serde_json::json;
use std::time::Instant;
use testkit::{Env, Place, wait_for, wait_until};
use uuid::Uuid;

async fn until_revoked(world: &World, token: &str) {
    wait_until("the token is revoked", PATIENCE, async || {
        world.get("/v1/auth/me", token).await.code() == "token-revoked"
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn changed_roles_end_the_old_token_and_a_refresh_has_the_new_rights() {
    let world = World::start().await;
    let (member_id, answer) = world.member("ana@example.com", "waiter").await;
    let (_, other) = world.member("bea@example.com", "waiter").await;
    let assignments = vec![Assignment { role_id: role("kitchen"), at: At::Everywhere }];
    world.append(vec![MemberRolesChanged { member_id, assignments }.into()]).await;
    until_revoked(&world, answer["access_token"].as_str().unwrap()).await;
    let renewed = world.refresh(&answer["refresh_token"]).await.expect(200);
    let me = world.get("/v1/auth/me", renewed["access_token"].as_str().unwrap()).await.expect(200);
    assert_eq!(me["roles"], json!(["kitchen"]));
    world.get("/v1/auth/me", other["access_token"].as_str().unwrap()).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_role_ends_the_tokens_of_all_who_have_it() {
    let world = World::start().await;
    let (_, ana) = world.member("ana@example.com", "waiter").await;
    let (_, bea) = world.member("bea@example.com", "kitchen").await;
    let permissions = [Permission::OrderRead].into_iter().collect();
    world.append(vec![RoleChanged { role_id: role("waiter"), name: "waiter".into(), permissions }.into()]).await;
    until_revoked(&world, ana["access_token"].as_str().unwrap()).await;
    let renewed = world.refresh(&ana["refresh_token"]).await.expect(200);
    let me = world.get("/v1/auth/me", renewed["access_token"].as_str().unwrap()).await.expect(200);
    assert_eq!(me["grants"], json!({"*": ["order:read"]}));
    world.get("/v1/auth/me", bea["access_token"].as_str().unwrap()).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_deactivated_neither_refreshes_nor_logs_in() {
    let world = World::start().await;
    let (member_id, answer) = world.member("ana@example.com", "waiter").await;
    world.append(vec![MemberDeactivated { member_id }.into()]).await;
    until_revoked(&world, answer["access_token"].as_str().unwrap()).await;
    assert_eq!(world.refresh(&answer["refresh_token"]).await.code(), "member-inactive");
    let login = world.log_in("10.0.0.1", "ana@example.com", crate::world::PASSWORD).await;
    assert_eq!(login.code(), "member-inactive");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_forgotten_has_no_account_any_more() {
    let world = World::start().await;
    let (member_id, answer) = world.member("ana@example.com", "waiter").await;
    world.append(vec![MemberForgotten { member_id }.into()]).await;
    until_revoked(&world, answer["access_token"].as_str().unwrap()).await;
    wait_until("the account is gone", PATIENCE, async || {
        world.log_in("10.0.0.1", "ana@example.com", crate::world::PASSWORD).await.code() == "login-failed"
    })
    .await;
    // Also where whoever asked for it was cut off before the key was deleted.
    assert!(!world.can_read(member_id).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_session_is_told_and_told_again_after_everything_in_nats_was_lost() {
    let world = World::start().await;
    let place = Place::create(&world.env, &world.committers).await;
    let closed = SessionClosed { session_id: place.session, table_id: place.table };
    let event = (StreamId::from(place.session), Event::from(SessionEvent::Closed(closed)));
    place.append(&world.committers, vec![event]).await.unwrap();
    let nats = messaging::connect(&world.env.nats_url, "watcher").await.unwrap();
    let bucket = messaging::Bucket::revocations(nats.clone(), &Namespace::new(&world.env.nats_prefix));
    let key = format!("table-session.{}", place.session);
    let told = async || {
        let mut found = false;
        let read = bucket.read(|entry, _| found |= entry == key).await;
        read.is_ok() && found
    };
    wait_until("the session is told", PATIENCE, told).await;
    let stream = format!("KV_{}", Namespace::new(&world.env.nats_prefix).revocations_bucket());
    async_nats::jetstream::new(nats.clone()).delete_stream(stream).await.unwrap();
    wait_until("it is told again", PATIENCE, told).await;
}

/// Tenants of which each has something that was taken back.
const FEEDS: usize = 200;

/// Waits until the member of each feed is revoked: how long that took.
async fn all_are_revoked(sql: &sqlx::MySqlPool) -> std::time::Duration {
    let started = Instant::now();
    wait_for("every feed was read", 3 * PATIENCE, async || {
        let count: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM revocations").fetch_one(sql).await.unwrap();
        if count == i64::try_from(FEEDS).unwrap() { Ok(()) } else { Err(count.to_string()) }
    })
    .await;
    started.elapsed()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_taken_back_in_many_feeds_while_nobody_looked_is_told_after_a_start_and_after_a_restart() {
    let env = Env::start().await;
    let committers = env.committers();
    let feeds = (0..FEEDS).map(|_| {
        let tenant = TenantId(Uuid::now_v7());
        let signed_up = SignedUp { tenant_id: tenant, name: "Casa".into(), owner_id: Uuid::now_v7().into() };
        let gone = MemberDeactivated { member_id: signed_up.owner_id };
        append(&committers, tenant, vec![signed_up.into(), gone.into()])
    });
    join_all(feeds).await;
    let sql = sqlx::MySqlPool::connect(&format!("{}/{}", env.admin_url, env.schemas.identity)).await.unwrap();
    let mut world = World::on(env).await;
    println!("{FEEDS} feeds from their beginning: {:?}", all_are_revoked(&sql).await);

    // As a process finds it that was away: read before, and then something more.
    sqlx::query("UPDATE reactor_checkpoints SET position = 1").execute(&sql).await.unwrap();
    sqlx::query("DELETE FROM revocations").execute(&sql).await.unwrap();
    world.another_process().await;
    println!("{FEEDS} feeds from where they were read to: {:?}", all_are_revoked(&sql).await);
}
