//! How MySQL runs the statements of the relay: the very texts that run, in tables that are large, and in
//! an outbox that is almost empty, where a scan would be cheap but wait for rows that committers are
//! about to commit.

use super::{Mark, Range, delete_rows, events_of};
use domain::ids::FeedId;
use sqlx::{Connection, Execute, Executor, MySql, MySqlConnection, QueryBuilder, Row, mysql::MySqlRow};
use testkit::Env;
use uuid::Uuid;

/// Events and outbox rows over 16 feeds.
const ROWS: u64 = 4_800;

fn feed(number: u128) -> FeedId {
    Uuid::from_u128(number + 1).into()
}

async fn filled() -> (Env, MySqlConnection) {
    let env = Env::start().await;
    let mut admin = MySqlConnection::connect(&env.events_admin_url()).await.unwrap();
    admin.execute("SET SESSION cte_max_recursion_depth = 1000000").await.unwrap();
    let numbers = format!(
        "WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {ROWS}) \
         SELECT UNHEX(LPAD(HEX(1 + i % 16), 32, '0')) AS feed, 1 + i DIV 16 AS nr, \
                UNHEX(LPAD(HEX(100000 + i), 32, '0')) AS id FROM n"
    );
    let events = "INSERT INTO events SELECT feed, nr, id, 'order', 1, id, 'order.accepted', 1, NOW(6), '{}', \
                  REPEAT('x', 600), REPEAT('0', 32)";
    admin.execute(format!("{events} FROM ({numbers}) rows_").as_str()).await.unwrap();
    for number in 0..16 {
        let feed = feed(number);
        let heads = "INSERT INTO feed_heads VALUES (?, ?, 300, 1, REPEAT('0', 32), NOW(6))";
        sqlx::query(heads).bind(feed.0).bind(feed.0).execute(&mut admin).await.unwrap();
        let outbox = "INSERT INTO outbox SELECT ?, feed_id, position FROM events WHERE feed_id = ?";
        sqlx::query(outbox).bind(feed.shard()).bind(feed.0).execute(&mut admin).await.unwrap();
    }
    admin.execute("ANALYZE TABLE events, feed_heads, outbox").await.unwrap();
    (env, admin)
}

/// The plan of a statement: table, access, index, rows that MySQL expects to look at, extra.
async fn explain(
    admin: &mut MySqlConnection,
    mut query: QueryBuilder<'_, MySql>,
) -> Vec<(String, String, String, u64, String)> {
    let mut query = query.build();
    let (arguments, text) =
        (query.take_arguments().unwrap().unwrap(), format!("EXPLAIN FORMAT=TRADITIONAL {}", query.sql()));
    let rows = sqlx::query_with(&text, arguments).fetch_all(admin).await.unwrap();
    rows.iter().map(|row| (cell(row, 2), cell(row, 4), cell(row, 6), expected(row), cell(row, 11))).collect()
}

/// EXPLAIN gives some of its columns as bytes.
fn cell(row: &MySqlRow, column: usize) -> String {
    String::from_utf8(row.get_unchecked::<Option<Vec<u8>>, _>(column).unwrap_or_default()).unwrap()
}

fn expected(row: &MySqlRow) -> u64 {
    row.get_unchecked::<Option<u64>, _>(9).unwrap_or(0)
}

fn marks(feeds: u128, up_to: u64) -> Vec<Mark> {
    (0..feeds).map(|number| Mark { shard: feed(number).shard(), feed: feed(number), epoch: 1, up_to }).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn ranges_are_read_by_the_primary_key_and_no_further() {
    let (_env, mut admin) = filled().await;
    for feeds in [1_u128, 3, 8, 16] {
        let ranges: Vec<Range> = (0..feeds).map(|number| Range { feed: feed(number), positions: 11..=20 }).collect();
        let plan = explain(&mut admin, events_of(&ranges, &ranges[0])).await;
        let (_, access, key, rows, _) = plan.iter().find(|(table, ..)| table == "e").unwrap();
        assert_eq!((access.as_str(), key.as_str()), ("range", "PRIMARY"), "{feeds} feeds: {plan:?}");
        assert!(*rows <= 10 * u64::try_from(feeds.next_power_of_two()).unwrap(), "{feeds} feeds: {plan:?}");
        assert!(plan.iter().all(|(table, _, key, ..)| table.is_empty() || key == "PRIMARY"), "{feeds} feeds: {plan:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn acknowledged_rows_are_deleted_by_the_primary_key_in_a_full_and_in_an_empty_outbox() {
    let (_env, mut admin) = filled().await;
    let by_key = async |feeds: u128, rows_max: u64, admin: &mut MySqlConnection| {
        let plan = explain(admin, delete_rows(&marks(feeds, 10))).await;
        let (_, access, key, rows, _) = &plan[0];
        assert_eq!((access.as_str(), key.as_str()), ("range", "PRIMARY"), "{feeds} feeds: {plan:?}");
        assert!(*rows <= rows_max, "{feeds} feeds: {plan:?}");
    };
    for feeds in [1, 3, 16] {
        by_key(feeds, 160, &mut admin).await;
    }
    admin.execute("DELETE FROM outbox WHERE position > 12").await.unwrap();
    admin.execute("ANALYZE TABLE outbox").await.unwrap();
    // Rows that are deleted but not purged yet count in what MySQL expects, so only the way counts here.
    for feeds in [1, 3, 16] {
        by_key(feeds, u64::MAX, &mut admin).await;
    }
    admin.execute("DELETE FROM outbox WHERE position > 1").await.unwrap();
    admin.execute("ANALYZE TABLE outbox").await.unwrap();
    for feeds in [1, 3, 16] {
        by_key(feeds, u64::MAX, &mut admin).await;
    }
}
