//! Events for the tests of this crate.

use super::Fact;
use chrono::{DateTime, Utc};
use domain::{
    event::Event,
    ids::{FeedId, LineId, OrderId, SessionId},
    money::{Currency, Money, TaxRate},
    ordering::{
        CancelReason, LineFired, LineReady, LineServed, LineStarted, LineVoided, OrderAccepted, OrderCancelled,
        OrderCompleted, OrderEvent, OrderPlaced, PlacedLine,
    },
    station::StationKey,
};
use uuid::Uuid;

pub(crate) const FEED: FeedId = FeedId(Uuid::from_u128(0xF));
pub(crate) const ORDER: OrderId = OrderId(Uuid::from_u128(0xA));
pub(crate) const SESSION: SessionId = SessionId(Uuid::from_u128(0xB));

pub(crate) fn line_id(n: u128) -> LineId {
    LineId(Uuid::from_u128(n))
}

pub(crate) fn grill() -> StationKey {
    "grill".parse().unwrap()
}

pub(crate) fn at(position: u64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000 + i64::try_from(position).unwrap(), 0).unwrap()
}

/// These events at positions 1, 2, 3 … of [`FEED`].
pub(crate) fn facts(events: impl IntoIterator<Item = impl Into<Event>>) -> Vec<Fact> {
    facts_of(FEED, events)
}

/// These events at positions 1, 2, 3 … of this feed.
pub(crate) fn facts_of(feed: FeedId, events: impl IntoIterator<Item = impl Into<Event>>) -> Vec<Fact> {
    let fact = |(position, event): (u64, Event)| Fact { feed, position, version: position, at: at(position), event };
    (1..).zip(events.into_iter().map(Into::into)).map(fact).collect()
}

pub(crate) fn money(amount: i64) -> Money {
    Money { amount, currency: "EUR".parse::<Currency>().unwrap() }
}

/// An order with these lines at the grill.
pub(crate) fn placed(lines: &[u128]) -> OrderEvent {
    let line = |n: &u128| PlacedLine {
        line_id: line_id(*n),
        item_id: Uuid::from_u128(0xC).into(),
        name: "Burger".to_owned(),
        quantity: 2,
        unit_price: money(500),
        tax_rate_bp: TaxRate::try_from(1_000).unwrap(),
        line_total: money(1_000),
        line_tax: money(91),
        station: grill(),
        note: None,
    };
    OrderPlaced {
        order_id: ORDER,
        session_id: SESSION,
        table_id: Uuid::from_u128(0xD).into(),
        table_label: "7".to_owned(),
        code: "A1B2".to_owned(),
        diner_id: None,
        note: Some("no onions".to_owned()),
        lines: lines.iter().map(line).collect(),
        total: money(1_000),
        tax: money(91),
    }
    .into()
}

pub(crate) fn accepted() -> OrderEvent {
    OrderAccepted { order_id: ORDER, session_id: SESSION }.into()
}

pub(crate) fn completed() -> OrderEvent {
    OrderCompleted { order_id: ORDER, session_id: SESSION }.into()
}

pub(crate) fn cancelled() -> OrderEvent {
    OrderCancelled { order_id: ORDER, session_id: SESSION, reason: CancelReason::Mistake, note: None }.into()
}

pub(crate) fn fired(line: u128) -> OrderEvent {
    LineFired {
        order_id: ORDER,
        session_id: SESSION,
        line_id: line_id(line),
        station: grill(),
        table_label: "7".to_owned(),
        code: "A1B2".to_owned(),
        name: "Burger".to_owned(),
        quantity: 2,
        note: None,
        order_note: None,
    }
    .into()
}

macro_rules! line_events {
    ($($name:ident -> $event:ident $({ $($extra:tt)* })?),* $(,)?) => {$(
        pub(crate) fn $name(line: u128) -> OrderEvent {
            $event { order_id: ORDER, session_id: SESSION, line_id: line_id(line), station: grill(), $($($extra)*)? }
                .into()
        }
    )*};
}

line_events! {
    started -> LineStarted,
    ready -> LineReady,
    served -> LineServed,
    voided -> LineVoided { reason: CancelReason::Mistake },
}
