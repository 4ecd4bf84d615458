//! The statements of a batch, in the order in which they run.

pub(super) mod claims;
pub(super) mod heads;
pub(super) mod insert;
pub(crate) mod load;
pub(super) mod receipts;

/// Most rows of one statement.
const ROWS_MAX: usize = 128;

/// Cuts a list into pieces of 128, 64, 32 … 1 rows, so that there are only eight texts of each
/// statement: every text is prepared once per connection and none is ever pushed out of the cache.
pub(super) fn pieces<T>(mut rows: &[T]) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        if rows.is_empty() {
            return None;
        }
        let size = if rows.len() >= ROWS_MAX { ROWS_MAX } else { 1 << rows.len().ilog2() };
        let (piece, rest) = rows.split_at(size);
        rows = rest;
        Some(piece)
    })
}

/// Cuts a list into pieces and fills the last one up to a power of two with its last row: for
/// look-ups, where a repeated key does no harm.
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
    use super::{padded, pieces};

    #[test]
    fn pieces_are_powers_of_two_and_lose_nothing() {
        for length in 0..600_usize {
            let rows: Vec<usize> = (0..length).collect();
            assert!(pieces(&rows).all(|piece| piece.len().is_power_of_two() && piece.len() <= 128));
            assert_eq!(pieces(&rows).flatten().copied().collect::<Vec<_>>(), rows);
        }
    }

    #[test]
    fn padding_repeats_only_the_last_row() {
        let padded: Vec<_> = padded(&[1, 2, 3]).collect();
        assert_eq!(padded, [vec![1, 2, 3, 3]]);
    }
}
