//! Writing kept states, and auditing them by sample: in the background, beside the committers.

use super::schema_hash;
use crate::{
    committer::fold_to,
    pool::{READ_WITHIN, within},
};
use domain::{
    ids::FeedId,
    stream::{State, StreamId},
};
use sqlx::MySqlPool;
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use tokio::sync::mpsc;

/// Notes that may wait; more are dropped, because the next load writes the same note.
const NOTES_MAX: usize = 64;

/// What the keeper is asked to do.
pub(crate) enum Note {
    /// Keep this state of a stream at this version.
    Keep { feed: FeedId, stream: StreamId, version: u64, state: State },
    /// Fold this stream from zero up to this version, and compare.
    Audit { feed: FeedId, stream: StreamId, version: u64, state: State },
}

/// The way to the keeper, for the committers of one process. Never blocks.
#[derive(Clone)]
pub(crate) struct Snapshots {
    notes: mpsc::Sender<Note>,
    used: Arc<AtomicU64>,
    every: u64,
    audit_one_in: u64,
}

impl Snapshots {
    /// A way to a keeper, and what the keeper works on: give it to [`keep`].
    pub(crate) fn new(every: u64, audit_one_in: u64) -> (Self, mpsc::Receiver<Note>) {
        let (notes, receiver) = mpsc::channel(NOTES_MAX);
        (Self { notes, used: Arc::default(), every: every.max(1), audit_one_in: audit_one_in.max(1) }, receiver)
    }

    /// Tells that a stream was loaded: from a state that was kept at `from` (0: from its first event) up to
    /// `version`.
    pub(crate) fn loaded(&self, feed: FeedId, stream: StreamId, from: u64, version: u64, state: &State) {
        if schema_hash(stream.kind).is_some() && version - from >= self.every {
            self.send(Note::Keep { feed, stream, version, state: state.clone() });
        }
    }

    /// Tells that a kept state is used; now and then it is audited.
    pub(crate) fn used(&self, feed: FeedId, stream: StreamId, version: u64, state: &State) {
        metrics::counter!("snapshots_used_total").increment(1);
        if self.used.fetch_add(1, Ordering::Relaxed).is_multiple_of(self.audit_one_in) {
            self.send(Note::Audit { feed, stream, version, state: state.clone() });
        }
    }

    fn send(&self, note: Note) {
        if self.notes.try_send(note).is_err() {
            metrics::counter!("snapshots_skipped_total").increment(1);
        }
    }
}

/// Works until every committer has ended. What fails is told and forgotten: the next load asks again.
pub(crate) async fn keep(pool: MySqlPool, mut notes: mpsc::Receiver<Note>) {
    while let Some(note) = notes.recv().await {
        let done = match note {
            Note::Keep { feed, stream, version, state } => write(&pool, feed, stream, version, &state).await,
            Note::Audit { feed, stream, version, state } => audit(&pool, feed, stream, version, &state).await,
        };
        if let Err(error) = done {
            tracing::warn!(%error, "a snapshot could not be written or audited");
        }
    }
    pool.close().await;
}

/// Takes the hash of its event from the event itself: without that event nothing is written.
async fn write(
    pool: &MySqlPool,
    feed: FeedId,
    stream: StreamId,
    version: u64,
    state: &State,
) -> Result<(), sqlx::Error> {
    let (Some(hash), Some(bytes)) = (schema_hash(stream.kind), state.to_snapshot()) else { return Ok(()) };
    let statement = sqlx::query(
        "REPLACE INTO snapshots (feed_id, aggregate_id, version, schema_hash, event_hash, state, written_at) \
         SELECT feed_id, aggregate_id, version, ?, hash, ?, NOW(6) FROM events FORCE INDEX (events_aggregate_version) \
          WHERE feed_id = ? AND aggregate_id = ? AND version = ?",
    );
    let statement = statement.bind(hash.as_slice()).bind(bytes).bind(feed.0).bind(stream.id).bind(version);
    within(READ_WITHIN, statement.execute(pool)).await?;
    metrics::counter!("snapshots_written_total").increment(1);
    Ok(())
}

/// A kept state that differs from the fold is deleted, and an error tells of it: the process that used
/// it has decided on what it said.
async fn audit(
    pool: &MySqlPool,
    feed: FeedId,
    stream: StreamId,
    version: u64,
    state: &State,
) -> Result<(), sqlx::Error> {
    let folded = within(READ_WITHIN, fold_to(pool, feed, stream, version)).await?;
    let same = folded.is_some_and(|folded| folded == *state);
    metrics::counter!("snapshots_audited_total", "result" => if same { "same" } else { "different" }).increment(1);
    if same {
        return Ok(());
    }
    tracing::error!(%feed, stream = %stream.id, version, "a snapshot differs from its events; it is deleted: restart this process and read its log since the start");
    let statement =
        sqlx::query("DELETE FROM snapshots WHERE feed_id = ? AND aggregate_id = ?").bind(feed.0).bind(stream.id);
    within(READ_WITHIN, statement.execute(pool)).await.map(drop)
}
