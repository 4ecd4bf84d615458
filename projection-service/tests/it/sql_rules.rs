//! Rules that every statement of this crate keeps.

use crate::support::Setup;
use identity::Permission;
use sqlx::Connection;
use std::path::{Path, PathBuf};

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Statements that touch no feed.
const WITHOUT_FEED: [&str; 5] =
    ["SELECT 1", "FROM projections ", "INTO projections ", "UPDATE projections ", "UPDATE leases "];

/// I7 as it is written: a function with a statement names the feed in it.
#[test]
fn every_function_with_a_statement_names_the_feed() {
    let mut files = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut files);
    let mut n_statements = 0;
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let text = text.split("#[cfg(test)]\nmod tests").next().unwrap();
        for function in text.split("\nasync fn ").flat_map(|part| part.split("\npub(crate) async fn ")) {
            let has = |keyword: &str| function.contains(&format!("\"{keyword} "));
            if !["SELECT", "INSERT INTO", "UPDATE", "DELETE FROM"].iter().any(|keyword| has(keyword)) {
                continue;
            }
            n_statements += 1;
            let exempt = WITHOUT_FEED.iter().any(|statement| function.contains(statement));
            assert!(exempt || function.contains("feed_id"), "{}: {function}", file.display());
        }
    }
    assert!(n_statements > 20, "only {n_statements} functions with statements were found");
}

/// I7 as it runs: every statement that MySQL was given about a table with feeds names the feed, and
/// no plan reads a whole table.
#[tokio::test(flavor = "multi_thread")]
async fn every_statement_that_runs_names_the_feed() {
    let setup = Setup::start().await;
    // The server tells statements apart up to a number, and many tests share it.
    let mut admin = sqlx::MySqlConnection::connect(&setup.env.admin_url).await.unwrap();
    sqlx::raw_sql("TRUNCATE performance_schema.events_statements_summary_by_digest").execute(&mut admin).await.unwrap();
    let service = setup.service("a").await;
    let place = setup.place().await;
    let token = setup.staff(&place, &[Permission::OrderRead, Permission::KitchenRead, Permission::FloorRead]);
    let (order, events) = place.fired_order();
    setup.append(&place, events).await;
    setup.assert_equal_to_fold(&place).await;
    for path in [
        "",
        "/menu",
        "/join-requests",
        "/kitchen-board",
        "/kitchen-board?station=bar",
        "/orders",
        "/orders?state=ready",
    ] {
        assert_eq!(service.get(&place, path, &token).await.0, 200);
    }
    assert_eq!(service.get(&place, &format!("/orders/{}", order.order), &token).await.0, 200);
    assert_eq!(service.get(&place, &format!("/sessions/{}", place.session), &token).await.0, 200);

    let digests = "SELECT DIGEST_TEXT FROM performance_schema.events_statements_summary_by_digest \
                   WHERE SCHEMA_NAME = ? AND DIGEST_TEXT IS NOT NULL";
    let digests: Vec<String> =
        sqlx::query_scalar(digests).bind(&setup.env.schemas.views).fetch_all(&setup.views).await.unwrap();
    let about_feeds = |text: &&String| {
        ["_v1`", "`projection_checkpoints`", "`parked_events`"].iter().any(|table| text.contains(table))
            && !text.starts_with("CREATE")
    };
    let about_feeds: Vec<&String> = digests.iter().filter(about_feeds).collect();
    assert!(about_feeds.len() > 20, "{digests:#?}");
    for text in about_feeds {
        assert!(text.contains("`feed_id`"), "{text}");
    }
    service.stop().await;
}

/// Lists come from an index in the order of the page: no answer sorts all orders of a restaurant.
#[tokio::test(flavor = "multi_thread")]
async fn lists_are_read_in_the_order_of_an_index() {
    let setup = Setup::start().await;
    let feed = "0x00000000000000000000000000000001";
    // So many rows that reading them all would not be the better plan.
    let rows = "INSERT INTO orders_v1 (feed_id, order_id, placed_position, session_id, table_label, code, state, \
                placed_at, currency, total, tax, version) \
                WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 900) \
                SELECT UNHEX(LPAD(HEX(i % 3), 32, '0')), UNHEX(LPAD(HEX(i), 32, '0')), i, UNHEX(LPAD('1', 32, '0')), \
                       '7', 'A1B2', ELT(1 + i % 5, 'ready', 'placed', 'served', 'accepted', 'rejected'), NOW(6), \
                       'EUR', 1, 1, 1 FROM n";
    sqlx::query(rows).execute(&setup.views).await.unwrap();
    sqlx::raw_sql("ANALYZE TABLE orders_v1").execute(&setup.views).await.unwrap();
    for (state, key) in [("AND state = 'ready'", "orders_v1_state"), ("", "orders_v1_placed")] {
        let plan = format!(
            "EXPLAIN FORMAT=TREE SELECT order_id FROM orders_v1 WHERE feed_id = {feed} {state} \
             AND placed_position < 500 ORDER BY placed_position DESC LIMIT 50"
        );
        let plan: String = sqlx::query_scalar(&plan).fetch_one(&setup.views).await.unwrap();
        assert!(plan.contains(key) && !plan.contains("Sort"), "{plan}");
    }
}
