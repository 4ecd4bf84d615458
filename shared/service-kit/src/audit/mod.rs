//! Who did, or tried to do, what with which right, from where.
//!
//! Every request has an [`Attempt`], an extension that [`crate::http::app`] gives it. What is found out on the
//! way (who, with which right, what about) is noted there; when the answer is known, [`Attempt`] decides
//! whether it is worth an [`Action`], and hands it to the [`Trail`] without waiting for anything.
//!
//! What is written down: whatever was denied; commands of somebody known that failed; what a handler wants
//! kept. A command that succeeds is not: its event says who, with what and with which right. Reads that
//! succeed are not, but those of personal data, which their handlers write down before they answer.

mod action;
mod attempt;
mod trail;

pub use action::{Action, Subject, UNKNOWN, Who};
pub use attempt::{Attempt, refused};
pub(crate) use attempt::{Refused, begin};
pub use trail::{QUEUE_MAX, Taken, Trail, describe, dropped};
