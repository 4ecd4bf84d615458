//! The committer: decides and commits commands in batches, one transaction each.
//!
//! ```text
//! submit ─▶ bounded queue ─▶ take all that waits ─▶ load what the cache lacks
//!             ─▶ BEGIN ─ lock heads ─ read what others wrote ─ receipts ─ claims
//!             ─▶ decide one after another, in memory, on copies
//!             ─▶ insert events, outbox, receipts, claims; move heads ─▶ COMMIT ─▶ answer everyone
//! ```
//!
//! A feed belongs to one committer of a process, so nothing conflicts inside a process; several
//! processes meet at the lock of the feed's head. Nobody can cancel a committer: a client that hangs
//! up only stops listening.
//!
//! A COMMIT whose answer was lost is found out by running the batch again on a new connection:
//! the lock of the head waits for the dying transaction, then the receipts tell. A plain read would
//! overtake it. Until it is found out nobody is answered.

mod batch;
mod cache;
mod config;
mod error;
mod handle;
mod session;
mod sql;
mod stage;
mod use_case;
mod worker;

pub(crate) use sql::{load::fold_to, padded, with_rows};

pub use config::CommitterConfig;
pub use handle::Committers;
pub use use_case::{Answer, ClaimRead, Decision, Facts, Reply, Stop, StreamRead, Submission, SubmitError, UseCase};

use std::{collections::BTreeSet, sync::Arc};

/// Told the shards that have new events, after each commit.
pub type OnCommit = Arc<dyn Fn(&BTreeSet<u8>) + Send + Sync>;
