//! One stream of a feed, and places in a feed that are named by a time.

use super::{EventReader, page::Page};
use crate::{
    pool::{READ_WITHIN, within},
    rows,
};
use chrono::{DateTime, Utc};
use domain::{envelope::RecordedEvent, ids::FeedId, stream::StreamId};
use sqlx::Row;

/// The index is named: the bound on the position could tempt the optimiser to read the feed instead.
pub(crate) const STREAM_PAGE: &str = "SELECT e.position, h.epoch, h.tenant_id, e.event_id, e.aggregate_type, \
        e.aggregate_id, e.version, e.type, e.schema_version, e.recorded_at, e.metadata, e.payload \
   FROM events e FORCE INDEX (events_aggregate_version) JOIN feed_heads h ON h.feed_id = e.feed_id \
  WHERE e.feed_id = ? AND e.aggregate_id = ? AND e.version > ? AND e.aggregate_type = ? AND e.position <= ? \
  ORDER BY e.version LIMIT ?";

/// The first event from this position on, and when it was recorded.
pub(crate) const NEXT_TIME: &str =
    "SELECT position, recorded_at FROM events WHERE feed_id = ? AND position >= ? ORDER BY position LIMIT 1";

impl EventReader {
    /// The events of one stream after this version, in order, none behind the position `up_to`: at most
    /// `limit` of them and about [`PAGE_BYTES_MAX`](domain::limits::PAGE_BYTES_MAX), but at least one if
    /// there is one. An id that belongs to another kind of aggregate has no events.
    ///
    /// # Errors
    /// When MySQL cannot answer, or a row is not what this build writes.
    pub async fn stream_page(
        &self,
        feed: FeedId,
        stream: StreamId,
        after_version: u64,
        up_to: u64,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, sqlx::Error> {
        let mut page = Page::default();
        while let Some(asked) = page.wants(limit) {
            let look = sqlx::query(STREAM_PAGE)
                .bind(feed.0)
                .bind(stream.id)
                .bind(page.last().map_or(after_version, |event| event.version))
                .bind(stream.kind.as_str())
                .bind(up_to)
                .bind(asked)
                .fetch_all(&self.pool);
            let rows = within(READ_WITHIN, look).await?;
            page.take(asked, rows.iter().map(|row| rows::recorded_event(feed, row)))?;
        }
        Ok(page.into_events())
    }

    /// The last position of the feed at this time: that of its last event which was recorded then or
    /// before; 0 before the first event.
    ///
    /// Times never run backwards in a feed, so this halves the feed until it is found (20 look-ups by
    /// the primary key for a million events) and no index on the time is needed.
    ///
    /// # Errors
    /// When MySQL cannot answer.
    pub async fn position_at(&self, feed: FeedId, time: DateTime<Utc>) -> Result<u64, sqlx::Error> {
        // All positions up to `before` are at or before `time`; all from `after` on are later.
        let (mut before, mut after) = (0, self.head(feed).await?.map_or(0, |head| head.cursor.position) + 1);
        // Ends: the distance is halved at least, so 64 turns are the most.
        while before + 1 < after {
            let middle = before + (after - before) / 2;
            let look = sqlx::query(NEXT_TIME).bind(feed.0).bind(middle).fetch_optional(&self.pool);
            let row = within(READ_WITHIN, look).await?;
            let Some(row) = row else {
                after = middle;
                continue;
            };
            if row.try_get::<DateTime<Utc>, _>("recorded_at")? <= time {
                before = row.try_get::<u64, _>("position")?.max(middle);
            } else {
                after = middle;
            }
        }
        Ok(before)
    }
}
