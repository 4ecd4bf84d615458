//! The statements of a batch, in the order in which they run.

pub(super) mod claims;
pub(super) mod heads;
pub(super) mod insert;
pub(crate) mod load;
pub(super) mod receipts;

/// Most rows of one statement.
const ROWS_MAX: usize = 128;

/// The numbers of rows that statements are written for. Every text is prepared once per connection, and
/// so few that none is ever pushed out of the cache; small batches, which are what guests wait for on a
/// quiet evening, need one statement per table, nearly all others two.
const SIZES: [usize; 16] = [1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 24, 32, 48, 64, 96, ROWS_MAX];

/// Cuts a list into pieces of these [`SIZES`], the largest first.
pub(super) fn pieces<T>(mut rows: &[T]) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let size = SIZES.into_iter().rev().find(|size| *size <= rows.len())?;
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
    use super::{ROWS_MAX, SIZES, padded, pieces};

    #[test]
    fn pieces_have_few_sizes_are_few_and_lose_nothing() {
        for length in 0..600_usize {
            let rows: Vec<usize> = (0..length).collect();
            assert!(pieces(&rows).all(|piece| SIZES.contains(&piece.len())));
            assert!(pieces(&rows).count() <= length / ROWS_MAX + 3, "{length}");
            assert_eq!(pieces(&rows).flatten().copied().collect::<Vec<_>>(), rows);
        }
    }

    #[test]
    fn padding_repeats_only_the_last_row() {
        let padded: Vec<_> = padded(&[1, 2, 3]).collect();
        assert_eq!(padded, [vec![1, 2, 3, 3]]);
    }
}
