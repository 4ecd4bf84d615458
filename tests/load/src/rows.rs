//! Small helpers around rows.

use sqlx::{Executor, MySqlPool, Row};

/// How many rows a table of the pool's schema has.
pub(crate) async fn count(pool: &MySqlPool, table: &str) -> Result<u64, sqlx::Error> {
    let sql = format!("SELECT CAST(COUNT(*) AS UNSIGNED) FROM `{table}`");
    pool.fetch_one(sql.as_str()).await?.try_get(0)
}

/// `before (?,?),(?,?) after` for this many rows.
pub(crate) fn with_rows(before: &str, row: &str, rows: usize, after: &str) -> String {
    format!("{before}{}{after}", vec![row; rows].join(","))
}

#[cfg(test)]
mod tests {
    #[test]
    fn rows_are_joined_by_commas() {
        assert_eq!(super::with_rows("INSERT INTO t VALUES ", "(?)", 2, ";"), "INSERT INTO t VALUES (?),(?);");
    }
}
