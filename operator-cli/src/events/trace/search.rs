//! Finding events by what caused them, backwards and bounded: see `event_store::reader::search` why no
//! index helps.

use super::super::{options::Trace, sides::Sides};
use anyhow::{Context, Result};
use chrono::{DateTime, Utc};
use domain::{envelope::RecordedEvent, ids::FeedId};
use event_store::reader::{Head, Needle};
use std::{collections::BTreeMap, io::IsTerminal};

/// Restaurants of one page.
const FEEDS_PAGE: u32 = 200;
/// Events that are told at most, of all restaurants.
const FOUND_MAX: usize = 1_000;
/// How many events are looked at between two words on progress.
const TELL_EVERY: u64 = 100_000;

/// A search under way.
pub(super) struct Search<'a> {
    sides: &'a Sides,
    needle: Needle,
    restaurant: Option<FeedId>,
    most: u64,
    told: u64,
    searched: Searched,
}

/// What was found, and where it was looked for.
pub(super) struct Searched {
    /// By restaurant, in the order of positions.
    pub(super) found: BTreeMap<FeedId, Vec<RecordedEvent>>,
    pub(super) since: DateTime<Utc>,
    pub(super) looked_at: u64,
    pub(super) restaurants: u64,
    /// Whether every event of that time was looked at.
    pub(super) is_complete: bool,
}

impl<'a> Search<'a> {
    pub(super) fn new(sides: &'a Sides, options: &Trace) -> Self {
        let searched = Searched {
            found: BTreeMap::new(),
            since: Utc::now() - options.since,
            looked_at: 0,
            restaurants: 0,
            is_complete: true,
        };
        let (needle, restaurant) = (Needle::new(&options.id), options.restaurant);
        Self { sides, needle, restaurant, most: options.look_at, told: 0, searched }
    }

    pub(super) async fn run(mut self) -> Result<Searched> {
        if let Some(feed) = self.restaurant {
            let head = self.sides.events.head(feed).await?;
            self.feed(head.with_context(|| format!("there is no restaurant {feed}"))?).await?;
            return Ok(self.searched);
        }
        let mut after = None;
        // Ends: every page moves on in the list of restaurants.
        loop {
            let heads = self.sides.events.all_heads(after, FEEDS_PAGE).await?;
            let Some(last) = heads.last() else { return Ok(self.searched) };
            after = Some(last.feed);
            // Restaurants where nothing happened in that time are passed over.
            let since = self.searched.since;
            for head in heads.into_iter().filter(|head| head.recorded_at >= since) {
                self.feed(head).await?;
            }
        }
    }

    async fn feed(&mut self, head: Head) -> Result<()> {
        self.searched.restaurants += 1;
        let down_to = self.sides.events.position_at(head.feed, self.searched.since).await?;
        let mut from = head.cursor.position;
        let mut positions = Vec::new();
        while from > down_to {
            let room = FOUND_MAX.saturating_sub(self.found() + positions.len());
            if self.searched.looked_at >= self.most || room == 0 {
                self.searched.is_complete = false;
                break;
            }
            let limit = u32::try_from(room).unwrap_or(u32::MAX);
            let step = self.sides.events.step_back(head.feed, &self.needle, from, down_to, limit).await?;
            self.searched.is_complete &= step.positions.len() < room;
            positions.extend(step.positions);
            self.searched.looked_at += from - step.looked_down_to;
            from = step.looked_down_to;
            self.progress();
        }
        positions.reverse();
        self.read(head.feed, &positions).await
    }

    /// Reads what the bytes promised.
    async fn read(&mut self, feed: FeedId, positions: &[u64]) -> Result<()> {
        for position in positions {
            let event = self.sides.event(feed, *position).await?;
            if self.needle.fits(&event) {
                self.searched.found.entry(feed).or_default().push(event);
            }
        }
        Ok(())
    }

    fn found(&self) -> usize {
        self.searched.found.values().map(Vec::len).sum()
    }

    /// For somebody who waits at a terminal; programs get none of it.
    fn progress(&mut self) {
        if self.searched.looked_at - self.told >= TELL_EVERY && std::io::stderr().is_terminal() {
            self.told = self.searched.looked_at;
            eprintln!("{} events looked at, {} found …", self.told, self.found());
        }
    }
}
