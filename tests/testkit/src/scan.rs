//! Looking for a text wherever the product stores something.

use sqlx::{Connection, MySqlConnection, Row};

/// Every `schema.table.column` that holds one of these texts as it was written; empty when none does.
///
/// # Panics
/// When MySQL is away.
pub async fn plaintext(admin_url: &str, schemas: &[&str], texts: &[&str]) -> Vec<String> {
    let mut admin = MySqlConnection::connect(admin_url).await.unwrap_or_else(|error| panic!("{error}"));
    let mut found = Vec::new();
    for schema in schemas {
        let columns = sqlx::query(
            "SELECT CAST(TABLE_NAME AS CHAR) AS t, CAST(COLUMN_NAME AS CHAR) AS c FROM information_schema.COLUMNS \
              WHERE TABLE_SCHEMA = ?",
        )
        .bind(schema)
        .fetch_all(&mut admin)
        .await
        .unwrap_or_else(|error| panic!("{error}"));
        assert!(!columns.is_empty(), "{schema} has no tables: nothing was looked at");
        for column in &columns {
            let (table, column): (String, String) = (column.get("t"), column.get("c"));
            let sql = format!(
                "SELECT COUNT(*) AS n FROM `{schema}`.`{table}` WHERE LOCATE(CAST(? AS BINARY), CAST(`{column}` AS BINARY)) > 0"
            );
            for text in texts {
                let row = sqlx::query(&sql).bind(*text).fetch_one(&mut admin).await;
                let count: i64 = row.unwrap_or_else(|error| panic!("{error}")).get("n");
                if count > 0 {
                    found.push(format!("{schema}.{table}.{column} holds `{text}`"));
                }
            }
        }
    }
    found
}
