//! Deciding a batch in memory: on copies, one command after another, each on what the ones before
//! it left.

use super::{
    cache::{Cache, FeedHead, Versioned},
    error::RunError,
    use_case::{Answer, Claims, Decision, Facts, Reply, States, Stop, StreamRead, Submission, SubmitError},
};
use crate::hash::{Hash, Link};
use bytes::Bytes;
use chrono::{DateTime, SubsecRound, Utc};
use domain::{
    claims::{ClaimChange, ClaimKind},
    envelope::Cursor,
    event::Event,
    ids::FeedId,
    limits::EVENT_BYTES_MAX,
    stream::{State, StreamId},
};
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    io::Write as _,
};
use uuid::Uuid;

/// An event on its way into the store.
pub(super) struct NewEvent {
    pub(super) feed: FeedId,
    pub(super) position: u64,
    pub(super) stream: StreamId,
    pub(super) version: u64,
    pub(super) event_id: Uuid,
    pub(super) event_type: &'static str,
    pub(super) schema_version: u16,
    pub(super) recorded_at: DateTime<Utc>,
    pub(super) metadata: Bytes,
    pub(super) payload: Bytes,
    pub(super) hash: Hash,
}

/// A receipt, found in the store or on its way into it.
#[derive(Debug, Clone)]
pub(super) struct Receipt {
    pub(super) request_hash: [u8; 32],
    pub(super) command_id: Uuid,
    pub(super) answer: Answer,
    pub(super) position: u64,
}

/// Whose key it is: feed, principal, key.
pub(super) type ReceiptKey = (FeedId, String, String);

pub(super) fn receipt_key(submission: &Submission) -> ReceiptKey {
    (submission.feed, submission.principal.clone(), submission.idempotency_key.clone())
}

/// A claim's place.
pub(super) type ClaimPlace = (FeedId, ClaimKind, String);

/// What a batch has decided so far; nothing of it is true before the commit.
pub(super) struct Stage<'a> {
    cache: &'a Cache,
    now: DateTime<Utc>,
    heads: HashMap<FeedId, FeedHead>,
    streams: HashMap<(FeedId, StreamId), Versioned>,
    receipts: HashMap<ReceiptKey, Receipt>,
    claims: BTreeMap<ClaimPlace, Option<Uuid>>,
    pub(super) writes: Writes,
}

/// What a batch has to write.
#[derive(Default)]
pub(super) struct Writes {
    pub(super) events: Vec<NewEvent>,
    pub(super) receipts: Vec<(ReceiptKey, Receipt, DateTime<Utc>)>,
    pub(super) released: HashSet<ClaimPlace>,
    pub(super) moved: HashSet<FeedId>,
    pub(super) bytes: usize,
}

impl Writes {
    /// Whether there is nothing to commit.
    pub(super) fn is_empty(&self) -> bool {
        self.events.is_empty() && self.receipts.is_empty()
    }
}

/// What remains of a stage after its commit.
pub(super) struct Staged {
    pub(super) heads: HashMap<FeedId, FeedHead>,
    pub(super) streams: HashMap<(FeedId, StreamId), Versioned>,
    pub(super) moved: HashSet<FeedId>,
}

impl<'a> Stage<'a> {
    /// A stage over the cache, with the receipts and claims that the store holds.
    pub(super) fn new(
        cache: &'a Cache,
        now: DateTime<Utc>,
        receipts: HashMap<ReceiptKey, Receipt>,
        claims: BTreeMap<ClaimPlace, Option<Uuid>>,
    ) -> Self {
        let now = now.trunc_subsecs(6);
        Self { cache, now, heads: HashMap::new(), streams: HashMap::new(), receipts, claims, writes: Writes::default() }
    }

    /// Says that this stream is taken for absent unless something is known of it.
    pub(super) fn assume_absent(&mut self, feed: FeedId, stream: StreamId) {
        if self.cache.stream(feed, stream).is_none() {
            self.streams.entry((feed, stream)).or_insert_with(|| Versioned::absent(stream));
        }
    }

    /// Decides one command. `Err(Stop::Missing)` inside the `Ok` asks for a stream to be loaded.
    pub(super) fn decide(&mut self, submission: &Submission) -> Result<Verdict, RunError> {
        let key = receipt_key(submission);
        if let Some(receipt) = self.receipts.get(&key) {
            return Ok(Verdict::Answered(replay(receipt, submission)));
        }
        let head = self.head_of(submission.feed).copied();
        let head = head.unwrap_or_else(|| FeedHead::of_new_feed(submission.tenant));
        let now = self.now.max(head.recorded_at);
        let view = View { stage: self, feed: submission.feed };
        let facts = Facts { feed: submission.feed, now, states: &view, claims: &view };
        match submission.use_case.decide(&facts) {
            Ok(decision) => self.append(submission, key, head, now, decision).map(Verdict::Answered),
            Err(Stop::Missing(stream)) => Ok(Verdict::Missing(stream)),
            Err(Stop::Refused(refusal)) => {
                if let Some(stream) = self.unseen(submission) {
                    return Ok(Verdict::Unseen(stream));
                }
                let answer = submission.use_case.refused(&refusal);
                if answer.status == REFUSED_BY_RULE {
                    self.keep_receipt(key, submission, &answer, head.cursor.position, now);
                }
                Ok(Verdict::Answered(Ok(Reply { answer, replayed: false })))
            }
        }
    }

    /// A stream that the command creates and that was taken for absent without a look. Perhaps it was
    /// created long ago by this very command, and only therefore the rule says no now.
    fn unseen(&self, submission: &Submission) -> Option<StreamId> {
        let feed = submission.feed;
        self.cache.head(feed)?;
        let created = submission.use_case.reads().into_iter().filter_map(|read| match read {
            StreamRead::New(stream) => Some(stream),
            StreamRead::Existing(_) => None,
        });
        let unseen = |stream: &StreamId| self.cache.stream(feed, *stream).is_none() && self.version(feed, *stream) == 0;
        created.into_iter().find(unseen)
    }

    /// Where a feed stands after what was decided so far; `None` where there is no such feed.
    pub(super) fn head_of(&self, feed: FeedId) -> Option<&FeedHead> {
        self.heads.get(&feed).or_else(|| self.cache.head(feed))
    }

    fn append(
        &mut self,
        submission: &Submission,
        key: ReceiptKey,
        mut head: FeedHead,
        now: DateTime<Utc>,
        decision: Decision,
    ) -> Result<Result<Reply, SubmitError>, RunError> {
        let metadata = serde_json::to_vec(&submission.metadata)
            .map(Bytes::from)
            .map_err(|error| RunError::Unstorable(format!("metadata cannot be encoded: {error}")))?;
        for (stream, event) in decision.events {
            self.append_event(submission.feed, &mut head, now, &metadata, stream, event)?;
        }
        for (owner, change) in decision.claims {
            self.change_claim(submission.feed, owner, change);
        }
        let version = self.version(submission.feed, decision.addressed);
        let body = body(decision.addressed.id, version, head.cursor, &decision.extras);
        let answer = Answer { status: decision.status, location: decision.location, body };
        self.heads.insert(submission.feed, head);
        self.writes.moved.insert(submission.feed);
        self.keep_receipt(key, submission, &answer, head.cursor.position, now);
        Ok(Ok(Reply { answer, replayed: false }))
    }

    fn append_event(
        &mut self,
        feed: FeedId,
        head: &mut FeedHead,
        now: DateTime<Utc>,
        metadata: &Bytes,
        stream: StreamId,
        event: Event,
    ) -> Result<(), RunError> {
        let payload = event
            .encode()
            .map_err(|error| RunError::Unstorable(format!("{} cannot be encoded: {error}", event.event_type())))?;
        if payload.len() > EVENT_BYTES_MAX {
            return Err(RunError::Unstorable(format!("{} has {} bytes", event.event_type(), payload.len())));
        }
        for change in event.claims() {
            self.change_claim(feed, stream.id, change);
        }
        let (event_type, schema_version) = (event.event_type(), event.schema_version());
        let cache = self.cache;
        let aggregate = self
            .streams
            .entry((feed, stream))
            .or_insert_with(|| cache.stream(feed, stream).cloned().unwrap_or_else(|| Versioned::absent(stream)));
        aggregate.apply(event);
        head.cursor.position += 1;
        head.recorded_at = now;
        let mut new = NewEvent {
            feed,
            position: head.cursor.position,
            stream,
            version: aggregate.version,
            event_id: Uuid::now_v7(),
            event_type,
            schema_version,
            recorded_at: now,
            metadata: metadata.clone(),
            payload,
            hash: head.last_hash,
        };
        new.hash = new.link().hash(&head.last_hash);
        head.last_hash = new.hash;
        self.writes.bytes += new.payload.len() + new.metadata.len();
        self.writes.events.push(new);
        Ok(())
    }

    fn change_claim(&mut self, feed: FeedId, owner: Uuid, change: ClaimChange) {
        match change {
            ClaimChange::Take(kind, key) => self.claims.insert((feed, kind, key), Some(owner)),
            ClaimChange::Release(kind, key) => {
                self.writes.released.insert((feed, kind, key.clone()));
                self.claims.insert((feed, kind, key), None)
            }
        };
    }

    fn keep_receipt(
        &mut self,
        key: ReceiptKey,
        submission: &Submission,
        answer: &Answer,
        position: u64,
        now: DateTime<Utc>,
    ) {
        let receipt = Receipt {
            request_hash: submission.request_hash,
            command_id: submission.command_id,
            answer: answer.clone(),
            position,
        };
        self.writes.bytes += answer.body.len();
        self.writes.receipts.push((key.clone(), receipt.clone(), now));
        self.receipts.insert(key, receipt);
    }

    fn version(&self, feed: FeedId, stream: StreamId) -> u64 {
        let staged = self.streams.get(&(feed, stream)).or_else(|| self.cache.stream(feed, stream));
        staged.map_or(0, |aggregate| aggregate.version)
    }

    /// Claims that have an owner after this batch; only those that it touched are written.
    pub(super) fn taken(&self, stored: &BTreeMap<ClaimPlace, Option<Uuid>>) -> Vec<(&ClaimPlace, Uuid)> {
        let written = |place: &ClaimPlace, owner: Uuid| {
            self.writes.released.contains(place) || stored.get(place).copied().flatten() != Some(owner)
        };
        self.claims
            .iter()
            .filter_map(|(place, owner)| owner.map(|owner| (place, owner)))
            .filter(|(place, owner)| written(place, *owner))
            .collect()
    }

    /// Ends the stage after its commit.
    pub(super) fn finish(self) -> Staged {
        Staged { heads: self.heads, streams: self.streams, moved: self.writes.moved }
    }
}

/// What came of one command.
pub(super) enum Verdict {
    /// Its answer, true once the batch is committed.
    Answered(Result<Reply, SubmitError>),
    /// It needs a stream that is not loaded.
    Missing(StreamId),
    /// A rule says no, but this stream, which it would create, was only taken for absent.
    Unseen(StreamId),
}

/// The status of refusals that are kept under their key.
const REFUSED_BY_RULE: u16 = 409;

fn replay(receipt: &Receipt, submission: &Submission) -> Result<Reply, SubmitError> {
    if receipt.request_hash != submission.request_hash {
        return Err(SubmitError::KeyReused);
    }
    // The command finds its own receipt when the answer of its COMMIT was lost: that is no repeat.
    let replayed = receipt.command_id != submission.command_id;
    Ok(Reply { answer: receipt.answer.clone(), replayed })
}

/// More than the answer to most commands has.
const BODY_BYTES: usize = 1_024;

/// The answer's body: what every command tells, then what this one adds.
fn body(id: Uuid, version: u64, at: Cursor, extras: &serde_json::Map<String, serde_json::Value>) -> Bytes {
    let Cursor { epoch, position } = at;
    let mut text = Vec::with_capacity(BODY_BYTES);
    // A vector takes whatever is written.
    let _ = write!(text, r#"{{"id":"{id}","version":{version},"position":{position},"epoch":{epoch}"#);
    for (name, value) in extras {
        text.push(b',');
        let _ = serde_json::to_writer(&mut text, name);
        text.push(b':');
        let _ = serde_json::to_writer(&mut text, value);
    }
    text.push(b'}');
    Bytes::from(text)
}

impl NewEvent {
    fn link(&self) -> Link<'_> {
        Link {
            feed: self.feed,
            position: self.position,
            event_id: self.event_id,
            aggregate_id: self.stream.id,
            version: self.version,
            event_type: self.event_type,
            schema_version: self.schema_version,
            recorded_at: self.recorded_at,
            metadata: &self.metadata,
            payload: &self.payload,
        }
    }
}

/// One feed of a stage, as a use case sees it.
struct View<'a, 'b> {
    stage: &'a Stage<'b>,
    feed: FeedId,
}

impl States for View<'_, '_> {
    fn state(&self, stream: StreamId) -> Option<&State> {
        let staged = self.stage.streams.get(&(self.feed, stream));
        staged.or_else(|| self.stage.cache.stream(self.feed, stream)).map(|aggregate| &aggregate.state)
    }
}

impl Claims for View<'_, '_> {
    fn owner(&self, kind: ClaimKind, key: &str) -> Option<Uuid> {
        self.stage.claims.get(&(self.feed, kind, key.to_owned())).copied().flatten()
    }

    fn with_prefix(&self, kind: ClaimKind, prefix: &str) -> Vec<(String, Uuid)> {
        let from = (self.feed, kind, prefix.to_owned());
        self.stage
            .claims
            .range(from..)
            .take_while(|((feed, of, key), _)| *feed == self.feed && *of == kind && key.starts_with(prefix))
            .filter_map(|((_, _, key), owner)| owner.map(|owner| (key.clone(), owner)))
            .collect()
    }
}
