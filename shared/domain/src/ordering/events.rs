//! What happens to an order and its lines.

#[cfg(feature = "schema")]
use crate::limits::{NAME_CHARS_MAX, NOTE_CHARS_MAX, ORDER_LINES_MAX, QUANTITY_MAX, TABLE_LABEL_CHARS_MAX};
use crate::{
    claims::{ClaimChange, ClaimKind},
    event::events,
    ids::{DinerId, ItemId, LineId, OrderId, SessionId, TableId},
    money::{Money, TaxRate},
    station::StationKey,
};
use serde::{Deserialize, Serialize};

events! {
    /// What happens to an order and its lines.
    OrderEvent {
        /// Guests ordered; nobody cooks yet.
        Placed(OrderPlaced) = "order.placed",
        /// The restaurant takes the order.
        Accepted(OrderAccepted) = "order.accepted",
        /// The restaurant does not take the order.
        Rejected(OrderRejected) = "order.rejected",
        /// The order is called off.
        Cancelled(OrderCancelled) = "order.cancelled",
        /// Every line was served.
        Completed(OrderCompleted) = "order.completed",
        /// A line goes to its station.
        LineFired(LineFired) = "line.fired",
        /// A cook works on a line.
        LineStarted(LineStarted) = "line.started",
        /// A line can be carried out.
        LineReady(LineReady) = "line.ready",
        /// A line is on the table.
        LineServed(LineServed) = "line.served",
        /// A line is called off.
        LineVoided(LineVoided) = "line.voided",
    }
}

/// `order.placed`. Prices, names and tax are copied into it, so that later changes of the menu do
/// not change what was agreed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OrderPlaced {
    /// The new order.
    pub order_id: OrderId,
    /// The session that ordered.
    pub session_id: SessionId,
    /// The table of the session.
    pub table_id: TableId,
    /// What stands on the table.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = TABLE_LABEL_CHARS_MAX)))]
    pub table_label: String,
    /// Four characters that people can call out; not unique.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = "^[0-9A-HJKMNP-TV-Z]{4}$")))]
    pub code: String,
    /// The guest who ordered; absent when staff did it for them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "DinerId"))]
    pub diner_id: Option<DinerId>,
    /// A wish for the whole order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "String", length(min = 1, max = NOTE_CHARS_MAX)))]
    pub note: Option<String>,
    /// What was ordered.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = ORDER_LINES_MAX)))]
    pub lines: Vec<PlacedLine>,
    /// The sum of the lines, with their tax where prices do not include it.
    pub total: Money,
    /// The tax that the total contains.
    pub tax: Money,
}

/// One line of a placed order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PlacedLine {
    /// Its id.
    pub line_id: LineId,
    /// The item of the menu.
    pub item_id: ItemId,
    /// The item's name at that moment.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = NAME_CHARS_MAX)))]
    pub name: String,
    /// How many.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = QUANTITY_MAX)))]
    pub quantity: u32,
    /// The price of one at that moment.
    pub unit_price: Money,
    /// The tax rate at that moment, in basis points.
    pub tax_rate_bp: TaxRate,
    /// `unit_price` × `quantity`.
    pub line_total: Money,
    /// The tax in (or on top of) `line_total`.
    pub line_tax: Money,
    /// Where it is made.
    pub station: StationKey,
    /// A wish for this line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "String", length(min = 1, max = NOTE_CHARS_MAX)))]
    pub note: Option<String>,
}

/// `order.accepted`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OrderAccepted {
    /// The order.
    pub order_id: OrderId,
    /// Its session.
    pub session_id: SessionId,
}

/// Why a restaurant does not take an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum RejectReason {
    /// The kitchen is closed.
    KitchenClosed,
    /// Something is sold out.
    SoldOut,
    /// See the note.
    Other,
}

/// `order.rejected`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OrderRejected {
    /// The order.
    pub order_id: OrderId,
    /// Its session.
    pub session_id: SessionId,
    /// Why.
    pub reason: RejectReason,
    /// Why, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "String", length(min = 1, max = NOTE_CHARS_MAX)))]
    pub note: Option<String>,
}

/// Why an order is called off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum CancelReason {
    /// The guests left.
    GuestLeft,
    /// It was ordered by mistake.
    Mistake,
    /// See the note.
    Other,
}

/// `order.cancelled`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OrderCancelled {
    /// The order.
    pub order_id: OrderId,
    /// Its session.
    pub session_id: SessionId,
    /// Why.
    pub reason: CancelReason,
    /// Why, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "String", length(min = 1, max = NOTE_CHARS_MAX)))]
    pub note: Option<String>,
}

/// `order.completed`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OrderCompleted {
    /// The order.
    pub order_id: OrderId,
    /// Its session.
    pub session_id: SessionId,
}

/// `line.fired`. It carries all that a station needs to cook, because a kitchen never sees the order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LineFired {
    /// The order.
    pub order_id: OrderId,
    /// Its session.
    pub session_id: SessionId,
    /// The line.
    pub line_id: LineId,
    /// Where it is made.
    pub station: StationKey,
    /// What stands on the table.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = TABLE_LABEL_CHARS_MAX)))]
    pub table_label: String,
    /// The order's code.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = "^[0-9A-HJKMNP-TV-Z]{4}$")))]
    pub code: String,
    /// What to make.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = NAME_CHARS_MAX)))]
    pub name: String,
    /// How many.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = QUANTITY_MAX)))]
    pub quantity: u32,
    /// A wish for this line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "String", length(min = 1, max = NOTE_CHARS_MAX)))]
    pub note: Option<String>,
    /// A wish for the whole order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "String", length(min = 1, max = NOTE_CHARS_MAX)))]
    pub order_note: Option<String>,
}

macro_rules! line_event {
    ($($(#[$doc:meta])* $name:ident),*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        pub struct $name {
            /// The order.
            pub order_id: OrderId,
            /// Its session.
            pub session_id: SessionId,
            /// The line.
            pub line_id: LineId,
            /// Where it is made.
            pub station: StationKey,
        }
    )*};
}

line_event! {
    /// `line.started`
    LineStarted,
    /// `line.ready`
    LineReady,
    /// `line.served`
    LineServed
}

/// `line.voided`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LineVoided {
    /// The order.
    pub order_id: OrderId,
    /// Its session.
    pub session_id: SessionId,
    /// The line.
    pub line_id: LineId,
    /// Where it would have been made.
    pub station: StationKey,
    /// Why.
    pub reason: CancelReason,
}

impl OrderEvent {
    pub(crate) fn claims(&self) -> Vec<ClaimChange> {
        let release =
            |session, order| vec![ClaimChange::Release(ClaimKind::OpenOrder, open_order_claim(session, order))];
        match self {
            Self::Placed(it) => {
                vec![ClaimChange::Take(ClaimKind::OpenOrder, open_order_claim(it.session_id, it.order_id))]
            }
            Self::Rejected(it) => release(it.session_id, it.order_id),
            Self::Cancelled(it) => release(it.session_id, it.order_id),
            Self::Completed(it) => release(it.session_id, it.order_id),
            Self::Accepted(_)
            | Self::LineFired(_)
            | Self::LineStarted(_)
            | Self::LineReady(_)
            | Self::LineServed(_)
            | Self::LineVoided(_) => Vec::new(),
        }
    }
}

/// The key under which an open order of a session is claimed; the session comes first, so that all
/// open orders of a session are one range.
#[must_use]
pub fn open_order_claim(session: SessionId, order: OrderId) -> String {
    format!("{session}/{order}")
}
