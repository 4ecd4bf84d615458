//! Table sessions: guests at a table, from sitting down to leaving.

mod close;
mod events;
#[cfg(test)]
mod examples;
mod join;
mod open;
mod session;

pub use close::CloseSession;
pub use events::{SessionClosed, SessionEvent, SessionJoined, SessionOpened};
pub use join::JoinSession;
pub use open::OpenSession;
pub use session::{SessionCommand, SessionFacts, SessionState, TableSession, Visit};
