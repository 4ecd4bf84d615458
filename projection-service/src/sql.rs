//! Small helpers for statements with many rows.

use sqlx::{MySqlConnection, QueryBuilder, Row, mysql::MySqlRow};

/// Rows of the largest statement.
const ROWS_MAX: usize = 128;

/// Cuts `rows` into parts of 128, 64 … 2, 1, so that a statement has at most eight texts and stays
/// prepared on its connection.
pub(crate) fn parts<T>(mut rows: &[T]) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        if rows.is_empty() {
            return None;
        }
        let size = if rows.len() >= ROWS_MAX { ROWS_MAX } else { 1 << rows.len().ilog2() };
        let (part, rest) = rows.split_at(size);
        rows = rest;
        Some(part)
    })
}

/// Runs a statement that was built, and tells how many rows it met.
pub(crate) async fn run(
    connection: &mut MySqlConnection,
    mut query: QueryBuilder<'_, sqlx::MySql>,
) -> Result<u64, sqlx::Error> {
    Ok(query.build().execute(connection).await?.rows_affected())
}

/// Reads a column whose text is parsed into a domain type.
pub(crate) fn parsed<T, E>(row: &MySqlRow, column: &str, parse: impl Fn(&str) -> Result<T, E>) -> Result<T, sqlx::Error>
where
    E: std::error::Error + Send + Sync + 'static,
{
    let text: &str = row.try_get(column)?;
    parse(text).map_err(|source| sqlx::Error::ColumnDecode { index: column.to_owned(), source: source.into() })
}

/// Reads a column that holds one of a few names.
pub(crate) fn named<T>(row: &MySqlRow, column: &str, parse: impl Fn(&str) -> Option<T>) -> Result<T, sqlx::Error> {
    let text: &str = row.try_get(column)?;
    parse(text).ok_or_else(|| sqlx::Error::ColumnDecode {
        index: column.to_owned(),
        source: format!("`{text}` is not a name that this build writes").into(),
    })
}

#[cfg(test)]
mod tests {
    use super::parts;

    #[test]
    fn parts_are_powers_of_two_and_cover_everything() {
        for length in [0, 1, 2, 3, 100, 127, 128, 129, 400] {
            let rows: Vec<usize> = (0..length).collect();
            let sizes: Vec<usize> = parts(&rows).map(<[usize]>::len).collect();
            assert!(sizes.iter().all(|size| size.is_power_of_two() && *size <= 128), "{sizes:?}");
            assert_eq!(parts(&rows).flatten().copied().collect::<Vec<_>>(), rows);
        }
    }
}
