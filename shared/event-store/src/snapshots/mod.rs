//! Kept states of long streams: a menu is folded from where it was kept, not from its first event.
//!
//! ```text
//! committer loads a stream ─▶ kept state + the events after it
//!     └▶ far from the kept one? a note to the keeper ─▶ (background, own connection) writes it
//!     └▶ now and then           a note to the keeper ─▶ folds from zero and compares; wrong ⇒ deleted
//! ```

mod keeper;
mod read;

pub(crate) use keeper::{Snapshots, keep};
pub(crate) use read::read;

use domain::{snapshot::fold_example, stream::AggregateKind};
use sha2::{Digest, Sha256};

/// Which code a kept state belongs to; `None` for kinds that have none.
pub(crate) fn schema_hash(kind: AggregateKind) -> Option<[u8; 32]> {
    let example = fold_example(kind)?;
    Some(Sha256::new().chain_update(kind.as_str()).chain_update([0]).chain_update(example).finalize().into())
}
