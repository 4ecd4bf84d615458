//! Leases: who works on which shard.
//!
//! A row of `leases` says whose a shard is until when, by MySQL's clock; anyone may take a row that
//! ran out. The holder trusts only its own monotonic clock, and stops at two thirds of the time
//! counted from *before* it asked: a process that was frozen finds its leases over when it wakes up,
//! whatever other clocks say. All that a lease guards is harmless when two do it for a moment (copies
//! are dropped, checkpoints move by compare-and-set); leases keep it from being the rule.
//!
//! Several holders share fairly. Each sits on one of [`SEATS`] further rows (numbers from `shards`
//! on), so that everyone sees how many there are, holds no more than its share, and gives up the rest.

use crate::pool::within;
use sqlx::{MySqlPool, QueryBuilder};
use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

mod plan;
use plan::{Plan, Row, plan};

/// Most holders of one kind; more than these hold nothing until a seat is free.
pub const SEATS: u8 = 64;
/// A hand-over is looked at again after this part of the time to live.
const HAND_OVER_PART: u32 = 12;

/// The shards that one holder may work on, and until when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    shards: BTreeSet<u8>,
    valid_until: Instant,
}

impl Held {
    /// Nothing.
    #[must_use]
    pub fn nothing() -> Self {
        Self { shards: BTreeSet::new(), valid_until: Instant::now() }
    }

    /// Whether this shard may be worked on now. Ask before each piece of work, not once.
    #[must_use]
    pub fn holds(&self, shard: u8) -> bool {
        self.is_valid() && self.shards.contains(&shard)
    }

    /// Whether the time is not over.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        Instant::now() < self.valid_until
    }

    /// The shards, as they were when the lease was last renewed.
    #[must_use]
    pub fn shards(&self) -> &BTreeSet<u8> {
        &self.shards
    }

    /// When all of it is over, unless it is renewed.
    #[must_use]
    pub fn valid_until(&self) -> Instant {
        self.valid_until
    }
}

/// Keeps a fair share of the shards of one kind.
#[derive(Debug)]
pub struct LeaseKeeper {
    pool: MySqlPool,
    kind: String,
    shards: u8,
    owner: String,
    ttl: Duration,
    /// Rows that the next renewal gives back: they are in nobody's [`Held`] any more.
    leaving: BTreeSet<u8>,
    unsettled: bool,
}

impl LeaseKeeper {
    /// A keeper that holds nothing yet. `owner` (at most 64 ASCII characters) must be this keeper's
    /// alone: two with the same name would both believe in the same rows. `shards` is at most 192.
    #[must_use]
    pub fn new(pool: MySqlPool, kind: impl Into<String>, shards: u8, owner: String, ttl: Duration) -> Self {
        let shards = shards.min(u8::MAX - SEATS + 1);
        Self { pool, kind: kind.into(), shards, owner, ttl, leaving: BTreeSet::new(), unsettled: true }
    }

    /// Renews what is held, takes what is free up to the fair share, gives up what is more than it.
    /// Call it every [`pause`](Self::pause). After an error the last [`Held`] stays good until its
    /// own time is over.
    ///
    /// A shard that must go to somebody else is missing from the returned [`Held`], and its row is
    /// given back by the *next* call, when its work has stopped.
    ///
    /// # Errors
    /// When MySQL cannot answer within the time to live (then this renewal is worth nothing any more),
    /// or another keeper was in the way; call again.
    pub async fn renew(&mut self) -> Result<Held, sqlx::Error> {
        let limit = self.ttl;
        within(limit, self.renew_now()).await
    }

    async fn renew_now(&mut self) -> Result<Held, sqlx::Error> {
        self.give_back().await?;
        let asked = Instant::now();
        let mut rows = self.rows().await?;
        if rows.len() < usize::from(self.shards) + usize::from(SEATS) {
            self.create_rows().await?;
            rows = self.rows().await?;
        }
        let Plan { keep, leave, settled } = plan(&rows, &self.owner, self.shards);
        self.take(&keep).await?;
        let shards = self.held(&keep).await?;
        self.unsettled = !settled || !leave.is_empty();
        self.leaving = leave;
        Ok(Held { shards, valid_until: asked + self.ttl * 2 / 3 })
    }

    /// How long to wait before the next renewal: a third of the time to live, or less while shards
    /// change hands.
    #[must_use]
    pub fn pause(&self) -> Duration {
        if self.unsettled { self.ttl / HAND_OVER_PART } else { self.ttl / 3 }
    }

    /// Gives everything back, so that others need not wait.
    ///
    /// # Errors
    /// When MySQL cannot answer; then the leases run out by themselves.
    pub async fn release(&mut self) -> Result<(), sqlx::Error> {
        self.leaving.clear();
        sqlx::query("UPDATE leases SET owner = '', until = NOW(6) WHERE kind = ? AND owner = ?")
            .bind(&self.kind)
            .bind(&self.owner)
            .execute(&self.pool)
            .await
            .map(drop)
    }

    async fn give_back(&mut self) -> Result<(), sqlx::Error> {
        if self.leaving.is_empty() {
            return Ok(());
        }
        let mut query = QueryBuilder::new("UPDATE leases SET owner = '', until = NOW(6) WHERE kind = ");
        query.push_bind(&self.kind).push(" AND owner = ").push_bind(&self.owner).push(" AND shard IN (");
        push_numbers(&mut query, &self.leaving);
        query.push(")").build().execute(&self.pool).await?;
        self.leaving.clear();
        Ok(())
    }

    async fn rows(&self) -> Result<Vec<Row>, sqlx::Error> {
        let rows: Vec<(u8, String, bool)> =
            sqlx::query_as("SELECT shard, owner, until > NOW(6) FROM leases WHERE kind = ? ORDER BY shard")
                .bind(&self.kind)
                .fetch_all(&self.pool)
                .await?;
        Ok(rows.into_iter().map(|(number, owner, alive)| Row { number, owner, alive }).collect())
    }

    async fn create_rows(&self) -> Result<(), sqlx::Error> {
        let mut query = QueryBuilder::new("INSERT IGNORE INTO leases (kind, shard, owner, token, until) ");
        // One less than the sum is the last number; it fits because `new` bounds `shards`.
        query.push_values(0..=self.shards.saturating_add(SEATS - 1), |mut row, number| {
            row.push_bind(&self.kind).push_bind(number).push("'', 0, '2000-01-01'");
        });
        query.build().execute(&self.pool).await.map(drop)
    }

    /// Rows of others that are still good are not touched: the condition is checked again under
    /// their locks. `token` counts the changes of hands (MySQL assigns from left to right).
    async fn take(&self, rows: &BTreeSet<u8>) -> Result<(), sqlx::Error> {
        if rows.is_empty() {
            return Ok(());
        }
        let mut query = QueryBuilder::new("UPDATE leases SET token = token + (owner <> ");
        query.push_bind(&self.owner).push("), owner = ").push_bind(&self.owner);
        query.push(", until = NOW(6) + INTERVAL ").push_bind(micros(self.ttl)).push(" MICROSECOND WHERE kind = ");
        query.push_bind(&self.kind).push(" AND shard IN (");
        push_numbers(&mut query, rows);
        query.push(") AND (owner = ").push_bind(&self.owner).push(" OR until <= NOW(6))");
        query.build().execute(&self.pool).await.map(drop)
    }

    async fn held(&self, wanted: &BTreeSet<u8>) -> Result<BTreeSet<u8>, sqlx::Error> {
        let owned: Vec<(u8,)> =
            sqlx::query_as("SELECT shard FROM leases WHERE kind = ? AND owner = ? AND shard < ? AND until > NOW(6)")
                .bind(&self.kind)
                .bind(&self.owner)
                .bind(self.shards)
                .fetch_all(&self.pool)
                .await?;
        Ok(owned.into_iter().map(|(shard,)| shard).filter(|shard| wanted.contains(shard)).collect())
    }
}

/// Numbers as text: they are bytes, and renewals are too few for a cache of statements to matter.
fn push_numbers<'args>(query: &mut QueryBuilder<'args, sqlx::MySql>, numbers: &BTreeSet<u8>) {
    let mut list = query.separated(", ");
    for number in numbers {
        list.push(number.to_string());
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
