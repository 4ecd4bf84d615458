//! Events and their outbox rows.

use super::{super::stage::NewEvent, script::Script};

/// Appends events.
pub(crate) fn events(script: &mut Script, events: &[NewEvent]) {
    const INSERT: &str = "INSERT INTO events (feed_id, position, aggregate_id, aggregate_type, version, event_id, \
                          type, schema_version, recorded_at, metadata, payload, hash) VALUES ";
    script.list(INSERT, events, "", |row, event| {
        row.id(event.feed.0)
            .number(event.position)
            .id(event.stream.id)
            .text(Some(event.stream.kind.as_str()))
            .number(event.version)
            .id(event.event_id)
            .text(Some(event.event_type))
            .number(event.schema_version)
            .time(event.recorded_at)
            .bytes(&event.metadata)
            .bytes(&event.payload)
            .hexadecimal(&event.hash);
    });
}

/// Points the relay at the events.
pub(crate) fn outbox(script: &mut Script, events: &[NewEvent]) {
    script.list("INSERT INTO outbox (shard, feed_id, position) VALUES ", events, "", |row, event| {
        row.number(event.feed.shard()).id(event.feed.0).number(event.position);
    });
}
