//! What clients get from the orders view.

use crate::{money::MoneyAnswer, read::Stand};
use serde::Serialize;
use std::io;
use utoipa::ToSchema;
use uuid::Uuid;

/// An order with its lines.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = Order)]
pub(crate) struct OrderAnswer {
    /// The order.
    pub(crate) order_id: Uuid,
    /// Four characters that people can call out.
    pub(crate) code: String,
    /// The session that ordered.
    pub(crate) session_id: Uuid,
    /// What stands on the table.
    pub(crate) table_label: String,
    /// placed, rejected, cancelled, accepted, preparing, ready or served.
    pub(crate) state: &'static str,
    /// When it was placed.
    #[schema(format = DateTime)]
    pub(crate) placed_at: String,
    /// A wish for the whole order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) note: Option<String>,
    /// Why it was rejected or cancelled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
    /// As they were ordered.
    pub(crate) lines: Vec<OrderLineAnswer>,
    /// What the order costs.
    pub(crate) total: MoneyAnswer,
    /// The tax in it.
    pub(crate) tax: MoneyAnswer,
    /// The version of the order after the last event that the view has applied.
    pub(crate) version: u64,
}

impl OrderAnswer {
    /// How long it is as JSON.
    pub(crate) fn json_bytes(&self) -> usize {
        let mut counted = Counted(0);
        // Strings and numbers: there is nothing in it that JSON cannot hold.
        serde_json::to_writer(&mut counted, self).map_or(usize::MAX, |()| counted.0)
    }
}

/// Counts what is written.
struct Counted(usize);

impl io::Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// One line of an order.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = OrderLine)]
pub(crate) struct OrderLineAnswer {
    /// The line.
    pub(crate) line_id: Uuid,
    /// The item of the menu.
    pub(crate) item_id: Uuid,
    /// The item's name when it was ordered.
    pub(crate) name: String,
    /// How many.
    pub(crate) quantity: u32,
    /// The price of one when it was ordered.
    pub(crate) unit_price: MoneyAnswer,
    /// `unit_price` × `quantity`.
    pub(crate) line_total: MoneyAnswer,
    /// The tax in it, or on top of it where prices do not include tax.
    pub(crate) line_tax: MoneyAnswer,
    /// Where it is made.
    pub(crate) station: String,
    /// placed, fired, preparing, ready, served or voided.
    pub(crate) state: &'static str,
    /// A wish.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) note: Option<String>,
}

/// One order and where the view stands.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OrderWithCursor {
    /// Where the view stands.
    pub(crate) cursor: Stand,
    /// The order.
    #[serde(flatten)]
    pub(crate) order: OrderAnswer,
}

/// A page of orders, newest first: at most `limit` of them, and at most 256 KiB unless it is a single order.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OrderPage {
    /// Where the view stands.
    pub(crate) cursor: Stand,
    /// Newest first.
    pub(crate) items: Vec<OrderAnswer>,
    /// Give it as `after` to get the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next: Option<u64>,
}
