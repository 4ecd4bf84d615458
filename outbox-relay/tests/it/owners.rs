//! Several relays, of which some die or freeze.

use crate::support::{
    OwnProcess, PATIENCE, admin, committers, config, heads, order, outbox_empty, places, relay, stream_reaches,
};
use outbox_relay::Config;
use testkit::{Env, wait_for};
use tokio::time::Instant;

fn named(env: &Env, node: &str) -> Config {
    Config { node: node.to_owned(), ..config(env) }
}

/// How many shards relays hold whose names start so.
async fn held_by(env: &Env, node: &str) -> i64 {
    let sql = "SELECT COUNT(*) FROM leases WHERE kind = 'relay' AND shard < 64 AND owner LIKE ? AND until > NOW(6)";
    let held: (i64,) = sqlx::query_as(sql).bind(format!("{node}-%")).fetch_one(&admin(env).await).await.unwrap();
    held.0
}

async fn wait_for_shares(env: &Env, shares: &[(&str, i64)]) {
    wait_for("the shards are shared", PATIENCE, async || {
        for (node, share) in shares {
            let held = held_by(env, node).await;
            if held != *share {
                return Err(format!("{node} holds {held}, not {share}"));
            }
        }
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_relays_share_and_the_death_of_one_is_made_good() {
    let env = Env::start().await;
    let committers = committers(&env).await;
    let (_first, _stop) = relay(named(&env, "first")).await;
    let second = OwnProcess::start(named(&env, "second"));
    wait_for_shares(&env, &[("first", 32), ("second", 32)]).await;
    let places = places(&env, &committers, 8).await;
    stream_reaches(&env, &heads(&env).await).await;

    second.kill();
    order(&places, &committers, 10).await;
    wait_for_shares(&env, &[("first", 64)]).await;
    stream_reaches(&env, &heads(&env).await).await;
    outbox_empty(&env).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_ends_gives_its_shards_back_at_once() {
    let env = Env::start().await;
    let (first, stop) = relay(named(&env, "first")).await;
    wait_for_shares(&env, &[("first", 64)]).await;
    stop.cancel();
    first.stopped().await;
    assert_eq!(held_by(&env, "first").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_frozen_for_twice_its_lease_loses_and_disorders_nothing() {
    let env = Env::start().await;
    let committers = committers(&env).await;
    let old = OwnProcess::start(named(&env, "old"));
    wait_for_shares(&env, &[("old", 64)]).await;
    let places = places(&env, &committers, 4).await;
    order(&places, &committers, 5).await;
    let frozen = old.freeze().await;
    let thaw = Instant::now() + 2 * config(&env).lease;
    order(&places, &committers, 5).await;

    let (_new, _stop) = relay(named(&env, "new")).await;
    wait_for_shares(&env, &[("new", 64)]).await;
    order(&places, &committers, 5).await;
    stream_reaches(&env, &heads(&env).await).await;

    // The time that passes is what is tested.
    tokio::time::sleep_until(thaw).await;
    drop(frozen);
    wait_for_shares(&env, &[("new", 32), ("old", 32)]).await;
    order(&places, &committers, 10).await;
    let heads = heads(&env).await;
    stream_reaches(&env, &heads).await;
    outbox_empty(&env).await;
}
