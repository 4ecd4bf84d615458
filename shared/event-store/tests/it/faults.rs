//! What is promised holds when connections are cut, owners freeze and MySQL is away.

use crate::support::{assert_whole, order};
use domain::envelope::Cursor;
use event_store::{
    committer::{CommitterConfig, Committers, SubmitError},
    follow::FeedFollower,
};
use sqlx::{Connection, Executor, MySqlConnection};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use testkit::{Env, Fault, Place, TcpProxy, own_servers, servers};
use tokio::task::JoinSet;

/// The command COMMIT on the wire: a query with just this text. The name of an isolation level has it too.
const COMMIT: &[u8] = b"\x03COMMIT";

/// The address of the event schema, by way of a proxy.
fn through(proxy: &TcpProxy, url: &str) -> String {
    let direct = format!(":{}/", servers().mysql.port());
    url.replace(&direct, &format!(":{}/", proxy.port()))
}

fn committers_at(env: &Env, url: String) -> Committers {
    Committers::start(CommitterConfig::new(url), Arc::new(|_| {}), env.shutdown.clone()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_of_commit_ends_with_the_truth() {
    let env = Env::start().await;
    let place = Place::create(&env, &env.committers()).await;
    let proxy = TcpProxy::start(servers().mysql.port()).await;
    let committers = committers_at(&env, through(&proxy, &env.access.writer));
    let mut done = 0;
    for (deliver, every) in [(true, 2), (false, 3), (true, 1)] {
        proxy.set(Fault::CutAfter { needle: COMMIT, every, deliver });
        let cuts = proxy.cuts();
        let mut tasks = JoinSet::new();
        for number in 0..60 {
            let (committers, place) = (committers.clone(), place.clone());
            let key = format!("{deliver}-{every}-{number}");
            tasks.spawn(async move { (order(&committers, &place, &key).await, key) });
        }
        // With every COMMIT cut, nothing is ever answered by luck: the receipts must tell.
        let results = tasks.join_all().await;
        assert!(proxy.cuts() > cuts, "no COMMIT was cut");
        proxy.set(Fault::None);
        for (result, key) in results {
            let answer = match result {
                Ok(reply) => reply.answer,
                Err(error) => {
                    assert!(matches!(error, SubmitError::Unknown | SubmitError::StoreUnavailable), "{error}");
                    order(&committers, &place, &key).await.unwrap().answer
                }
            };
            assert_eq!(order(&committers, &place, &key).await.unwrap().answer, answer);
            done += 1;
        }
    }
    assert_whole(&env.reader().await, place.feed(), 5 + done * 4).await;
}

/// One process commits, one loses its connections at COMMIT (before it arrives, so that what was written
/// is rolled back), one dies in the middle. A reader polls all the time.
#[tokio::test(flavor = "multi_thread")]
async fn who_polls_while_others_commit_abort_and_die_never_sees_a_position_appear_behind() {
    let env = Env::start().await;
    let sound = env.committers();
    let place = Place::create(&env, &sound).await;
    let proxy = TcpProxy::start(servers().mysql.port()).await;
    proxy.set(Fault::CutAfter { needle: COMMIT, every: 2, deliver: false });
    let aborting = committers_at(&env, through(&proxy, &env.access.writer));

    let (reader, feed) = (env.reader().await, place.feed());
    let total = 5 + 2 * 100 * 4;
    let poller = tokio::spawn(async move {
        let mut follower = FeedFollower::new(feed, Cursor { epoch: 1, position: 0 });
        while follower.cursor().position < total {
            // It fails on a hole; a position that appeared behind it would have been one.
            follower.catch_up(&reader, 3).await.unwrap();
        }
    });
    // Dies with the lock in its hands and rows written, again and again.
    let dying = tokio::spawn({
        let (url, feed) = (env.events_admin_url(), place.restaurant);
        async move {
            for _ in 0..20 {
                let mut connection = MySqlConnection::connect(&url).await.unwrap();
                connection.execute("START TRANSACTION").await.unwrap();
                let lock = "SELECT position FROM feed_heads WHERE feed_id = ? FOR UPDATE";
                sqlx::query(lock).bind(feed.0).fetch_one(&mut connection).await.unwrap();
                let append = "INSERT INTO events SELECT feed_id, (SELECT MAX(position) + 1 FROM events WHERE feed_id = ?), \
                              UUID_TO_BIN(UUID()), aggregate_type, 1, UUID_TO_BIN(UUID()), type, schema_version, \
                              recorded_at, metadata, payload, hash FROM events WHERE feed_id = ? AND position = 1";
                sqlx::query(append).bind(feed.0).bind(feed.0).execute(&mut connection).await.unwrap();
                drop(connection);
            }
        }
    });
    let mut tasks = JoinSet::new();
    for (process, committers) in [sound, aborting].into_iter().enumerate() {
        for number in 0..100 {
            let (committers, place, key) = (committers.clone(), place.clone(), format!("{process}-{number}"));
            tasks.spawn(async move {
                while let Err(error) = order(&committers, &place, &key).await {
                    assert!(matches!(error, SubmitError::Unknown | SubmitError::StoreUnavailable), "{error}");
                }
            });
        }
    }
    tasks.join_all().await;
    dying.await.unwrap();
    tokio::time::timeout(Duration::from_secs(20), poller).await.unwrap().unwrap();
    assert!(proxy.cuts() > 0, "no COMMIT was cut");
    assert_whole(&env.reader().await, feed, total).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_owner_holds_its_feed_for_three_seconds_only() {
    let env = Env::start().await;
    let committers = env.committers();
    let place = Place::create(&env, &committers).await;
    let other = Place::create(&env, &committers).await;
    // Another process locks the head as a committer does, and then says nothing more.
    let mut frozen = MySqlConnection::connect(&env.access.writer).await.unwrap();
    frozen.execute("SET SESSION wait_timeout = 3").await.unwrap();
    frozen.execute("START TRANSACTION").await.unwrap();
    sqlx::query("SELECT position FROM feed_heads WHERE feed_id = ? FOR UPDATE")
        .bind(place.restaurant.0)
        .fetch_one(&mut frozen)
        .await
        .unwrap();

    let started = Instant::now();
    order(&committers, &place, "key").await.unwrap();
    assert!(started.elapsed() < Duration::from_secs(5), "it took {:?}", started.elapsed());
    order(&committers, &other, "key").await.unwrap();

    // Thawed, it finds its transaction gone.
    assert!(frozen.execute("COMMIT").await.is_err());
    assert_whole(&env.reader().await, place.feed(), 9).await;
}

/// A process that froze holds several restaurants, each with many guests who wait: more than one batch.
#[tokio::test(flavor = "multi_thread")]
async fn locked_feeds_do_not_hold_up_the_others() {
    let env = Env::start().await;
    let config = CommitterConfig { committers: 1, ..CommitterConfig::new(env.access.writer.clone()) };
    let committers = Committers::start(config, Arc::new(|_| {}), env.shutdown.clone()).unwrap();
    let other = Place::create(&env, &committers).await;
    let mut holder = MySqlConnection::connect(&env.access.writer).await.unwrap();
    holder.execute("START TRANSACTION").await.unwrap();
    let mut blocked = JoinSet::new();
    for _ in 0..3 {
        let place = Place::create(&env, &committers).await;
        sqlx::query("SELECT position FROM feed_heads WHERE feed_id = ? FOR UPDATE")
            .bind(place.restaurant.0)
            .fetch_one(&mut holder)
            .await
            .unwrap();
        for number in 0..150 {
            let (committers, place) = (committers.clone(), place.clone());
            blocked.spawn(async move { order(&committers, &place, &number.to_string()).await });
        }
    }
    let started = Instant::now();
    for number in 0..20 {
        order(&committers, &other, &number.to_string()).await.unwrap();
    }
    // One wait in vain for the locks is allowed, of one second.
    assert!(started.elapsed() < Duration::from_secs(4), "the free restaurant needed {:?}", started.elapsed());
    holder.execute("ROLLBACK").await.unwrap();
    for result in blocked.join_all().await {
        result.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_no_fault_of_a_command() {
    let env = Env::start().await;
    let config = CommitterConfig {
        command_deadline: Duration::from_millis(500),
        ..CommitterConfig::new(env.access.writer.clone())
    };
    let committers = Committers::start(config, Arc::new(|_| {}), env.shutdown.clone()).unwrap();
    let place = Place::create(&env, &committers).await;
    let mut admin = MySqlConnection::connect(&env.events_admin_url()).await.unwrap();
    let full = "CREATE TRIGGER disk_full BEFORE INSERT ON outbox FOR EACH ROW \
                SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = 1114, MESSAGE_TEXT = 'The table is full'";
    admin.execute(full).await.unwrap();
    assert_eq!(order(&committers, &place, "key").await, Err(SubmitError::StoreUnavailable));
    admin.execute("DROP TRIGGER disk_full").await.unwrap();
    order(&committers, &place, "key").await.unwrap();
    assert_whole(&env.reader().await, place.feed(), 9).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mysql_away_is_told_and_mysql_back_is_used() {
    let own = tokio::task::spawn_blocking(|| own_servers("away")).await.unwrap();
    let env = Env::on(&own).await;
    let config =
        CommitterConfig { command_deadline: Duration::from_secs(1), ..CommitterConfig::new(env.access.writer.clone()) };
    let committers = Committers::start(config, Arc::new(|_| {}), env.shutdown.clone()).unwrap();
    let place = Place::create(&env, &committers).await;
    let own = Arc::new(own);

    own.mysql.kill_hard().unwrap();
    let error = order(&committers, &place, "key").await.unwrap_err();
    assert!(matches!(error, SubmitError::StoreUnavailable | SubmitError::Unknown), "{error}");

    let mysql = own.clone();
    tokio::task::spawn_blocking(move || mysql.mysql.restart()).await.unwrap().unwrap();
    let reply = order(&committers, &place, "key").await.unwrap();
    assert_eq!(reply.answer.status, 200);
    assert_whole(&env.reader().await, place.feed(), 9).await;
}
