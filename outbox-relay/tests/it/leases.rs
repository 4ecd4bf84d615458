//! Leases on a real MySQL.

use crate::support::{PATIENCE, admin};
use event_store::lease::{Held, LeaseKeeper};
use sqlx::MySqlPool;
use std::time::{Duration, Instant};
use testkit::{Env, wait_until};

const TTL: Duration = Duration::from_secs(1);

fn keeper(pool: &MySqlPool, owner: &str) -> LeaseKeeper {
    LeaseKeeper::new(pool.clone(), "test", 64, owner.to_owned(), TTL)
}

#[tokio::test]
async fn one_holds_all_until_its_own_clock_says_stop() {
    let env = Env::start().await;
    let pool = admin(&env).await;
    let asked = Instant::now();
    let held = keeper(&pool, "a").renew().await.unwrap();
    assert_eq!(held.shards().len(), 64);
    assert!(held.holds(63) && !held.holds(64));
    assert!(held.valid_until() >= asked + TTL * 2 / 3);
    assert!(held.valid_until() <= Instant::now() + TTL * 2 / 3);
    wait_until("the time is over", PATIENCE, async || !held.holds(0)).await;
    assert!(asked.elapsed() < PATIENCE && !Held::nothing().holds(0));
}

#[tokio::test]
async fn shares_are_disjoint_at_every_moment() {
    let env = Env::start().await;
    let pool = admin(&env).await;
    let mut keepers = ["a", "b", "c"].map(|owner| keeper(&pool, owner));
    let mut held = [Held::nothing(), Held::nothing(), Held::nothing()];
    wait_until("everyone has a share", PATIENCE, async || {
        for (keeper, held) in keepers.iter_mut().zip(held.iter_mut()) {
            *held = keeper.renew().await.unwrap();
        }
        for shard in 0..64 {
            assert!(held.iter().filter(|held| held.holds(shard)).count() <= 1, "shard {shard} has two owners");
        }
        held.iter().all(|held| held.shards().len() >= 21)
    })
    .await;
    assert_eq!(held.iter().map(|held| held.shards().len()).sum::<usize>(), 64);
}

#[tokio::test]
async fn what_is_released_can_be_taken_at_once_and_what_is_not_runs_out() {
    let env = Env::start().await;
    let pool = admin(&env).await;
    let (mut a, mut b) = (keeper(&pool, "a"), keeper(&pool, "b"));
    a.renew().await.unwrap();
    assert!(b.renew().await.unwrap().shards().is_empty());
    a.release().await.unwrap();
    assert_eq!(b.renew().await.unwrap().shards().len(), 64);
    drop(b);
    wait_until("the dead one's leases run out", PATIENCE, async || a.renew().await.unwrap().shards().len() == 64).await;
}
