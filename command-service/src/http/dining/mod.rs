//! Table sessions.

pub(super) mod close_session;
pub(super) mod join_session;
pub(super) mod open_session;
