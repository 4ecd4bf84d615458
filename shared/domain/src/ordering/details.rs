//! What an order is about, from its placing to its end.

use super::{Line, LineState, OrderPlaced, PlacedLine};
use crate::ids::{OrderId, SessionId};
use serde::{Deserialize, Serialize};

/// What an order is about. Money is not here: no rule after placing asks for it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct OrderDetails {
    /// The order.
    pub order_id: OrderId,
    /// Its session.
    pub session_id: SessionId,
    /// What stands on the table.
    pub table_label: String,
    /// Four characters that people can call out.
    pub code: String,
    /// A wish for the whole order.
    pub note: Option<String>,
    /// Its lines.
    pub lines: Vec<Line>,
}

impl From<OrderPlaced> for OrderDetails {
    fn from(placed: OrderPlaced) -> Self {
        Self {
            order_id: placed.order_id,
            session_id: placed.session_id,
            table_label: placed.table_label,
            code: placed.code,
            note: placed.note,
            lines: placed.lines.into_iter().map(Line::from).collect(),
        }
    }
}

impl From<PlacedLine> for Line {
    fn from(placed: PlacedLine) -> Self {
        Self {
            line_id: placed.line_id,
            item_id: placed.item_id,
            name: placed.name,
            quantity: placed.quantity,
            station: placed.station,
            note: placed.note,
            state: LineState::Placed,
        }
    }
}
