//! For the tests of plans: full tables on a real MySQL, and EXPLAIN.

use sqlx::{Connection, Executor, MySqlConnection, Row, mysql::MySqlRow};
use testkit::Env;

/// Rows of each table that [`filled`] fills, over four feeds: so many that reading all of them, or all
/// of one feed, is never the better plan.
pub(crate) const ROWS: u64 = 4_000;

/// How one table of a statement is reached.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    /// const, range, ref …; `ALL` and `index` read everything.
    pub(crate) access: String,
    /// The index.
    pub(crate) key: String,
    /// How many rows MySQL expects to look at.
    pub(crate) rows: u64,
    /// Such as `Using filesort`.
    pub(crate) extra: String,
}

impl Plan {
    /// Fails unless the table is reached by this index, at no more than so many rows, without sorting.
    #[track_caller]
    pub(crate) fn assert_by(&self, key: &str, rows_max: u64) {
        assert_eq!(self.key, key, "{self:?}");
        assert!(["const", "eq_ref", "ref", "range"].contains(&self.access.as_str()), "{self:?}");
        assert!(self.rows <= rows_max && !self.extra.contains("filesort"), "{self:?}, not {rows_max} rows");
    }
}

/// An installation with events, claims and receipts of the feeds 1 to 4, and a connection that sends
/// texts as committers do. Keep the installation while it is used.
pub(crate) async fn filled() -> (Env, MySqlConnection) {
    let env = Env::start().await;
    let mut admin = MySqlConnection::connect(&env.events_admin_url()).await.unwrap();
    let numbers = format!(
        "WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {ROWS}) \
         SELECT UNHEX(LPAD(HEX(1 + i % 4), 32, '0')) AS feed, 1 + i DIV 4 AS nr, UNHEX(LPAD(HEX(1000 + i DIV 16), 32, '0')) AS stream, \
                UNHEX(LPAD(HEX(100000 + i), 32, '0')) AS id FROM n"
    );
    admin.execute("SET SESSION cte_max_recursion_depth = 1000000").await.unwrap();
    for insert in [
        "INSERT INTO events SELECT feed, nr, stream, 'order', 1 + (nr - 1) % 4, id, 'order.accepted', 1, \
                                   NOW(6) - INTERVAL 1 DAY + INTERVAL nr SECOND, '{\"correlation_id\":\"c\"}', REPEAT('x', 600), REPEAT('0', 32)",
        "INSERT INTO feed_heads SELECT feed, feed, MAX(nr), 1, REPEAT('0', 32), NOW(6)",
        "INSERT INTO outbox SELECT 3, feed, nr",
        "INSERT INTO published SELECT feed, 1, MAX(nr)",
        "INSERT INTO claims SELECT feed, ELT(1 + nr % 2, 'open-order', 'item-name'), CONCAT('session-', nr DIV 10, '/', nr), stream",
        "INSERT INTO receipts SELECT feed, CONCAT('who-', nr % 10), CONCAT('key-', nr), REPEAT('0', 32), id, 200, NULL, \
                                     REPEAT('x', 300), nr, NOW(6) - INTERVAL nr MINUTE",
    ] {
        let group = if insert.contains("MAX(") { " GROUP BY feed" } else { "" };
        admin.execute(format!("{insert} FROM ({numbers}) rows_{group}").as_str()).await.unwrap();
    }
    admin.execute("ANALYZE TABLE events, feed_heads, outbox, published, claims, receipts").await.unwrap();
    admin.execute("SET SESSION character_set_client = 'binary'").await.unwrap();
    (env, admin)
}

/// The id of a feed that [`filled`] filled.
pub(crate) fn feed(number: u128) -> Vec<u8> {
    uuid::Uuid::from_u128(number).as_bytes().to_vec()
}

/// The plan of this statement, a line per table. `?` is given these values: bytes, or numbers.
pub(crate) async fn explain(admin: &mut MySqlConnection, sql: &str, values: &[Value]) -> Vec<Plan> {
    let text = format!("EXPLAIN FORMAT=TRADITIONAL {sql}");
    let mut query = sqlx::query(&text);
    for value in values {
        query = match value {
            Value::Bytes(bytes) => query.bind(bytes.clone()),
            Value::Number(number) => query.bind(*number),
        };
    }
    let rows = query.fetch_all(admin).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    rows.iter().map(plan_of).collect()
}

/// A value of a `?`.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    /// An id or a text.
    Bytes(Vec<u8>),
    /// A number.
    Number(u64),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Bytes(text.as_bytes().to_vec())
    }
}

impl From<Vec<u8>> for Value {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes)
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self::Number(number)
    }
}

fn plan_of(row: &MySqlRow) -> Plan {
    // EXPLAIN gives some of its columns as bytes.
    let text = |column: usize| {
        let bytes = row.get_unchecked::<Option<Vec<u8>>, _>(column).unwrap_or_default();
        String::from_utf8(bytes).unwrap()
    };
    Plan { access: text(4), key: text(6), rows: row.get_unchecked::<Option<u64>, _>(9).unwrap_or(0), extra: text(11) }
}
