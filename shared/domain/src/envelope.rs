//! What stands around an event: where, when, by whom and because of what.

use crate::ids::{FeedId, TenantId};
use bytes::Bytes;
use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A place in a feed: clients write it `<epoch>.<position>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, Default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Cursor {
    /// Changes only when a feed's numbering was restored from a backup.
    pub epoch: u32,
    /// 1, 2, 3 … in commit order, without holes; 0 stands before the first event.
    pub position: u64,
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.epoch, self.position)
    }
}

/// A text that is no cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a cursor is written <epoch>.<position>, such as 1.1042")]
pub struct InvalidCursor;

impl std::str::FromStr for Cursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        let (epoch, position) = text.split_once('.').ok_or(InvalidCursor)?;
        let (Ok(epoch), Ok(position)) = (epoch.parse(), position.parse()) else {
            return Err(InvalidCursor);
        };
        let cursor = Self { epoch, position };
        // One spelling per cursor: no plus sign, no leading zeros.
        if cursor.to_string() == text { Ok(cursor) } else { Err(InvalidCursor) }
    }
}

/// What kind of someone acted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum ActorKind {
    /// A person who works there.
    Staff,
    /// A guest at a table.
    Guest,
    /// A machine with a key, such as a till.
    Machine,
    /// The product itself.
    System,
}

impl ActorKind {
    /// The name in JSON and headers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Staff => "staff",
            Self::Guest => "guest",
            Self::Machine => "machine",
            Self::System => "system",
        }
    }

    /// The kind with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Staff, Self::Guest, Self::Machine, Self::System].into_iter().find(|kind| kind.as_str() == name)
    }
}

/// Who acted: a kind and an id, never a name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Actor {
    /// What kind of someone.
    pub kind: ActorKind,
    /// The `sub` of their token.
    pub id: String,
}

/// What is stored beside an event's data, as JSON bytes that the hash covers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metadata {
    /// Who caused the event.
    pub actor: Actor,
    /// Joins all that one request set off.
    pub correlation_id: String,
    /// The command (or event) that caused this event.
    pub causation_id: Uuid,
    /// The W3C trace context of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
    /// With what and with which right, for auditors. Stays in the event store: what was published has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub means: Option<Means>,
}

/// With what and with which right somebody acted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Means {
    /// What they came with: ids of their key, log-in and token.
    pub via: String,
    /// The right that it needed; guests have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permission: Option<String>,
}

/// One stored event of a feed, as every reader gets it: from MySQL or from NATS, the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedEvent {
    /// The feed.
    pub feed: FeedId,
    /// The tenant that the feed belongs to.
    pub tenant: TenantId,
    /// Where in the feed.
    pub cursor: Cursor,
    /// Its own id, a UUIDv7.
    pub event_id: Uuid,
    /// The stored name of the aggregate's kind.
    pub aggregate_type: String,
    /// The aggregate.
    pub aggregate_id: Uuid,
    /// 1, 2, 3 … in the stream of the aggregate.
    pub version: u64,
    /// The stored name, such as `order.placed`.
    pub event_type: String,
    /// The schema version of `payload`.
    pub schema_version: u16,
    /// When it was committed, in whole microseconds; never runs backwards in a feed.
    pub recorded_at: DateTime<Utc>,
    /// Who and why.
    pub metadata: Metadata,
    /// The bytes of `data`, as they were encoded once.
    pub payload: Bytes,
}

impl RecordedEvent {
    /// Decodes the payload.
    ///
    /// # Errors
    /// When this build does not know the event, or the bytes are not what its type promises.
    pub fn event(&self) -> Result<crate::event::Event, crate::event::DecodeError> {
        crate::event::Event::decode(&self.event_type, self.schema_version, &self.payload)
    }

    /// The envelope that clients see, as JSON. `data` is copied in as it was stored.
    #[must_use]
    pub fn envelope_json(&self) -> Vec<u8> {
        let mut json = Vec::with_capacity(self.payload.len() + 512);
        let head = EnvelopeHead {
            position: self.cursor.position,
            epoch: self.cursor.epoch,
            event_id: self.event_id,
            event_type: &self.event_type,
            v: self.schema_version,
            aggregate: AggregateRef { kind: &self.aggregate_type, id: self.aggregate_id, version: self.version },
            recorded_at: format_time(self.recorded_at),
            actor: &self.metadata.actor,
            correlation_id: &self.metadata.correlation_id,
            causation_id: self.metadata.causation_id,
        };
        // Plain data into memory cannot fail to encode; if it ever did, the client would see broken
        // JSON and resynchronise, not a wrong event.
        let _ = serde_json::to_writer(&mut json, &head);
        json.pop();
        json.extend_from_slice(b",\"data\":");
        json.extend_from_slice(&self.payload);
        json.push(b'}');
        json
    }
}

#[derive(Serialize)]
struct EnvelopeHead<'a> {
    position: u64,
    epoch: u32,
    event_id: Uuid,
    #[serde(rename = "type")]
    event_type: &'a str,
    v: u16,
    aggregate: AggregateRef<'a>,
    recorded_at: String,
    actor: &'a Actor,
    correlation_id: &'a str,
    causation_id: Uuid,
}

#[derive(Serialize)]
struct AggregateRef<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    id: Uuid,
    version: u64,
}

/// A time as clients see it: RFC 3339, UTC, six decimals.
#[must_use]
pub fn format_time(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Micros, true)
}

#[cfg(test)]
mod tests {
    use super::{Actor, ActorKind, Cursor, InvalidCursor, Metadata, RecordedEvent, format_time};
    use crate::testing::id;
    use bytes::Bytes;
    use chrono::DateTime;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_cursor_is_read_as_it_was_written(epoch: u32, position: u64) {
            let cursor = Cursor { epoch, position };
            prop_assert_eq!(cursor.to_string().parse(), Ok(cursor));
        }

        #[test]
        fn a_cursor_has_one_spelling(text in "[+0-9]{1,3}[.]{1,2}[+0-9]{1,3}") {
            match text.parse::<Cursor>() {
                Ok(cursor) => prop_assert_eq!(cursor.to_string(), text),
                Err(error) => prop_assert_eq!(error, InvalidCursor),
            }
        }
    }

    #[test]
    fn a_text_of_another_shape_is_no_cursor() {
        for bad in ["", ".", "1", "1.", ".1", "1.2.3", "-1.2", "+1.2", "01.2", "1.02", " 1.2", "4294967296.1", "a.b"] {
            assert_eq!(bad.parse::<Cursor>(), Err(InvalidCursor), "{bad}");
        }
    }

    #[test]
    fn cursors_of_a_newer_epoch_come_later() {
        assert!(Cursor { epoch: 2, position: 1 } > Cursor { epoch: 1, position: 1_000 });
    }

    #[test]
    fn the_envelope_carries_the_data_byte_by_byte() {
        let recorded = RecordedEvent {
            feed: id(1),
            tenant: id(2),
            cursor: Cursor { epoch: 1, position: 1_044 },
            event_id: id(3),
            aggregate_type: "order".into(),
            aggregate_id: id(4),
            version: 2,
            event_type: "order.accepted".into(),
            schema_version: 1,
            recorded_at: DateTime::from_timestamp(1_700_000_000, 0).unwrap(),
            metadata: Metadata {
                actor: Actor { kind: ActorKind::Staff, id: "ana \"the boss\"".into() },
                correlation_id: "c-1".into(),
                causation_id: id(5),
                traceparent: Some("00-1".into()),
                means: None,
            },
            payload: Bytes::from_static(br#"{"b":1.0,"a":2}"#),
        };
        let expected = concat!(
            r#"{"position":1044,"epoch":1,"event_id":"00000000-0000-0000-0000-000000000003","type":"order.accepted","v":1,"#,
            r#""aggregate":{"type":"order","id":"00000000-0000-0000-0000-000000000004","version":2},"#,
            r#""recorded_at":"2023-11-14T22:13:20.000000Z","actor":{"kind":"staff","id":"ana \"the boss\""},"#,
            r#""correlation_id":"c-1","causation_id":"00000000-0000-0000-0000-000000000005","data":{"b":1.0,"a":2}}"#,
        );
        assert_eq!(String::from_utf8(recorded.envelope_json()).unwrap(), expected);
    }

    #[test]
    fn a_time_has_six_decimals_and_ends_in_z() {
        let time = DateTime::from_timestamp(1_700_000_000, 5_000).unwrap();
        assert_eq!(format_time(time), "2023-11-14T22:13:20.000005Z");
    }
}
