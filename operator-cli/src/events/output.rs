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

/// The names of the columns of [`event_line`].
pub(super) const COLUMNS: &str = "POSITION     TIME                         TYPE                    AGGREGATE                                          ACTOR                                       CORRELATION";

/// An event in one line: columns that stay where they are, however many events there are.
pub(super) fn event_line(event: &RecordedEvent) -> String {
    let actor = format!("{}:{}", event.metadata.actor.kind.as_str(), event.metadata.actor.id);
    let aggregate = format!("{}/{}", event.aggregate_type, event.aggregate_id);
    format!(
        "{:<12} {:<28} {:<23} {:<50} {:<43} {}",
        event.cursor.to_string(),
        format_time(event.recorded_at),
        event.event_type,
        aggregate,
        actor,
        event.metadata.correlation_id
    )
}
