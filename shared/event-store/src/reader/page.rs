//! Filling a page that is bound by events and by bytes, without reading much more than it holds.
//!
//! Nothing tells how large the next rows are. A statement that asked for a whole page of events would
//! read up to a hundred times what the page takes when the events are large, for each page again. So a
//! first look at a few tells how many more fit.

use domain::{
    envelope::RecordedEvent,
    limits::{PAGE_BYTES_MAX, PAGE_EVENTS_MAX},
};

/// Events of the first look: few enough that even the largest are cheap to leave.
const FIRST_LOOK: usize = 8;

/// What an envelope adds to the payload.
const ENVELOPE_BYTES_ESTIMATE: usize = 400;

/// A page on its way.
#[derive(Debug, Default)]
pub(super) struct Page {
    events: Vec<RecordedEvent>,
    bytes: usize,
    full: bool,
}

impl Page {
    /// How many events to ask for next, so that the page gets no more than `limit` of them and about
    /// [`PAGE_BYTES_MAX`]; `None` when it is full.
    pub(super) fn wants(&self, limit: usize) -> Option<u32> {
        let room = limit.min(PAGE_EVENTS_MAX).saturating_sub(self.events.len());
        if self.full || room == 0 {
            return None;
        }
        let fit = match self.bytes / self.events.len().max(1) {
            0 => FIRST_LOOK,
            average => PAGE_BYTES_MAX.saturating_sub(self.bytes) / average + 1,
        };
        u32::try_from(fit.min(room)).ok()
    }

    /// Takes what was found for `asked`: events as long as they fit, but at least one if there is one.
    pub(super) fn take(
        &mut self,
        asked: u32,
        found: impl ExactSizeIterator<Item = Result<RecordedEvent, sqlx::Error>>,
    ) -> Result<(), sqlx::Error> {
        self.full = found.len() < asked as usize;
        for event in found {
            let event = event?;
            self.bytes += event.payload.len() + ENVELOPE_BYTES_ESTIMATE;
            if self.bytes > PAGE_BYTES_MAX && !self.events.is_empty() {
                self.full = true;
                break;
            }
            self.events.push(event);
        }
        self.full |= self.bytes >= PAGE_BYTES_MAX;
        Ok(())
    }

    /// The last event so far.
    pub(super) fn last(&self) -> Option<&RecordedEvent> {
        self.events.last()
    }

    /// What it holds.
    pub(super) fn into_events(self) -> Vec<RecordedEvent> {
        self.events
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use chrono::DateTime;
    use domain::envelope::{Actor, ActorKind, Cursor, Metadata};
    use uuid::Uuid;

    fn event(bytes: usize) -> RecordedEvent {
        let actor = Actor { kind: ActorKind::System, id: String::new() };
        RecordedEvent {
            feed: Uuid::nil().into(),
            tenant: Uuid::nil().into(),
            cursor: Cursor::default(),
            event_id: Uuid::nil(),
            aggregate_type: String::new(),
            aggregate_id: Uuid::nil(),
            version: 1,
            event_type: String::new(),
            schema_version: 1,
            recorded_at: DateTime::UNIX_EPOCH,
            metadata: Metadata {
                actor,
                correlation_id: String::new(),
                causation_id: Uuid::nil(),
                traceparent: None,
                means: None,
            },
            payload: Bytes::from(vec![b' '; bytes]),
        }
    }

    /// Fills a page from endless events of this size; gives how many it holds, and how many were read.
    fn fill(bytes: usize, limit: usize) -> (usize, usize) {
        let (mut page, mut read) = (Page::default(), 0);
        while let Some(asked) = page.wants(limit) {
            read += asked as usize;
            page.take(asked, (0..asked as usize).map(|_| Ok(event(bytes)))).unwrap();
        }
        (page.into_events().len(), read)
    }

    #[test]
    fn a_page_of_small_events_is_full_of_them() {
        assert_eq!(fill(500, PAGE_EVENTS_MAX), (256, 256));
        assert_eq!(fill(500, 3), (3, 3));
    }

    #[test]
    fn of_large_events_hardly_more_are_read_than_the_page_takes() {
        assert_eq!(fill(100_000, PAGE_EVENTS_MAX), (2, FIRST_LOOK));
        assert_eq!(fill(10_000, PAGE_EVENTS_MAX).0, PAGE_BYTES_MAX / 10_400);
        for bytes in [0, 1_000, 5_000, 10_000, 30_000] {
            let (held, read) = fill(bytes, PAGE_EVENTS_MAX);
            assert!(read <= held + FIRST_LOOK, "{bytes}: {read} read for {held}");
        }
    }

    #[test]
    fn an_event_larger_than_a_page_is_a_page() {
        assert_eq!(fill(PAGE_BYTES_MAX + 1, PAGE_EVENTS_MAX).0, 1);
    }

    #[test]
    fn the_end_of_the_feed_ends_the_page() {
        let mut page = Page::default();
        let asked = page.wants(256).unwrap();
        page.take(asked, (0..3).map(|_| Ok(event(10)))).unwrap();
        assert_eq!(page.wants(256), None);
        let mut empty = Page::default();
        empty.take(8, std::iter::empty()).unwrap();
        assert_eq!(empty.wants(256), None);
    }
}
