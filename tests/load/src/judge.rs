//! Proof, after each round of ours, that the store holds what was acknowledged and nothing else.

use crate::{restaurant::Restaurant, rows::count};
use anyhow::{Context, Result, ensure};
use domain::ids::FeedId;
use event_store::{
    pool::{self, Isolation},
    reader::EventReader,
    verify::verify_feed,
};

/// Counts along with what was acknowledged.
pub(crate) struct Judge {
    reader: EventReader,
    orders: u64,
    restaurants: u64,
}

impl Judge {
    pub(crate) async fn new(url: &str) -> Result<Self> {
        let reader = EventReader::new(pool::connect(url, Isolation::ReadCommitted, 2).await?);
        Ok(Self { reader, orders: 0, restaurants: 0 })
    }

    /// Checks every feed of a round from its first event to its head, and the rows of all tables.
    pub(crate) async fn judge(&mut self, feeds: &[FeedId], orders: u64) -> Result<()> {
        let mut events = 0;
        for feed in feeds {
            let report = verify_feed(&self.reader, *feed).await?;
            ensure!(report.findings.is_empty(), "feed {feed} is not whole: {:?}", report.findings);
            events += report.events;
        }
        let openings = feeds.len() as u64 * Restaurant::OPENING_EVENTS;
        ensure!(events == openings + orders, "{events} events are stored, {openings} + {orders} were acknowledged");
        self.orders += orders;
        self.restaurants += feeds.len() as u64;
        self.tables().await
    }

    async fn tables(&self) -> Result<()> {
        let Self { orders, restaurants, .. } = *self;
        let events = orders + restaurants * Restaurant::OPENING_EVENTS;
        for (table, expected) in [
            ("feed_heads", restaurants),
            ("events", events),
            ("outbox", events),
            ("receipts", orders + restaurants),
            ("claims", orders + restaurants * Restaurant::OPENING_CLAIMS),
        ] {
            let rows = count(self.reader.pool(), table).await.context(table)?;
            ensure!(rows == expected, "{table} has {rows} rows, not {expected}");
        }
        Ok(())
    }
}
