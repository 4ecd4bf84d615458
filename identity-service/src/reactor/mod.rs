//! What follows from events: a session that is closed ends the tokens of its guests, a role that is changed
//! those that were made from the old one, and a member who is sent away loses everything.
//!
//! The reactor looks at the heads of all feeds each second, and at once at a feed that NATS tells of. It
//! reads on from its checkpoint; what follows and the new checkpoint are written together, and doing it
//! twice does no harm, so any number of processes may do the same. A few feeds are read side by side: after a restart
//! all are, and what was taken back meanwhile must not wait for a thousand round trips one after another.

mod consequences;
mod invitations;

pub(crate) use consequences::Consequences;

use crate::{mail::Worker, measures, rights::RightsBook, store::Store};
use anyhow::Result;
use chrono::{DateTime, Utc};
use domain::{
    envelope::Cursor,
    ids::{FeedId, TenantId},
};
use event_store::reader::{EventReader, Head};
use futures::{
    Stream, StreamExt,
    stream::{self, select_all},
};
use messaging::Namespace;
use personal_data::PersonalKeys;
use std::{collections::HashMap, sync::Arc, time::Duration};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// How often all heads are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Heads that are read at a time.
const HEADS: u32 = 1_000;
/// Feeds that are read on at the same time: as many as there are connections to read with, and one to spare for people.
const FEEDS_AT_ONCE: usize = 5;
/// Positions of a feed that are looked through at a time.
const POSITIONS: u64 = 10_000;
/// Feeds whose place is remembered; beyond it the memory starts anew.
const REMEMBERED_MAX: usize = 100_000;

/// After how many positions without a consequence the place is kept all the same: a transaction for each
/// order would cost as much as the order, and reading some positions again costs next to nothing.
const KEPT_EVERY: u64 = 1_000;

/// How far a feed was read, and how far that was written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    at: Cursor,
    kept: Cursor,
}

/// Follows all feeds.
pub(crate) struct Reactor {
    pub(crate) store: Store,
    pub(crate) reader: EventReader,
    pub(crate) rights: RightsBook,
    pub(crate) people: PersonalKeys,
    pub(crate) mails: Worker,
    pub(crate) nats: async_nats::Client,
    pub(crate) namespace: Namespace,
    /// Told when there is a new revocation.
    pub(crate) revoked: Arc<Notify>,
    /// How far each feed was read.
    pub(crate) read: HashMap<FeedId, Place>,
}

impl Reactor {
    /// Works until `shutdown`.
    pub(crate) async fn run(mut self, shutdown: CancellationToken) {
        let mut look = tokio::time::interval(LOOK_EVERY);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut live = None;
        loop {
            if live.is_none() {
                live = self.subscribe().await;
            }
            let told = async {
                match &mut live {
                    Some(messages) => messages.next().await,
                    None => std::future::pending().await,
                }
            };
            let result = tokio::select! {
                () = shutdown.cancelled() => return,
                _ = look.tick() => self.look_at_all().await,
                message = told => match message {
                    Some(message) => match feed_of(message.subject.as_str()) {
                        Some(feed) => self.look_at(feed).await,
                        None => Ok(()),
                    },
                    None => {
                        live = None;
                        Ok(())
                    }
                },
            };
            if let Err(error) = result {
                tracing::warn!(error = %format!("{error:#}"), "the reactor could not read on; it is tried again");
            }
        }
    }

    /// What NATS tells of such events: nothing is lost with it but time.
    async fn subscribe(&self) -> Option<impl Stream<Item = async_nats::Message> + Unpin + use<>> {
        let mut all = Vec::with_capacity(consequences::TYPES.len());
        for event_type in consequences::TYPES {
            all.push(self.nats.subscribe(self.namespace.events_of_type(event_type)).await.ok()?);
        }
        Some(select_all(all))
    }

    async fn look_at_all(&mut self) -> Result<()> {
        let (mut after, mut behind) = (None, 0);
        loop {
            let heads = self.reader.all_heads(after, HEADS).await?;
            behind += self.read_on_all(&heads).await?;
            measures::reactor_behind(behind);
            match heads.last() {
                Some(last) if heads.len() == HEADS as usize => after = Some(last.feed),
                _ => return Ok(()),
            }
        }
    }

    /// Reads a page of feeds on, as far as they have something new. Says how many are behind after it.
    async fn read_on_all(&mut self, heads: &[Head]) -> Result<usize> {
        let is_new = |head: &&Head| self.read.get(&head.feed).map(|place| place.at) != Some(head.cursor);
        let new: Vec<Head> = heads.iter().filter(is_new).copied().collect();
        let unknown = new.iter().any(|head| !self.read.contains_key(&head.feed));
        let kept = match (heads.first(), heads.last()) {
            (Some(first), Some(last)) if unknown => self.store.checkpoints(first.feed, last.feed).await?,
            _ => HashMap::new(),
        };
        let (reactor, kept) = (&*self, &kept);
        let read = new.into_iter().map(|head| async move {
            let known = reactor.read.get(&head.feed).copied();
            let known = known.or_else(|| kept.get(&head.feed).map(|at| Place { at: *at, kept: *at }));
            let place = reactor.read_on(&head, known).await;
            (head, place)
        });
        let read: Vec<_> = stream::iter(read).buffer_unordered(FEEDS_AT_ONCE).collect().await;
        let mut behind = 0;
        for (head, result) in read {
            // One feed that cannot be read keeps nobody else's from being read.
            behind += usize::from(match result {
                Ok(place) => !self.remember(&head, place),
                Err(error) => {
                    tracing::warn!(feed = %head.feed, error = %format!("{error:#}"), "a feed could not be read on");
                    true
                }
            });
        }
        Ok(behind)
    }

    async fn look_at(&mut self, feed: FeedId) -> Result<()> {
        if let Some(head) = self.reader.head(feed).await? {
            let known = match self.read.get(&feed) {
                Some(known) => Some(*known),
                None => self.store.checkpoint(feed).await?.map(|at| Place { at, kept: at }),
            };
            let place = self.read_on(&head, known).await?;
            self.remember(&head, place);
        }
        Ok(())
    }

    /// Remembers how far a feed was read. Says whether that is its end.
    fn remember(&mut self, head: &Head, place: Place) -> bool {
        if self.read.len() >= REMEMBERED_MAX {
            self.read.clear();
        }
        self.read.insert(head.feed, place);
        place.at.position >= head.cursor.position
    }

    /// Does what must be done before a part counts as read; done twice it does no harm. What was revoked does not wait
    /// for it.
    async fn follow(&self, tenant: TenantId, (feed, kept): (FeedId, Cursor), part: &Consequences) -> Result<()> {
        let letters = invitations::queue(&self.rights, &self.people, &self.mails, tenant, &part.invited).await;
        let mut keys = Ok(false);
        for (tenant, member) in &part.forgotten {
            // Whoever asked for it may have been cut off before the key was deleted.
            keys = keys.and(self.people.forget(*tenant, *member).await);
        }
        if letters.is_err() || keys.is_err() {
            self.store.react(feed, kept, part).await?;
            self.revoked.notify_one();
        }
        letters?;
        keys.map(drop).map_err(Into::into)
    }

    /// Reads a feed on from where it was read to, a bounded part of it. Says how far it is read now.
    async fn read_on(&self, head: &Head, known: Option<Place>) -> Result<Place> {
        let (feed, tenant, head) = (head.feed, head.tenant, head.cursor);
        // A feed that was numbered anew is read from its beginning: nothing is taken back twice.
        let begin = Cursor { epoch: head.epoch, position: 0 };
        let known = known.filter(|it| it.at.epoch == head.epoch).unwrap_or(Place { at: begin, kept: begin });
        let (from, mut kept) = (known.at.position, known.kept);
        let to = Cursor { epoch: head.epoch, position: head.position.min(from.saturating_add(POSITIONS)) };
        if from < to.position {
            let revoked = consequences::of(&self.reader, &self.rights, (tenant, feed), from, to.position).await?;
            self.follow(tenant, (feed, kept), &revoked).await?;
            if !revoked.is_empty() || to.position - kept.position >= KEPT_EVERY {
                self.store.react(feed, to, &revoked).await?;
                kept = to;
            }
            if !revoked.entries.is_empty() {
                self.revoked.notify_one();
            }
        }
        Ok(Place { at: to, kept })
    }
}

/// The feed that an event's subject names: `[prefix.]evt.<shard>.<tenant>.<feed>.<type>`.
fn feed_of(subject: &str) -> Option<FeedId> {
    let mut tokens = subject.split('.').skip_while(|token| *token != "evt");
    Uuid::try_parse(tokens.nth(3)?).ok().map(FeedId::from)
}

/// Until when a revocation because of an event of this time matters; `None` where no token can be hit by
/// it any more.
fn matters_until(recorded_at: DateTime<Utc>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let until = recorded_at + crate::tokens::REVOCATION_LIFETIME;
    (until > now).then_some(until)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_subject_of_an_event_names_its_feed() {
        let feed = FeedId::from(Uuid::now_v7());
        for space in [Namespace::production(), Namespace::new("t1")] {
            let subject = space.event_subject(7, Uuid::nil().into(), feed, "table-session.closed");
            assert_eq!(feed_of(&subject), Some(feed));
        }
        assert_eq!(feed_of("wake.07"), None);
    }
}
