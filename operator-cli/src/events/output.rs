//! Printing for people and for programs.

use anyhow::Result;
use domain::envelope::{RecordedEvent, format_time};
use std::io::{ErrorKind, Write};

/// Who read the output has stopped.
#[derive(Debug)]
pub(super) struct Gone;

impl std::fmt::Display for Gone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("nobody reads the output any more")
    }
}

impl std::error::Error for Gone {}

/// Prints a line. Not `println!`, which panics when the reader is gone.
pub(crate) fn line(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.write_all(b"\n")).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Err(Gone.into()),
        done => Ok(done?),
    }
}

/// The columns of [`event_line`], and how wide they are: as wide as the longest type of an event, and the longest id
/// with its kind before it. What clients choose may be longer, and is cut.
const COLUMNS: [(&str, usize); 5] = [("POSITION", 12), ("TIME", 27), ("TYPE", 35), ("AGGREGATE", 51), ("ACTOR", 44)];

/// The names of the columns of [`event_line`].
pub(super) fn columns() -> String {
    row(COLUMNS.map(|(name, _)| name.to_owned()), "CORRELATION")
}

/// An event in one line: columns that stay where they are, however many events there are.
pub(super) fn event_line(event: &RecordedEvent) -> String {
    let cells = [
        event.cursor.to_string(),
        format_time(event.recorded_at),
        event.event_type.to_string(),
        format!("{}/{}", event.aggregate_type, event.aggregate_id),
        format!("{}:{}", event.metadata.actor.kind.as_str(), event.metadata.actor.id),
    ];
    row(cells, &event.metadata.correlation_id)
}

fn row(cells: [String; COLUMNS.len()], last: &str) -> String {
    let cells = COLUMNS.iter().zip(cells).map(|((_, width), text)| cell(&text, *width) + " ");
    cells.chain([last.to_owned()]).collect()
}

/// The text, so wide; what is too long ends with `…`.
fn cell(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return format!("{text:<width$}");
    }
    text.chars().take(width - 1).chain(['…']).collect()
}

/// Rows below the names of their columns, each as wide as its longest text; the last column ends where it ends.
pub(crate) fn table<const N: usize>(names: [&str; N], rows: Vec<[String; N]>) -> Vec<String> {
    let rows: Vec<_> = std::iter::once(names.map(str::to_owned)).chain(rows).collect();
    let widths: [usize; N] =
        std::array::from_fn(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default());
    let line = |row: &[String; N]| {
        let cells: String = row.iter().zip(widths).map(|(text, width)| format!("{text:<width$} ")).collect();
        cells.trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stay_where_they_are_however_long_a_text_is() {
        assert_eq!(cell("staff:ana", 12), "staff:ana   ");
        assert_eq!(cell(&"ñ".repeat(12), 12).chars().count(), 12);
        assert_eq!(cell(&"ñ".repeat(13), 12), format!("{}…", "ñ".repeat(11)));
        let longest = domain::event::Event::types().into_iter().map(str::len).max().unwrap();
        assert!(longest <= 35, "the column of types must be {longest} wide");
    }

    #[test]
    fn a_table_is_as_wide_as_its_longest_texts() {
        let rows = vec![["a".to_owned(), "1".to_owned()], ["much longer".to_owned(), String::new()]];
        assert_eq!(table(["NAME", "N"], rows), ["NAME        N", "a           1", "much longer"]);
    }
}
