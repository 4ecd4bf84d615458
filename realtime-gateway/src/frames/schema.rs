//! JSON Schemas of all frames; they stand in `schemas/` for those who write clients.

use super::{ClientFrame, ServerFrame};
use domain::envelope::Actor;
use schemars::{JsonSchema, Schema};
use serde::Serialize;
use uuid::Uuid;

/// An event as clients see it. The gateway never builds one: it sends the bytes that were encoded
/// once per event, and this type says what they look like.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Envelope {
    /// The place in the feed.
    pub position: u64,
    /// The epoch of that place.
    pub epoch: u32,
    /// The event's own id.
    pub event_id: Uuid,
    /// What happened, such as `line.fired`.
    #[serde(rename = "type")]
    pub event_type: String,
    /// The version of `data`'s schema.
    pub v: u16,
    /// What it happened to.
    pub aggregate: AggregateRef,
    /// When it was committed, RFC 3339, UTC, six decimals.
    pub recorded_at: String,
    /// Who did it.
    pub actor: Actor,
    /// Joins all that one request set off.
    pub correlation_id: String,
    /// The command (or event) that caused it.
    pub causation_id: Uuid,
    /// What exactly; its schema is that of type and version.
    pub data: serde_json::Map<String, serde_json::Value>,
}

/// The aggregate of an event.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Aggregate")]
pub struct AggregateRef {
    /// Its kind, such as `order`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its id.
    pub id: Uuid,
    /// 1, 2, 3 … in its own stream.
    pub version: u64,
}

/// The schema of what a client sends.
#[must_use]
pub fn client_schema() -> Schema {
    schemars::schema_for!(ClientFrame)
}

/// The schema of what the server sends.
#[must_use]
pub fn server_schema() -> Schema {
    schemars::schema_for!(ServerFrame)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The committed files are what the types say. `ARIS_BLESS=1` writes them anew.
    #[test]
    fn the_committed_schemas_are_those_of_the_types() {
        for (name, schema) in [("client-frame", client_schema()), ("server-frame", server_schema())] {
            let path = format!("{}/schemas/{name}.json", env!("CARGO_MANIFEST_DIR"));
            let text = serde_json::to_string_pretty(&schema).unwrap() + "\n";
            if std::env::var_os("ARIS_BLESS").is_some() {
                std::fs::write(&path, &text).unwrap();
            }
            let committed = std::fs::read_to_string(&path).unwrap_or_default();
            assert!(committed == text, "schemas/{name}.json differs from the types; run with ARIS_BLESS=1");
        }
    }
}
