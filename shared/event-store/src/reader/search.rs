//! Finding what one request, command or aggregate left in a feed.
//!
//! Nothing indexes correlation ids: such an index would be a random write for every event on the way
//! of every order, and is asked for a few times a week. So the feed is searched instead, from its end
//! backwards in bounded steps; MySQL compares where the rows stand and only what fits is sent.

use super::EventReader;
use crate::pool::{READ_WITHIN, within};
use domain::ids::FeedId;
use sqlx::Row;
use uuid::Uuid;

/// Positions that one statement looks at.
pub(crate) const STEP: u64 = 4_096;

/// Only the bytes are compared here: who asks reads the events and looks again.
pub(crate) const STEP_BACK: &str = "SELECT position FROM events \
  WHERE feed_id = ? AND position > ? AND position <= ? \
    AND (INSTR(metadata, ?) > 0 OR INSTR(metadata, ?) > 0 OR aggregate_id = ? OR event_id = ?) \
  ORDER BY position DESC LIMIT ?";

/// What to look for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Needle {
    /// A correlation id as clients sent it; or, where it is a UUID, also a command, an event or an
    /// aggregate.
    text: String,
    id: Option<Uuid>,
}

/// What one step found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Positions that fit, the newest first; at most as many as were asked for.
    pub positions: Vec<u64>,
    /// Every position after this one was looked at.
    pub looked_down_to: u64,
}

impl Needle {
    /// Looks for this correlation id, command, event or aggregate.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self { text: text.to_owned(), id: Uuid::try_parse(text).ok() }
    }

    /// Whether the event belongs to it.
    #[must_use]
    pub fn fits(&self, event: &domain::envelope::RecordedEvent) -> bool {
        event.metadata.correlation_id == self.text
            || self.id.is_some_and(|id| [event.metadata.causation_id, event.aggregate_id, event.event_id].contains(&id))
    }

    /// A member of the stored metadata, as its bytes stand there.
    fn member(name: &str, value: &str) -> Vec<u8> {
        format!("\"{name}\":{}", serde_json::Value::from(value)).into_bytes()
    }
}

impl EventReader {
    /// Looks at the 4,096 positions up to and with `from`, or fewer where `down_to` is nearer, and
    /// gives those that fit, at most `limit`.
    ///
    /// # Errors
    /// When MySQL cannot answer.
    pub async fn step_back(
        &self,
        feed: FeedId,
        needle: &Needle,
        from: u64,
        down_to: u64,
        limit: u32,
    ) -> Result<Found, sqlx::Error> {
        let low = from.saturating_sub(STEP).max(down_to);
        let causation = needle.id.map(|id| id.hyphenated().to_string());
        let step = sqlx::query(STEP_BACK)
            .bind(feed.0)
            .bind(low)
            .bind(from)
            .bind(Needle::member("correlation_id", &needle.text))
            .bind(Needle::member("causation_id", causation.as_deref().unwrap_or("-")))
            .bind(needle.id)
            .bind(needle.id)
            .bind(limit)
            .fetch_all(self.pool());
        let rows = within(READ_WITHIN, step).await?;
        let positions = rows.iter().map(|row| row.try_get("position")).collect::<Result<_, _>>()?;
        Ok(Found { positions, looked_down_to: low })
    }
}
