//! The plan of the lock, and that no statement of the hot path is ever pushed out of the cache.

use crate::support::{new_id, order};
use sqlx::{Connection, Executor, MySqlConnection, Row, mysql::MySqlRow};
use testkit::{Env, Place, own_servers, submission};
use tokio::task::JoinSet;
use uuid::Uuid;

/// Locks nobody asked for would couple restaurants: the plan must be the primary key, whatever part
/// of the table is named.
#[tokio::test(flavor = "multi_thread")]
async fn heads_are_locked_by_the_primary_key_at_1_50_and_100_percent_of_the_table() {
    let env = Env::start().await;
    let admin = sqlx::MySqlPool::connect(&env.events_admin_url()).await.unwrap();
    let ids: Vec<Uuid> = (0..200).map(|_| new_id()).collect();
    for id in &ids {
        sqlx::query("INSERT INTO feed_heads VALUES (?, ?, 0, 1, REPEAT('0', 32), NOW(6))")
            .bind(id)
            .bind(id)
            .execute(&admin)
            .await
            .unwrap();
    }
    sqlx::query("ANALYZE TABLE feed_heads").execute(&admin).await.unwrap();
    for named in [2, 100, 200] {
        let marks = vec!["?"; named].join(",");
        let sql = format!(
            "EXPLAIN FORMAT=TRADITIONAL SELECT feed_id, tenant_id, position, epoch, last_hash, recorded_at \
             FROM feed_heads FORCE INDEX (PRIMARY) WHERE feed_id IN ({marks}) ORDER BY feed_id FOR UPDATE SKIP LOCKED"
        );
        let mut query = sqlx::query(&sql);
        for id in &ids[..named] {
            query = query.bind(id);
        }
        let plan = query.fetch_one(&admin).await.unwrap();
        let (access, key) = (text(&plan, 4), text(&plan, 6));
        assert_eq!((access.as_str(), key.as_str()), ("range", "PRIMARY"), "{named} of 200 heads");
    }
}

/// Committers send texts as bytes (see `SETTINGS` of their session), and still find claims by their key.
#[tokio::test(flavor = "multi_thread")]
async fn claims_are_found_by_the_primary_key_when_texts_arrive_as_bytes() {
    let env = Env::start().await;
    let mut admin = MySqlConnection::connect(&env.events_admin_url()).await.unwrap();
    admin.execute("SET SESSION character_set_client = 'binary'").await.unwrap();
    let feed: Uuid = new_id();
    for number in 0..200 {
        sqlx::query("INSERT INTO claims VALUES (?, 'open-session', ?, ?)")
            .bind(feed)
            .bind(format!("table-{number}").as_bytes())
            .bind(feed)
            .execute(&mut admin)
            .await
            .unwrap();
    }
    admin.execute("ANALYZE TABLE claims").await.unwrap();
    let plan = sqlx::query(
        "EXPLAIN FORMAT=TRADITIONAL SELECT feed_id, kind, claim_key, aggregate_id FROM claims FORCE INDEX (PRIMARY) \
         WHERE (feed_id, kind, claim_key) IN ((?,?,?),(?,?,?))",
    )
    .bind(feed)
    .bind("open-session".as_bytes())
    .bind("table-7".as_bytes())
    .bind(feed)
    .bind("open-session".as_bytes())
    .bind("table-8".as_bytes())
    .fetch_one(&mut admin)
    .await
    .unwrap();
    let rows: u64 = plan.get_unchecked(9);
    assert_eq!((text(&plan, 4).as_str(), text(&plan, 6).as_str(), rows), ("range", "PRIMARY", 2));
}

/// EXPLAIN gives some of its columns as bytes.
fn text(row: &MySqlRow, column: usize) -> String {
    String::from_utf8(row.get_unchecked::<Vec<u8>, _>(column)).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_of_every_size_evict_no_prepared_statement() {
    let own = tokio::task::spawn_blocking(|| own_servers("plans")).await.unwrap();
    let env = Env::on(&own).await;
    let committers = env.committers();
    let mut places = Vec::new();
    for _ in 0..40 {
        let place = Place::new(new_id());
        let opening = Box::new(testkit::Append(place.opening_events()));
        committers.submit(submission(&place, "create", true, opening)).await.unwrap();
        places.push(place);
    }
    let admin = sqlx::MySqlPool::connect(&env.events_admin_url()).await.unwrap();
    let closed = async || -> u64 {
        let row = sqlx::query("SHOW GLOBAL STATUS LIKE 'Com_stmt_close'").fetch_one(&admin).await.unwrap();
        row.get::<String, _>(1).parse().unwrap()
    };
    let before = closed().await;
    for size in 1..120 {
        let mut tasks = JoinSet::new();
        for number in 0..size {
            let (committers, place) = (committers.clone(), places[number % places.len()].clone());
            tasks.spawn(async move { order(&committers, &place, &format!("{size}-{number}")).await.unwrap() });
        }
        tasks.join_all().await;
    }
    assert_eq!(closed().await, before);
}
