//! Orders and their lines.

pub(super) mod accept_order;
pub(super) mod cancel_order;
pub(super) mod place_order;
pub(super) mod ready_line;
pub(super) mod reject_order;
pub(super) mod serve_line;
pub(super) mod start_line;
