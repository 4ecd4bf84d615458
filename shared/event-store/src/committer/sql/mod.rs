//! The statements of a batch.

pub(super) mod claims;
pub(super) mod heads;
pub(super) mod insert;
pub(crate) mod load;
pub(super) mod receipts;
pub(crate) mod script;

/// Most rows of one statement.
const ROWS_MAX: usize = 128;

/// Cuts a list into pieces of 128 and fills the last one up to a power of two with its last row: for
/// look-ups by prepared statements, where a repeated key does no harm. So there are only eight texts of
/// each: every text is prepared once per connection and none is ever pushed out of the cache.
pub(crate) fn padded<T: Clone>(rows: &[T]) -> impl Iterator<Item = Vec<T>> {
    rows.chunks(ROWS_MAX).map(|chunk| {
        let mut piece = chunk.to_vec();
        if let Some(last) = chunk.last() {
            piece.resize(chunk.len().next_power_of_two(), last.clone());
        }
        piece
    })
}

/// `before (?,?),(?,?) after` for this many rows.
pub(crate) fn with_rows(before: &str, row: &str, rows: usize, after: &str) -> String {
    let mut text = String::with_capacity(before.len() + (row.len() + 1) * rows + after.len());
    text.push_str(before);
    for number in 0..rows {
        if number > 0 {
            text.push(',');
        }
        text.push_str(row);
    }
    text.push_str(after);
    text
}

#[cfg(test)]
mod tests {
    use super::padded;

    #[test]
    fn padding_repeats_only_the_last_row() {
        let padded: Vec<_> = padded(&[1, 2, 3]).collect();
        assert_eq!(padded, [vec![1, 2, 3, 3]]);
    }
}
