//! The floor under every event store: bare multi-row inserts of the same bytes into the same tables,
//! in the best batch size. Nothing is looked up, locked, decided, encoded or hashed.

use crate::{
    closed_loop::{Driven, Limit, Work, drive},
    contender::{Contender, Shape},
    rows::count,
    server::Server,
    template::{Batch, Template},
};
use anyhow::{Context, Result, ensure};
use domain::ids::FeedId;
use sqlx::{
    Connection, Executor, MySqlConnection, MySqlPool,
    mysql::{MySqlConnectOptions, MySqlPoolOptions},
};
use std::{str::FromStr, sync::Arc};
use tokio::sync::Mutex;
use uuid::Uuid;

/// Bare inserts.
pub(crate) struct Floor {
    url: String,
    pool: MySqlPool,
    template: Arc<Template>,
    feeds: usize,
    connections: &'static [usize],
    acknowledged: u64,
}

impl Floor {
    /// Copies an order that was stored in the schema `model`.
    pub(crate) async fn new(
        server: &Server,
        schema: &str,
        model: &str,
        feeds: usize,
        connections: &'static [usize],
    ) -> Result<Self> {
        server.product_schema(schema).await?;
        let template = Template::read(&mut MySqlConnection::connect(&server.url(model)).await?).await?;
        let url = server.url(schema);
        let pool = MySqlPoolOptions::new().max_connections(1).connect(&url).await?;
        Ok(Self { url, pool, template: Arc::new(template), feeds, connections, acknowledged: 0 })
    }

    /// Bytes of an order's event data.
    pub(crate) fn payload_bytes(&self) -> usize {
        self.template.payload_bytes()
    }

    async fn writer(&self, feeds: usize, batch: usize) -> Result<Mutex<Writer>> {
        let options = MySqlConnectOptions::from_str(&self.url)?;
        let mut connection = MySqlConnection::connect_with(&options).await?;
        connection.execute("SET SESSION transaction_isolation = 'READ-COMMITTED'").await?;
        let feeds = (0..feeds).map(|_| (FeedId::from(Uuid::now_v7()), 0)).collect();
        Ok(Mutex::new(Writer { connection, feeds, next: 0, batch }))
    }
}

impl Contender for Floor {
    const NAME: &'static str = "floor";

    fn shapes(&self) -> Vec<Shape> {
        let batches = [32, 128, 256];
        self.connections.iter().flat_map(|&submitters| batches.map(|batch| Shape { submitters, batch })).collect()
    }

    async fn round(&mut self, shape: Shape, limit: Limit) -> Result<Driven> {
        let mut writers = Vec::with_capacity(shape.submitters);
        for _ in 0..shape.submitters {
            writers.push(self.writer((self.feeds / shape.submitters).max(1), shape.batch).await?);
        }
        let inserts = Inserts { writers, template: self.template.clone() };
        let driven = drive(Arc::new(inserts), shape.submitters, limit).await?;
        self.acknowledged += driven.orders;
        for table in ["events", "outbox", "receipts", "claims"] {
            let rows = count(&self.pool, table).await?;
            ensure!(rows == self.acknowledged, "{table} has {rows} rows, not {}", self.acknowledged);
        }
        Ok(driven)
    }
}

struct Inserts {
    writers: Vec<Mutex<Writer>>,
    template: Arc<Template>,
}

impl Work for Inserts {
    async fn step(&self, submitter: usize) -> Result<u64> {
        // Each submitter has a writer of its own, so nobody waits here.
        let mut writer = self.writers.get(submitter).context("a submitter without a writer")?.lock().await;
        writer.write(&self.template).await?;
        Ok(writer.batch as u64)
    }
}

/// A connection with feeds of its own.
struct Writer {
    connection: MySqlConnection,
    /// Each with its last position.
    feeds: Vec<(FeedId, u64)>,
    next: usize,
    batch: usize,
}

impl Writer {
    async fn write(&mut self, template: &Template) -> Result<()> {
        let places: Vec<_> = (0..self.batch).map(|_| self.place()).collect();
        let batch = Batch::new(template, places);
        self.connection.execute("START TRANSACTION").await?;
        batch.insert(&mut self.connection).await?;
        self.connection.execute("COMMIT").await?;
        Ok(())
    }

    /// The next position of the next feed.
    fn place(&mut self) -> (FeedId, u64) {
        let index = self.next % self.feeds.len();
        self.next += 1;
        let (feed, position) = &mut self.feeds[index];
        *position += 1;
        (*feed, *position)
    }
}
