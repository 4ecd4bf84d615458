//! Finds what the stream has lost, and has it published again.
//!
//! It compares the newest message of each feed with the feed's head: after the start, after each
//! reconnect, when a publish finds no stream, and slowly all the time. `published` is no evidence:
//! it says what was acknowledged once, not what is still there.
//!
//! Feeds with rows in the outbox are left out: those rows bring the stream's tail up to date, and a
//! refill beside them would only put older positions behind newer ones. Unless they were acknowledged
//! before the stream was lost, and only wait for their deletion: so a feed without any message stays
//! in doubt until it has no rows.

use crate::{
    book::Refill,
    settled::{Doubts, Settled},
    store::Store,
    verdict::{self, Seen},
};
use anyhow::Context as _;
use async_nats::jetstream::{
    Context,
    stream::{LastRawMessageErrorKind, Stream},
};
use chrono::{DateTime, Utc};
use domain::{envelope::Cursor, ids::FeedId};
use event_store::{
    lease::Held,
    reader::{EventReader, Head},
};
use futures::{StreamExt, TryStreamExt};
use messaging::{Namespace, StreamOptions, ensure_stream, envelope};
use std::{collections::BTreeSet, sync::Arc, time::Duration};
use tokio::{
    sync::{Notify, mpsc, watch},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

/// Feeds in one page of heads.
const PAGE: u32 = 128;
/// Questions to NATS at the same time.
const QUESTIONS_MAX: usize = 8;
/// Feeds per second when everything may be lost.
const FAST_FEEDS_PER_SECOND: u32 = 2_000;
/// Feeds per second otherwise.
const SLOW_FEEDS_PER_SECOND: u32 = 200;
/// Pause after a pass that could not be finished.
const RETRY_EVERY: Duration = Duration::from_millis(500);

/// What the reconciler tells the engine.
#[derive(Debug)]
pub(crate) enum Order {
    /// Publish these again.
    Refill(Refill),
    /// The stream is there (again): no feed needs to rest any longer.
    Resume,
}

pub(crate) struct Reconciler {
    pub(crate) jetstream: Context,
    pub(crate) namespace: Namespace,
    pub(crate) reader: EventReader,
    pub(crate) store: Store,
    pub(crate) held: watch::Receiver<Held>,
    pub(crate) orders: mpsc::Sender<Order>,
    /// Set off when something may be lost.
    pub(crate) alarm: Arc<Notify>,
    /// Shards that the engine filled up only in part.
    pub(crate) doubts: Doubts,
    pub(crate) every: Duration,
    pub(crate) most: u64,
}

impl Reconciler {
    /// Compares until `stop`.
    pub(crate) async fn run(self, stop: CancellationToken) {
        tokio::select! {
            () = self.compare_for_ever() => {}
            () = stop.cancelled() => {}
        }
    }

    async fn compare_for_ever(&self) {
        let mut held = self.held.clone();
        let mut settled = Settled::default();
        loop {
            while !messaging::is_connected(&self.jetstream.client()) {
                tokio::time::sleep(RETRY_EVERY).await;
            }
            if let Err(error) = self.pass(&mut settled).await {
                tracing::warn!(error = format!("{error:#}"), "stream and store cannot be compared now");
                tokio::time::sleep(RETRY_EVERY).await;
                continue;
            }
            tokio::select! {
                () = tokio::time::sleep(self.every) => {}
                () = self.alarm.notified() => {}
                Ok(()) = held.changed() => {}
            }
        }
    }

    /// One comparison. A shard is settled only when it came to its end: what was lost stays lost until then.
    async fn pass(&self, settled: &mut Settled) -> anyhow::Result<()> {
        let shards = self.held.borrow().shards().clone();
        let (stream, seen) = self.look().await?;
        settled.doubt(&self.doubts.take());
        settled.keep(&shards);
        if settled.look(&seen) {
            let _ = self.orders.send(Order::Resume).await;
        }
        let deep = settled.unsettled(&shards);
        let rate = if deep.is_empty() { SLOW_FEEDS_PER_SECOND } else { FAST_FEEDS_PER_SECOND };
        let (mut after, mut skipped) = (None, BTreeSet::new());
        loop {
            let began = Instant::now();
            let heads = self.reader.all_heads(after, PAGE).await.context("heads cannot be read")?;
            let Some(last) = heads.last() else { break };
            after = Some(last.feed);
            let now = Utc::now();
            let mine = |head: &Head| shards.contains(&head.feed.shard()) && verdict::is_recent(head, now);
            let mine: Vec<Head> = heads.into_iter().filter(mine).collect();
            let held = self.held.borrow().clone();
            let (ours, not_held): (Vec<_>, Vec<_>) = mine.into_iter().partition(|head| held.holds(head.feed.shard()));
            skipped.extend(not_held.iter().map(|head| head.feed.shard()));
            let looked_at = u32::try_from(ours.len()).unwrap_or(u32::MAX);
            skipped.extend(self.compare(ours, &stream, &seen, &deep).await?);
            tokio::time::sleep_until(began + Duration::from_secs(1) * looked_at / rate).await;
        }
        settled.settle(seen, deep.difference(&skipped));
        Ok(())
    }

    /// The stream, made anew if it is gone.
    async fn look(&self) -> anyhow::Result<(Stream, Seen)> {
        ensure_stream(&self.jetstream, &self.namespace, StreamOptions::of(&self.namespace))
            .await
            .context("the stream cannot be made")?;
        let stream = self.jetstream.get_stream(self.namespace.stream_name()).await.context("no stream")?;
        let info = stream.cached_info();
        let since = info.state.first_timestamp.unix_timestamp_nanos();
        let seen = Seen {
            created: info.created.unix_timestamp_nanos(),
            first: info.state.first_sequence,
            last: info.state.last_sequence,
            since: i64::try_from(since).map_or(DateTime::UNIX_EPOCH, DateTime::from_timestamp_nanos),
        };
        Ok((stream, seen))
    }

    /// Compares a page of feeds; tells the shards of those that are not settled by that.
    async fn compare(
        &self,
        mut ours: Vec<Head>,
        stream: &Stream,
        seen: &Seen,
        deep: &BTreeSet<u8>,
    ) -> anyhow::Result<BTreeSet<u8>> {
        let now = Utc::now();
        let feeds: Vec<FeedId> = ours.iter().map(|head| head.feed).collect();
        // First the outbox, then the stream: what is in neither was acknowledged and is lost.
        let busy = self.store.busy(&feeds).await.context("the outbox cannot be read")?;
        ours.retain(|head| !busy.contains(&head.feed) || deep.contains(&head.feed.shard()));
        let mut answers =
            futures::stream::iter(ours).map(|head| self.tail(stream, head)).buffer_unordered(QUESTIONS_MAX);
        let mut in_doubt = BTreeSet::new();
        while let Some((head, last)) = answers.try_next().await? {
            let deep = deep.contains(&head.feed.shard());
            if busy.contains(&head.feed) {
                in_doubt.extend(last.is_none().then(|| head.feed.shard()));
                continue;
            }
            let missing = verdict::missing(&head, last, seen, deep, self.most, now);
            let Some(positions) = missing else { continue };
            tracing::info!(feed = %head.feed, ?positions, "the stream has lost events; publishing them again");
            let refill = Refill { feed: head.feed, epoch: head.cursor.epoch, positions };
            let _ = self.orders.send(Order::Refill(refill)).await;
        }
        Ok(in_doubt)
    }

    /// Where the newest message of a feed stands. Not a direct get: its subject cannot hold the
    /// wildcards, and a replica that lags would make us publish what is there.
    async fn tail(&self, stream: &Stream, head: Head) -> anyhow::Result<(Head, Option<Cursor>)> {
        match stream.get_last_raw_message_by_subject(&self.namespace.feed_subjects(head.feed)).await {
            Ok(message) => Ok((head, envelope::cursor(&message.headers).ok())),
            Err(error) if error.kind() == LastRawMessageErrorKind::NoMessageFound => Ok((head, None)),
            Err(error) => Err(error).context("the stream does not answer"),
        }
    }
}
