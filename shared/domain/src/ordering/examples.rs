//! Events of one order that the tests play with: order 1 of session 2 with two lines, 1 at the
//! grill and 2 at the bar.

use super::{
    CancelReason, LineFired, LineReady, LineServed, LineStarted, LineVoided, OrderAccepted, OrderCancelled,
    OrderCompleted, OrderEvent, OrderPlaced, OrderRejected, PlacedLine, RejectReason,
};
use crate::{
    ids::{LineId, OrderId, SessionId},
    money::TaxRate,
    station::StationKey,
    testing::{euros, id, station},
};

pub(super) fn order() -> OrderId {
    id(1)
}

pub(super) fn session() -> SessionId {
    id(2)
}

pub(super) fn line(n: u128) -> LineId {
    id(10 + n)
}

fn station_of(n: u128) -> StationKey {
    station(if n == 1 { "grill" } else { "bar" })
}

pub(super) fn placed_line(n: u128) -> PlacedLine {
    PlacedLine {
        line_id: line(n),
        item_id: id(20 + n),
        name: format!("Dish {n}"),
        quantity: 2,
        unit_price: euros(1_100),
        tax_rate_bp: TaxRate::try_from(1_000).unwrap(),
        line_total: euros(2_200),
        line_tax: euros(200),
        station: station_of(n),
        note: (n == 1).then(|| "rare".to_owned()),
    }
}

pub(super) fn order_placed() -> OrderPlaced {
    OrderPlaced {
        order_id: order(),
        session_id: session(),
        table_id: id(7),
        table_label: "12".into(),
        code: "0001".into(),
        diner_id: Some(id(3)),
        note: Some("all together".into()),
        lines: vec![placed_line(1), placed_line(2)],
        total: euros(4_400),
        tax: euros(400),
    }
}

pub(super) fn placed() -> OrderEvent {
    order_placed().into()
}

pub(super) fn accepted() -> OrderEvent {
    OrderAccepted { order_id: order(), session_id: session() }.into()
}

pub(super) fn rejected() -> OrderEvent {
    let reason = RejectReason::SoldOut;
    OrderRejected { order_id: order(), session_id: session(), reason, note: Some("no fish left".into()) }.into()
}

pub(super) fn cancelled() -> OrderEvent {
    let reason = CancelReason::Mistake;
    OrderCancelled { order_id: order(), session_id: session(), reason, note: None }.into()
}

pub(super) fn completed() -> OrderEvent {
    OrderCompleted { order_id: order(), session_id: session() }.into()
}

pub(super) fn fired(n: u128) -> OrderEvent {
    let placed = placed_line(n);
    LineFired {
        order_id: order(),
        session_id: session(),
        line_id: placed.line_id,
        station: placed.station,
        table_label: "12".into(),
        code: "0001".into(),
        name: placed.name,
        quantity: placed.quantity,
        note: placed.note,
        order_note: Some("all together".into()),
    }
    .into()
}

pub(super) fn started(n: u128) -> OrderEvent {
    LineStarted { order_id: order(), session_id: session(), line_id: line(n), station: station_of(n) }.into()
}

pub(super) fn ready(n: u128) -> OrderEvent {
    LineReady { order_id: order(), session_id: session(), line_id: line(n), station: station_of(n) }.into()
}

pub(super) fn served(n: u128) -> OrderEvent {
    LineServed { order_id: order(), session_id: session(), line_id: line(n), station: station_of(n) }.into()
}

pub(super) fn voided(n: u128) -> OrderEvent {
    let (line_id, station, reason) = (line(n), station_of(n), CancelReason::Mistake);
    LineVoided { order_id: order(), session_id: session(), line_id, station, reason }.into()
}

/// Placed and taken: both lines are at their stations.
pub(super) fn in_kitchen() -> Vec<OrderEvent> {
    vec![placed(), accepted(), fired(1), fired(2)]
}

/// In the kitchen, and then this.
pub(super) fn in_kitchen_then(more: impl IntoIterator<Item = OrderEvent>) -> Vec<OrderEvent> {
    in_kitchen().into_iter().chain(more).collect()
}
