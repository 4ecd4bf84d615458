//! Made-up events for the tests of the console.

use super::told::Told;
use chrono::{DateTime, Duration, Utc};
use domain::{
    envelope::Cursor,
    event::Event,
    ordering::{CancelReason, LineFired, LineStarted, LineVoided, OrderEvent},
};
use uuid::Uuid;

/// The time of the event at this position.
pub(super) fn at(position: u64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + Duration::seconds(i64::try_from(position).unwrap())
}

/// An event as it comes over the stream.
pub(super) fn told(position: u64, event: OrderEvent) -> Told {
    let event = Event::Order(event);
    Told {
        cursor: Cursor { epoch: 1, position },
        at: at(position),
        event_type: event.event_type().to_owned(),
        event: Some(event),
    }
}

/// The ids of a line.
pub(super) fn line(order: u128, line: u128) -> LineStarted {
    LineStarted {
        order_id: Uuid::from_u128(order).into(),
        session_id: Uuid::nil().into(),
        line_id: Uuid::from_u128(line).into(),
        station: "grill".parse().unwrap(),
    }
}

/// A line comes to the grill.
pub(super) fn fired(order: u128, number: u128, name: &str) -> OrderEvent {
    let ids = line(order, number);
    OrderEvent::LineFired(LineFired {
        order_id: ids.order_id,
        session_id: ids.session_id,
        line_id: ids.line_id,
        station: ids.station,
        table_label: "7".to_owned(),
        code: format!("{order:04}"),
        name: name.to_owned(),
        quantity: 2,
        note: None,
        order_note: None,
    })
}

/// A cook starts a line.
pub(super) fn started(order: u128, number: u128) -> OrderEvent {
    OrderEvent::LineStarted(line(order, number))
}

/// A line is called off.
pub(super) fn voided(order: u128, number: u128) -> OrderEvent {
    let ids = line(order, number);
    OrderEvent::LineVoided(LineVoided {
        order_id: ids.order_id,
        session_id: ids.session_id,
        line_id: ids.line_id,
        station: ids.station,
        reason: CancelReason::Mistake,
    })
}
