//! Letters: queued by requests and events, written and sent by a worker.
//!
//! A request never waits for a mail server, and never tells by its time whether an account exists:
//! what was asked is sealed and queued, and looked at only here.

mod letter;
mod post;
mod worker;

pub(crate) use letter::Letter;
pub(crate) use post::Post;
pub(crate) use worker::Worker;
