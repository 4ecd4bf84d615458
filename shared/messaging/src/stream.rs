//! The stream of all events.

use crate::{Copies, Namespace};
use async_nats::jetstream::{
    Context,
    context::CreateStreamError,
    stream::{Config, DiscardPolicy, RetentionPolicy, StorageType},
};
use std::time::Duration;

/// How much the stream keeps. It is a window for those who are a little behind, not a store: who is
/// further behind reads MySQL.
#[derive(Debug, Clone, Copy)]
pub struct StreamOptions {
    /// Oldest message that is kept.
    pub max_age: Duration,
    /// Bytes that are kept; the server sets them aside when the stream is made.
    pub max_bytes: i64,
    /// For how long a second message with the same `Nats-Msg-Id` is dropped.
    pub duplicate_window: Duration,
    /// Copies in a cluster.
    pub copies: Copies,
}

impl StreamOptions {
    /// What this namespace needs. One with a prefix is for tests and shares its server with many
    /// others, so it keeps less.
    #[must_use]
    pub fn of(namespace: &Namespace) -> Self {
        const MIB: i64 = 1024 * 1024;
        Self {
            max_age: Duration::from_hours(7 * 24),
            max_bytes: if namespace.is_production() { 1024 * MIB } else { 64 * MIB },
            duplicate_window: Duration::from_mins(2),
            copies: namespace.copies(),
        }
    }
}

/// Makes the stream if it is not there. One that is there stays as it is: an operator may have given
/// it other limits.
///
/// # Errors
/// When NATS does not answer in time, or refuses.
pub async fn ensure_stream(
    jetstream: &Context,
    namespace: &Namespace,
    options: StreamOptions,
) -> Result<(), CreateStreamError> {
    let config = Config {
        name: namespace.stream_name(),
        description: Some("all events, as they were committed; MySQL is the truth".to_owned()),
        subjects: vec![namespace.all_events()],
        retention: RetentionPolicy::Limits,
        discard: DiscardPolicy::Old,
        storage: StorageType::File,
        max_age: options.max_age,
        max_bytes: options.max_bytes,
        duplicate_window: options.duplicate_window,
        num_replicas: options.copies.number(),
        allow_direct: true,
        ..Config::default()
    };
    jetstream.get_or_create_stream(config).await.map(drop)
}
