//! Table sessions: guests at a table, from sitting down to leaving.
//!
//! The printed code of a table lets nobody in: it lets one ask. Somebody at the table or staff says yes, or
//! the one who asks knows what the table shows during this visit. Who left, and everybody after
//! the end, is a stranger again: the rules say so, whatever token somebody holds.

mod approve_join;
mod close;
mod decline_all;
mod decline_join;
mod events;
#[cfg(test)]
mod examples;
mod host;
mod join;
mod join_with_code;
mod leave;
mod lock_code;
mod open;
#[cfg(test)]
mod properties;
mod request_join;
mod rotate_code;
mod session;
mod visit;

pub use approve_join::AnswerJoin;
pub use close::CloseSession;
pub use decline_all::DeclineAll;
pub use events::{
    CodeRotated, DinerLeft, JoinDeclined, JoinRequested, SessionClosed, SessionEvent, SessionJoined, SessionOpened,
};
pub use host::Host;
pub use join::JoinSession;
pub use join_with_code::{CodeGuess, JoinWithCode};
pub use leave::LeaveSession;
pub use lock_code::LockCode;
pub use open::OpenSession;
pub use request_join::RequestJoin;
pub use rotate_code::RotateCode;
pub use session::{SessionCommand, SessionFacts, SessionState, TableSession};
pub use visit::{Diner, JoinRequest, Standing, Visit, VisitCode};
