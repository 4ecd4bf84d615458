//! What a rule answers when it says no.

use crate::{
    ids::{OrderId, SessionId},
    stream::StreamId,
};

/// A command that a rule refused. Each has a stable code that clients branch on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// An id in the path names nothing that this caller may see (404, leaves no receipt).
    #[error("there is no such thing here")]
    NotFound,
    /// The thing that this very command creates exists already: it was sent long ago.
    #[error("this was done already")]
    AlreadyDone(StreamId),
    /// The restaurant exists already.
    #[error("the restaurant exists already")]
    RestaurantExists,
    /// The restaurant has no such station.
    #[error("the restaurant has no station `{0}`")]
    UnknownStation(String),
    /// The price is in another currency than the restaurant's.
    #[error("prices of this restaurant are in {expected}")]
    CurrencyMismatch {
        /// The restaurant's currency.
        expected: String,
    },
    /// Another item has this name.
    #[error("another item of the menu has this name")]
    ItemNameTaken,
    /// The menu has as many items as it can hold.
    #[error("the menu is full")]
    MenuFull,
    /// The item was withdrawn.
    #[error("the item is withdrawn")]
    ItemWithdrawn,
    /// The item is available already.
    #[error("the item is available already")]
    ItemAvailable,
    /// Guests sit at this table already.
    #[error("the table has an open session")]
    TableOccupied(SessionId),
    /// The session is over.
    #[error("the session is closed")]
    SessionClosed,
    /// The diner joined before.
    #[error("this diner has joined already")]
    AlreadyJoined,
    /// The session has as many diners as it can hold.
    #[error("the session is full")]
    SessionFull,
    /// The session has orders that are neither completed, rejected nor cancelled.
    #[error("{} orders of the session are still open", .0.len())]
    OrdersOpen(Vec<OrderId>),
    /// The body names a session that does not exist.
    #[error("there is no such session")]
    UnknownSession,
    /// The diner has not joined the session.
    #[error("this diner has not joined the session")]
    NotJoined,
    /// The diner has left the session.
    #[error("this diner has left the session")]
    DinerLeft,
    /// Nobody sits at the table.
    #[error("the table has no open session")]
    NoOpenSession,
    /// So many ask to join that nobody could answer them.
    #[error("too many ask to join this session")]
    JoinRequestsFull,
    /// The request to join is answered, or was not answered in time.
    #[error("the request to join is {state}, not waiting")]
    JoinNotWaiting {
        /// What became of it.
        state: &'static str,
    },
    /// The digits are not those that the table shows.
    #[error("these are not the digits that the table shows")]
    WrongCode,
    /// Somebody guessed at the digits, or they changed too often.
    #[error("digits let nobody in now: ask somebody at the table or staff")]
    CodeLocked,
    /// The body names an item that is not on the menu.
    #[error("the menu has no such item")]
    UnknownItem(crate::ids::ItemId),
    /// The order names an item that was withdrawn.
    #[error("an item of the order is withdrawn")]
    OrderedItemWithdrawn(crate::ids::ItemId),
    /// An order without lines could never be completed; the edge refuses it first.
    #[error("an order has 1 to 100 lines")]
    LineCount,
    /// The total of the order is larger than any amount of money may be.
    #[error("the total of the order is too large")]
    AmountTooLarge,
    /// The order is not waiting for acceptance.
    #[error("the order is {state}, not placed")]
    OrderNotPlaced {
        /// The state that it is in.
        state: &'static str,
    },
    /// The order is closed, or one of its lines was started.
    #[error("the order can no longer be cancelled")]
    OrderNotCancellable {
        /// The state that it is in.
        state: &'static str,
    },
    /// The line does not wait to be cooked.
    #[error("the line is {state}, not fired")]
    LineNotFired {
        /// The state that it is in.
        state: &'static str,
    },
    /// The line is not being cooked, nor waits for it.
    #[error("the line is {state}, neither fired nor preparing")]
    LineNotCooking {
        /// The state that it is in.
        state: &'static str,
    },
    /// The line is not ready to be served.
    #[error("the line is {state}, not ready")]
    LineNotReady {
        /// The state that it is in.
        state: &'static str,
    },
}

impl Refusal {
    /// The stable code of the refusal, the last part of the problem's `type`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "not-found",
            Self::AlreadyDone(_) => "already-done",
            Self::RestaurantExists => "restaurant-exists",
            Self::UnknownStation(_) => "unknown-station",
            Self::CurrencyMismatch { .. } => "currency-mismatch",
            Self::ItemNameTaken => "item-name-taken",
            Self::MenuFull => "menu-full",
            Self::ItemWithdrawn | Self::OrderedItemWithdrawn(_) => "item-withdrawn",
            Self::ItemAvailable => "item-available",
            Self::TableOccupied(_) => "table-occupied",
            Self::SessionClosed => "session-closed",
            Self::AlreadyJoined => "already-joined",
            Self::SessionFull => "session-full",
            Self::OrdersOpen(_) => "orders-open",
            Self::UnknownSession => "unknown-session",
            Self::NotJoined => "not-joined",
            Self::DinerLeft => "diner-left",
            Self::NoOpenSession => "no-open-session",
            Self::JoinRequestsFull => "join-requests-full",
            Self::JoinNotWaiting { .. } => "join-not-waiting",
            Self::WrongCode => "wrong-code",
            Self::CodeLocked => "code-locked",
            Self::UnknownItem(_) => "unknown-item",
            Self::LineCount => "line-count",
            Self::AmountTooLarge => "amount-too-large",
            Self::OrderNotPlaced { .. } => "order-not-placed",
            Self::OrderNotCancellable { .. } => "order-not-cancellable",
            Self::LineNotFired { .. } => "line-not-fired",
            Self::LineNotCooking { .. } => "line-not-cooking",
            Self::LineNotReady { .. } => "line-not-ready",
        }
    }
}
