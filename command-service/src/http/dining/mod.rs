//! Table sessions.

pub(super) mod approve_join;
pub(super) mod close_session;
pub(super) mod decline_all;
pub(super) mod decline_join;
pub(super) mod get_join_request;
mod guess;
pub(super) mod join_session;
mod join_with_code;
pub(super) mod leave_session;
pub(super) mod open_session;
pub(super) mod request_join;
pub(super) mod rotate_code;
mod scan_with_code;
pub(super) mod show_code;
