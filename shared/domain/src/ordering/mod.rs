//! Orders and their lines.

mod accept;
mod cancel;
mod code;
mod details;
mod events;
#[cfg(test)]
mod examples;
mod fold;
mod line;
mod order;
mod order_state;
mod place;
#[cfg(test)]
mod properties;
mod quantity;
mod ready_line;
mod reject;
mod serve_line;
mod start_line;
mod view;

pub use cancel::{CancelOrder, CancelledBy};
pub use code::{four_characters, order_code};
pub use details::OrderDetails;
pub use events::{
    CancelReason, LineFired, LineReady, LineServed, LineStarted, LineVoided, OrderAccepted, OrderCancelled,
    OrderCompleted, OrderEvent, OrderPlaced, OrderRejected, PlacedLine, RejectReason, open_order_claim,
};
pub use line::{Line, LineState};
pub use order::{Order, OrderCommand};
pub use order_state::OrderState;
pub use place::{OrderedLine, PlaceOrder};
pub use quantity::{InvalidQuantity, Quantity};
pub use reject::RejectOrder;
pub use view::{TicketState, ViewState, ticket_state, view_state};
