//! A stored order, copied row by row with other keys.

use crate::rows::with_rows;
use anyhow::{Context, Result};
use chrono::{DateTime, Utc};
use domain::ids::FeedId;
use sqlx::{MySqlConnection, Row};
use std::collections::BTreeMap;
use uuid::Uuid;

/// The bytes of an order that ours has stored.
pub(crate) struct Template {
    recorded_at: DateTime<Utc>,
    metadata: Vec<u8>,
    payload: Vec<u8>,
    hash: Vec<u8>,
    principal: Vec<u8>,
    location: Option<String>,
    body: Vec<u8>,
}

impl Template {
    pub(crate) async fn read(connection: &mut MySqlConnection) -> Result<Self> {
        const SELECT: &str = "SELECT e.recorded_at, e.metadata, e.payload, e.hash, r.principal, r.location, r.body \
             FROM events e JOIN receipts r ON r.feed_id = e.feed_id AND r.position = e.position \
             WHERE e.type = 'order.placed' LIMIT 1";
        let row = sqlx::query(SELECT).fetch_one(connection).await.context("no order to copy")?;
        Ok(Self {
            recorded_at: row.try_get("recorded_at")?,
            metadata: row.try_get("metadata")?,
            payload: row.try_get("payload")?,
            hash: row.try_get("hash")?,
            principal: row.try_get("principal")?,
            location: row.try_get("location")?,
            body: row.try_get("body")?,
        })
    }

    /// Bytes of the event's data.
    pub(crate) fn payload_bytes(&self) -> usize {
        self.payload.len()
    }
}

/// Copies of the template at these places.
pub(crate) struct Batch<'a> {
    template: &'a Template,
    copies: Vec<Copy>,
}

struct Copy {
    feed: FeedId,
    position: u64,
    order: Uuid,
    /// Also the idempotency key and the session in the claim's key: as long as the real ones.
    event: Uuid,
}

impl<'a> Batch<'a> {
    pub(crate) fn new(template: &'a Template, places: Vec<(FeedId, u64)>) -> Self {
        // The ids of orders are hashes, those of events are ordered by time: as in ours.
        let copy = |(feed, position)| Copy { feed, position, order: Uuid::new_v4(), event: Uuid::now_v7() };
        Self { template, copies: places.into_iter().map(copy).collect() }
    }

    /// One statement for each table.
    pub(crate) async fn insert(&self, connection: &mut MySqlConnection) -> Result<(), sqlx::Error> {
        self.events(connection).await?;
        self.outbox(connection).await?;
        self.receipts(connection).await?;
        self.claims(connection).await?;
        self.heads(connection).await
    }

    async fn events(&self, connection: &mut MySqlConnection) -> Result<(), sqlx::Error> {
        const INSERT: &str = "INSERT INTO events (feed_id, position, aggregate_id, aggregate_type, version, event_id, \
                              type, schema_version, recorded_at, metadata, payload, hash) VALUES ";
        let sql = with_rows(INSERT, "(?,?,?,'order',1,?,'order.placed',1,?,?,?,?)", self.copies.len(), "");
        let mut query = sqlx::query(&sql);
        for copy in &self.copies {
            query = query
                .bind(copy.feed.0)
                .bind(copy.position)
                .bind(copy.order)
                .bind(copy.event)
                .bind(self.template.recorded_at)
                .bind(self.template.metadata.as_slice())
                .bind(self.template.payload.as_slice())
                .bind(self.template.hash.as_slice());
        }
        query.execute(connection).await.map(drop)
    }

    async fn outbox(&self, connection: &mut MySqlConnection) -> Result<(), sqlx::Error> {
        const INSERT: &str = "INSERT INTO outbox (shard, feed_id, position) VALUES ";
        let sql = with_rows(INSERT, "(?,?,?)", self.copies.len(), "");
        let mut query = sqlx::query(&sql);
        for copy in &self.copies {
            query = query.bind(copy.feed.shard()).bind(copy.feed.0).bind(copy.position);
        }
        query.execute(connection).await.map(drop)
    }

    async fn receipts(&self, connection: &mut MySqlConnection) -> Result<(), sqlx::Error> {
        const INSERT: &str = "INSERT INTO receipts (feed_id, principal, idempotency_key, request_hash, command_id, \
                              status, location, body, position, recorded_at) VALUES ";
        let sql = with_rows(INSERT, "(?,?,?,?,?,201,?,?,?,?)", self.copies.len(), "");
        let mut query = sqlx::query(&sql);
        for copy in &self.copies {
            query = query
                .bind(copy.feed.0)
                .bind(self.template.principal.as_slice())
                .bind(copy.event.to_string().into_bytes())
                .bind(self.template.hash.as_slice())
                .bind(copy.event)
                .bind(self.template.location.as_deref())
                .bind(self.template.body.as_slice())
                .bind(copy.position)
                .bind(self.template.recorded_at);
        }
        query.execute(connection).await.map(drop)
    }

    async fn claims(&self, connection: &mut MySqlConnection) -> Result<(), sqlx::Error> {
        const INSERT: &str = "INSERT INTO claims (feed_id, kind, claim_key, aggregate_id) VALUES ";
        let sql = with_rows(INSERT, "(?,'open-order',?,?)", self.copies.len(), "");
        let mut query = sqlx::query(&sql);
        for copy in &self.copies {
            // Like `<session>/<order>`, in which the session is the same for all orders of a table.
            query = query.bind(copy.feed.0).bind(format!("{}/{}", copy.feed, copy.order).into_bytes()).bind(copy.order);
        }
        query.execute(connection).await.map(drop)
    }

    async fn heads(&self, connection: &mut MySqlConnection) -> Result<(), sqlx::Error> {
        const INSERT: &str = "INSERT INTO feed_heads (feed_id, tenant_id, position, last_hash, recorded_at) VALUES ";
        const UPDATE: &str = " AS new ON DUPLICATE KEY UPDATE position = new.position, last_hash = new.last_hash";
        let heads: BTreeMap<FeedId, u64> = self.copies.iter().map(|copy| (copy.feed, copy.position)).collect();
        let sql = with_rows(INSERT, "(?,?,?,?,?)", heads.len(), UPDATE);
        let mut query = sqlx::query(&sql);
        for (feed, position) in heads {
            let Template { hash, recorded_at, .. } = self.template;
            query = query.bind(feed.0).bind(feed.0).bind(position).bind(hash.as_slice()).bind(recorded_at);
        }
        query.execute(connection).await.map(drop)
    }
}
