//! One try of one batch: one transaction.

use super::{
    cache::{Cache, FeedHead},
    error::{RunError, is_duplicate},
    session::Session,
    sql::{claims, heads, heads::LockMode, insert, load, receipts, script::Script},
    stage::{ClaimPlace, Receipt, ReceiptKey, Stage, Staged, Verdict, receipt_key},
    use_case::{ClaimRead, Reply, StreamRead, Submission, SubmitError},
};
use crate::snapshots::Snapshots;
use chrono::Utc;
use domain::{ids::FeedId, refusal::Refusal, stream::StreamId};
use failpoints::failpoint;
use sqlx::{Executor, MySqlConnection};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    time::Instant,
};
use uuid::Uuid;

/// What one try of a batch did with each of its commands, in their order.
pub(super) enum Fate {
    /// The answer, true from now on.
    Answered(Result<Reply, SubmitError>),
    /// Another process holds the feed's lock; nothing was done.
    Skipped,
    /// The batch was full before it, or more has to be known; nothing was done.
    LeftOver,
}

/// What a try may do besides the commands themselves.
pub(super) struct Try<'a> {
    pub(super) session: &'a mut Session,
    /// What is sent is written here.
    pub(super) script: &'a mut Script,
    pub(super) cache: &'a mut Cache,
    pub(super) snapshots: &'a Snapshots,
    pub(super) lock_mode: LockMode,
    /// Load also the streams that commands create: one of them seems to exist.
    pub(super) distrust_new: bool,
    /// Streams that the last try asked for.
    pub(super) wanted: &'a [(FeedId, StreamId)],
    pub(super) batch_bytes: usize,
    /// Set just before COMMIT is sent: from then on a lost answer leaves the outcome in doubt.
    pub(super) commit_sent: &'a mut bool,
    /// Shards that have new events.
    pub(super) shards: &'a mut BTreeSet<u8>,
}

impl Try<'_> {
    /// Loads, locks, decides, writes, commits. On an error nothing is known to be done; the caller
    /// must discard the session and forget the feeds.
    pub(super) async fn run(&mut self, batch: &[&Submission]) -> Result<Vec<Fate>, RunError> {
        let feeds: BTreeSet<FeedId> = batch.iter().map(|submission| submission.feed).collect();
        let feeds: Vec<FeedId> = feeds.into_iter().collect();
        let connection = self.session.ready().await?;
        let missing = prepare(connection, self.cache, batch, &feeds, self.wanted, self.distrust_new).await?;
        for ((feed, stream), aggregate) in load::streams(connection, self.snapshots, &missing).await? {
            self.cache.put_stream(feed, stream, aggregate);
        }

        failpoint!("commit.before-begin").map_err(sqlx::Error::Io)?;
        let Looked { locked, receipts: stored_receipts, claims: stored_claims } =
            lock_and_look_up(connection, self.script, batch, &feeds, self.lock_mode).await?;
        failpoint!("commit.locked").map_err(sqlx::Error::Io)?;
        for (feed, head) in &locked {
            catch_up(connection, self.cache, *feed, head).await?;
        }
        let skipped: HashSet<FeedId> = feeds
            .iter()
            .filter(|feed| !locked.contains_key(feed) && self.cache.head(**feed).is_some())
            .copied()
            .collect();
        let runnable: Vec<&Submission> =
            batch.iter().copied().filter(|submission| !skipped.contains(&submission.feed)).collect();
        let mut stage = Stage::new(self.cache, Utc::now(), stored_receipts, stored_claims.clone());
        let (fates, unseen) = decide(&mut stage, batch, &skipped, self.distrust_new, self.batch_bytes)?;
        if stage.writes.is_empty() {
            // Only repeats: what they are told is true already.
            connection.execute("ROLLBACK").await?;
        } else {
            write(connection, self.script, &stage, &stored_claims).await?;
            failpoint!("commit.before-commit").map_err(sqlx::Error::Io)?;
            *self.commit_sent = true;
            let started = Instant::now();
            connection.execute("COMMIT").await?;
            metrics::histogram!("committer_commit_seconds").record(started.elapsed().as_secs_f64());
            failpoint!("commit.after-commit").map_err(sqlx::Error::Io)?;
        }

        let staged = stage.finish();
        self.shards.extend(staged.moved.iter().map(|feed| feed.shard()));
        swap_in(self.cache, staged);
        touch(self.cache, &runnable);
        see(connection, self.cache, self.snapshots, &unseen).await;
        *self.commit_sent = false;
        self.session.touch();
        Ok(fates)
    }
}

/// What is stored, as of the lock.
struct Looked {
    locked: HashMap<FeedId, FeedHead>,
    receipts: HashMap<ReceiptKey, Receipt>,
    claims: BTreeMap<ClaimPlace, Option<Uuid>>,
}

/// Begins the transaction, locks the heads, and then looks at receipts and claims; each statement sees
/// what was committed when it began, so whatever was written before the lock.
async fn lock_and_look_up(
    connection: &mut MySqlConnection,
    script: &mut Script,
    batch: &[&Submission],
    feeds: &[FeedId],
    lock_mode: LockMode,
) -> Result<Looked, RunError> {
    let keys: Vec<_> = batch.iter().map(|submission| receipt_key(submission)).collect();
    let reads = claim_reads(batch);
    script.clear();
    script.statement("START TRANSACTION");
    heads::lock(script, feeds, lock_mode);
    receipts::look_up(script, &keys);
    claims::look_up(script, &reads);
    let mut results = script.run(connection).await?.skip(1);
    Ok(Looked {
        locked: heads::found(&results.next().unwrap_or_default())?,
        receipts: receipts::found(&results.next().unwrap_or_default())?,
        claims: claims::found(results, &reads)?,
    })
}

/// Looks up heads that the cache lacks, and tells the streams that it lacks: they are loaded before
/// anything is locked.
async fn prepare(
    connection: &mut MySqlConnection,
    cache: &mut Cache,
    batch: &[&Submission],
    feeds: &[FeedId],
    wanted: &[(FeedId, StreamId)],
    distrust_new: bool,
) -> Result<Vec<(FeedId, StreamId)>, RunError> {
    let unknown: Vec<FeedId> = feeds.iter().copied().filter(|feed| cache.head(*feed).is_none()).collect();
    if !unknown.is_empty() {
        // The position is remembered before the streams are read, so it is never ahead of them.
        for (feed, head) in heads::look_up(connection, &unknown).await? {
            cache.insert_feed(feed, head);
        }
    }
    let mut missing: BTreeSet<(FeedId, StreamId)> = wanted.iter().copied().collect();
    for submission in batch {
        missing.extend(submission.use_case.reads().into_iter().filter_map(|read| match read {
            StreamRead::Existing(stream) => Some((submission.feed, stream)),
            StreamRead::New(stream) => distrust_new.then_some((submission.feed, stream)),
        }));
    }
    missing.retain(|(feed, stream)| cache.head(*feed).is_some() && cache.stream(*feed, *stream).is_none());
    Ok(missing.into_iter().collect())
}

/// Folds in what other processes wrote since the cache last looked.
async fn catch_up(
    connection: &mut MySqlConnection,
    cache: &mut Cache,
    feed: FeedId,
    head: &FeedHead,
) -> Result<(), RunError> {
    // Known under the lock but not before it: the feed was created in between.
    let Some(known) = cache.head(feed).copied() else { return Err(RunError::CacheBehind) };
    if known.cursor == head.cursor {
        return Ok(());
    }
    let same_numbering = known.cursor.epoch == head.cursor.epoch && known.cursor.position < head.cursor.position;
    let written = match same_numbering {
        true => load::written_after(connection, feed, known.cursor.position).await?,
        false => None,
    };
    let Some(written) = written else {
        cache.forget(feed);
        return Err(RunError::CacheBehind);
    };
    for event in written {
        cache.catch_up(feed, event.stream, event.version, event.event);
    }
    cache.move_head(feed, *head);
    Ok(())
}

fn claim_reads(batch: &[&Submission]) -> Vec<(FeedId, ClaimRead)> {
    let reads = |submission: &&Submission| {
        let feed = submission.feed;
        submission.use_case.claims().into_iter().map(move |read| (feed, read)).collect::<Vec<_>>()
    };
    let unique: HashSet<_> = batch.iter().flat_map(reads).collect();
    unique.into_iter().collect()
}

/// Streams that were taken for absent by commands which a rule refused.
type Unseen = Vec<(FeedId, StreamId)>;

/// Loads what was taken for absent, so that the next batch knows. It is after the commit, so a
/// failure changes nothing for this batch; the next one meets the broken connection.
async fn see(
    connection: &mut MySqlConnection,
    cache: &mut Cache,
    snapshots: &Snapshots,
    unseen: &[(FeedId, StreamId)],
) {
    if unseen.is_empty() {
        return;
    }
    match load::streams(connection, snapshots, unseen).await {
        Ok(loaded) => loaded.into_iter().for_each(|((feed, stream), it)| cache.put_stream(feed, stream, it)),
        Err(error) => tracing::warn!(%error, "what commands would create could not be looked up"),
    }
}

/// Decides command after command until all are decided or the batch is full. A command that a rule
/// refused although what it creates was only taken for absent is left for the next batch.
fn decide(
    stage: &mut Stage<'_>,
    batch: &[&Submission],
    skipped: &HashSet<FeedId>,
    distrust_new: bool,
    batch_bytes: usize,
) -> Result<(Vec<Fate>, Unseen), RunError> {
    let mut fates = Vec::with_capacity(batch.len());
    let (mut missing, mut unseen) = (Vec::new(), Unseen::new());
    for submission in batch {
        if skipped.contains(&submission.feed) {
            fates.push(Fate::Skipped);
            continue;
        }
        if stage.writes.bytes >= batch_bytes {
            fates.push(Fate::LeftOver);
            continue;
        }
        for read in submission.use_case.reads() {
            match read {
                StreamRead::New(stream) if !distrust_new || submission.creates_feed => {
                    stage.assume_absent(submission.feed, stream);
                }
                _ => {}
            }
        }
        if stage.head_of(submission.feed).is_none() && !submission.creates_feed {
            let answer = submission.use_case.refused(&Refusal::NotFound);
            fates.push(Fate::Answered(Ok(Reply { answer, replayed: false })));
            continue;
        }
        match stage.decide(submission)? {
            Verdict::Answered(reply) => fates.push(Fate::Answered(reply)),
            Verdict::Missing(stream) => missing.push((submission.feed, stream)),
            Verdict::Unseen(stream) => {
                unseen.push((submission.feed, stream));
                fates.push(Fate::LeftOver);
            }
        }
    }
    if missing.is_empty() { Ok((fates, unseen)) } else { Err(RunError::NeedStreams(missing)) }
}

/// Writes all that was decided; heads of new feeds first, so that a twin waits there.
async fn write(
    connection: &mut MySqlConnection,
    script: &mut Script,
    stage: &Stage<'_>,
    stored_claims: &BTreeMap<ClaimPlace, Option<Uuid>>,
) -> Result<(), RunError> {
    let mut moved: Vec<_> =
        stage.writes.moved.iter().filter_map(|feed| Some((*feed, *stage.head_of(*feed)?))).collect();
    moved.sort_unstable_by_key(|(feed, _)| *feed);
    let (stored, new): (Vec<_>, Vec<_>) = moved.into_iter().partition(|(_, head)| head.stored);
    let released: Vec<_> = stage.writes.released.iter().cloned().collect();
    script.clear();
    heads::create(script, &new);
    insert::events(script, &stage.writes.events);
    insert::outbox(script, &stage.writes.events);
    receipts::insert(script, &stage.writes.receipts);
    claims::release(script, &released);
    claims::take(script, &stage.taken(stored_claims));
    heads::advance(script, &stored);
    script.run(connection).await.map(drop).map_err(stream_exists)
}

fn stream_exists(error: sqlx::Error) -> RunError {
    if is_duplicate(&error, "events_aggregate_version") { RunError::StreamExists } else { error.into() }
}

/// Remembers what is true since the commit.
fn swap_in(cache: &mut Cache, staged: Staged) {
    let heads: HashMap<_, _> = staged.heads;
    for (feed, mut head) in heads {
        head.stored = true;
        match cache.head(feed) {
            Some(_) => cache.move_head(feed, head),
            None => cache.insert_feed(feed, head),
        }
    }
    for ((feed, stream), aggregate) in staged.streams {
        if aggregate.version > 0 {
            cache.put_stream(feed, stream, aggregate);
        }
    }
    cache.shrink();
}

fn touch(cache: &mut Cache, batch: &[&Submission]) {
    for submission in batch {
        for read in submission.use_case.reads() {
            if let StreamRead::Existing(stream) = read {
                cache.touch(submission.feed, stream);
            }
        }
    }
}
