//! The hash chain of a feed.

use chrono::{DateTime, Utc};
use domain::ids::FeedId;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// A link of the chain.
pub(crate) type Hash = [u8; 32];

/// What the first event of a feed stands on.
pub(crate) const GENESIS: Hash = [0; 32];

/// The fields that the hash of an event covers, all but the one before it.
pub(crate) struct Link<'a> {
    pub(crate) feed: FeedId,
    pub(crate) position: u64,
    pub(crate) event_id: Uuid,
    pub(crate) aggregate_id: Uuid,
    pub(crate) version: u64,
    pub(crate) event_type: &'a str,
    pub(crate) schema_version: u16,
    pub(crate) recorded_at: DateTime<Utc>,
    pub(crate) metadata: &'a [u8],
    pub(crate) payload: &'a [u8],
}

impl Link<'_> {
    /// SHA-256 of the hash before and every field, each with its length before it, so that no byte
    /// can wander from one field to the next.
    pub(crate) fn hash(&self, previous: &Hash) -> Hash {
        let mut sha = Sha256::new();
        sha.update(previous);
        for field in [
            self.feed.0.as_bytes().as_slice(),
            &self.position.to_be_bytes(),
            self.event_id.as_bytes(),
            self.aggregate_id.as_bytes(),
            &self.version.to_be_bytes(),
            self.event_type.as_bytes(),
            &self.schema_version.to_be_bytes(),
            &self.recorded_at.timestamp_micros().to_be_bytes(),
            self.metadata,
            self.payload,
        ] {
            sha.update((field.len() as u64).to_be_bytes());
            sha.update(field);
        }
        sha.finalize().into()
    }
}
