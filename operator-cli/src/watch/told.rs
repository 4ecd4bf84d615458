//! An event as a stream tells it.

use anyhow::{Context, Result};
use chrono::{DateTime, Utc};
use domain::{envelope::Cursor, event::Event};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// One event of a feed, read from its envelope.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Told {
    /// Where it stands in the feed.
    pub(crate) cursor: Cursor,
    /// When it was committed, by the server's clock.
    pub(crate) at: DateTime<Utc>,
    /// Its stored name, such as `line.fired`.
    pub(crate) event_type: String,
    /// What happened; `None` where this build does not know the event: a newer server may tell of things
    /// that an older screen cannot show.
    pub(crate) event: Option<Event>,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    position: u64,
    epoch: u32,
    #[serde(rename = "type", borrow)]
    event_type: Cow<'a, str>,
    v: u16,
    recorded_at: DateTime<Utc>,
    #[serde(borrow)]
    data: &'a RawValue,
}

impl Told {
    /// Reads an envelope.
    pub(crate) fn parse(json: &str) -> Result<Self> {
        let envelope: Envelope<'_> = serde_json::from_str(json).context("an event of the stream cannot be read")?;
        let event = Event::decode(&envelope.event_type, envelope.v, envelope.data.get().as_bytes());
        Ok(Self {
            cursor: Cursor { epoch: envelope.epoch, position: envelope.position },
            at: envelope.recorded_at,
            event_type: envelope.event_type.into_owned(),
            event: event.ok(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::ordering::OrderEvent;

    fn envelope(event_type: &str, data: &str) -> String {
        format!(
            r#"{{"position":7,"epoch":1,"event_id":"0192d3a4-0000-7000-8000-000000000001","type":"{event_type}","v":1,
                "recorded_at":"2026-01-02T03:04:05.000006Z","data":{data}}}"#
        )
    }

    #[test]
    fn an_event_is_read_with_its_place_and_time() {
        let id = "0192d3a4-0000-7000-8000-000000000001";
        let data = format!(r#"{{"order_id":"{id}","session_id":"{id}","line_id":"{id}","station":"grill"}}"#);
        let told = Told::parse(&envelope("line.ready", &data)).unwrap();
        assert_eq!(told.cursor, Cursor { epoch: 1, position: 7 });
        assert!(matches!(told.event, Some(Event::Order(OrderEvent::LineReady(_)))));
    }

    #[test]
    fn an_unknown_event_is_passed_on_without_its_content() {
        let told = Told::parse(&envelope("line.flambéed", "{}")).unwrap();
        assert_eq!((told.event_type.as_str(), told.event), ("line.flambéed", None));
        assert!(Told::parse("{}").is_err());
    }
}
