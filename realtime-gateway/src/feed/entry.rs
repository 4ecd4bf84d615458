//! One event, encoded once.

use crate::{frames::StreamName, websocket::Packet};
use chrono::Utc;
use domain::{
    envelope::RecordedEvent,
    ids::SessionId,
    scope::{Scope, Tags},
};
use identity::ScopeFilter;
use std::sync::Arc;

/// Who shares a log: a scope, and the one session that a guest is limited to.
pub(crate) type ScopeKey = (Scope, Option<SessionId>);

/// The key of what this filter shows.
pub(crate) fn scope_key(filter: &ScopeFilter) -> ScopeKey {
    (filter.scope.clone(), filter.only_session)
}

/// An event as the ring holds it.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) position: u64,
    event_type: String,
    tags: Tags,
    envelope: String,
    /// The `traceparent` of its command, if its way to the screen is recorded.
    pub(crate) trace: Option<Arc<str>>,
}

impl Entry {
    /// Encodes an event.
    pub(crate) fn new(event: &RecordedEvent) -> Self {
        let mut envelope = String::from_utf8(event.envelope_json())
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
        // Objects are joined by line feeds. Our own encoder writes none, and in JSON a bare one can
        // only be white space.
        if envelope.contains('\n') {
            envelope = envelope.replace('\n', " ");
        }
        let (position, event_type) = (event.cursor.position, event.event_type.clone());
        let age = (Utc::now() - event.recorded_at).to_std().unwrap_or_default();
        let trace = trace_context::worth(event.metadata.traceparent.as_deref(), age).map(Arc::from);
        Self { position, event_type, tags: Tags::of(&event.payload), envelope, trace }
    }

    /// What it costs to keep.
    pub(crate) fn bytes(&self) -> usize {
        self.envelope.len()
    }

    /// Whether the holder of this filter sees it.
    pub(crate) fn shown_by(&self, filter: &ScopeFilter) -> bool {
        filter.shows(&self.event_type, &self.tags)
    }

    /// The only scopes that can see it: at most six, however many there are. That also bounds how
    /// often its frame can be held in memory.
    pub(crate) fn scopes(&self) -> Vec<ScopeKey> {
        let Tags { station, session_id, order_id } = &self.tags;
        let mut keys = vec![(Scope::Audit, None), (Scope::Floor, None)];
        keys.extend(station.clone().map(|station| (Scope::Kitchen(station), None)));
        keys.extend(session_id.map(|session| (Scope::TableSession(session), None)));
        keys.extend(order_id.map(|order| (Scope::Order(order), None)));
        if let (Some(order), Some(session)) = (order_id, session_id) {
            keys.push((Scope::Order(*order), Some(*session)));
        }
        keys
    }

    /// The `ev` frame of this event in a stream. Ids and scopes need no escaping.
    pub(crate) fn frame(&self, name: &StreamName, prev: u64) -> Packet {
        let Self { position, envelope, .. } = self;
        let StreamName { restaurant, scope } = name;
        Packet::from(format!(
            r#"{{"t":"ev","restaurant":"{restaurant}","scope":"{scope}","position":{position},"prev":{prev},"event":{envelope}}}"#
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{frames::ServerFrame, testing};

    #[test]
    fn the_frame_is_what_the_frame_type_says() {
        let event = testing::line_fired(7, "grill", 1, 2);
        let entry = Entry::new(&event);
        let name = StreamName { restaurant: event.feed.restaurant(), scope: Scope::Audit };
        let text = entry.frame(&name, 5);
        assert_eq!(ServerFrame::parse(text.as_str()).unwrap().encode(), text.as_str());
    }

    #[test]
    fn a_line_feed_in_stored_bytes_does_not_split_the_frame() {
        let mut event = testing::line_fired(7, "grill", 1, 2);
        event.payload = bytes::Bytes::from_static(b"{\n\"a\": 1\n}");
        assert!(!Entry::new(&event).envelope.contains('\n'));
    }

    #[test]
    fn whoever_sees_an_event_is_among_its_scopes() {
        for event in testing::feed(200) {
            let entry = Entry::new(&event);
            for filter in testing::filters() {
                let listed = entry.scopes().contains(&scope_key(&filter));
                assert!(listed || !entry.shown_by(&filter), "{filter:?} sees {}", event.event_type);
            }
        }
    }
}
