//! `growth`: whether an order and a replay take longer the more is stored, and the more restaurants there are.
//!
//! Schemas of all sizes stand side by side on one server and take turns. What fills them are copies of one restaurant's
//! events with feeds of their own; the restaurants that are measured are real ones among them.

use crate::{
    closed_loop::{Driven, Limit, drive},
    figure::{Figure, Wanted},
    ours::{Guests, open, order},
    restaurant::Restaurant,
    server::Server,
    settings::Settings,
    stats::Series,
};
use anyhow::{Context, Result, ensure};
use domain::ids::FeedId;
use event_store::{
    committer::{CommitterConfig, Committers},
    pool::{self, Isolation},
    reader::EventReader,
    verify::verify_feed,
};
use sqlx::{Connection, Executor, MySqlConnection};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Events of the restaurant that is copied.
const COPIED: u64 = 1_000;
/// Connections that copy.
const COPYISTS: u64 = 2;
/// Events that a console is behind.
const REPLAYED: u64 = 20;
/// Restaurants whose events are replayed: they have so many from the beginning.
const REPLAYED_RESTAURANTS: usize = 10;
/// Replays of one round.
const REPLAYS: usize = 500;
/// How many times as long as with the smallest.
const WANTED: f64 = 1.25;
/// One who orders, one order at a time.
const ALONE: usize = 1;

/// How much there is.
struct Size {
    name: &'static str,
    events: u64,
    restaurants: usize,
}

/// The first of each group is what the others are compared with.
struct Group {
    name: &'static str,
    sizes: Vec<Size>,
}

fn groups(quick: bool) -> [Group; 2] {
    let events = |name, events| Size { name, events, restaurants: 10 };
    let restaurants = |name, restaurants| Size { name, events: 0, restaurants };
    let (small, large) = (events("10k", 10_000), events("5m", 5_000_000));
    let (few, many) = (restaurants("10", 10), restaurants("10000", 10_000));
    if quick {
        return [
            Group { name: "growth_events", sizes: vec![small, events("200k", 200_000)] },
            Group { name: "growth_restaurants", sizes: vec![few, restaurants("1000", 1_000)] },
        ];
    }
    [
        Group { name: "growth_events", sizes: vec![small, events("1m", 1_000_000), large] },
        Group { name: "growth_restaurants", sizes: vec![few, restaurants("1000", 1_000), many] },
    ]
}

/// Measures the line.
pub(crate) async fn growth(server: &Server, settings: &Settings) -> Result<Vec<Figure>> {
    let mut figures = Vec::new();
    for Group { name, sizes } in groups(settings.quick) {
        let mut stores = Vec::new();
        for size in &sizes {
            stores.push(Store::fill(server, &format!("{name}_{}", size.name), size).await?);
        }
        let mut measured: Vec<_> = sizes.iter().map(|_| (Series::default(), Series::default())).collect();
        for number in 0..=settings.rounds {
            for ((store, size), (append, replay)) in stores.iter_mut().zip(&sizes).zip(&mut measured) {
                let (placed, replayed) = store.round(settings.probe).await.with_context(|| size.name)?;
                println!(
                    "  round {number:<3} {name} {:<6} {placed:>6.2} ms to append, {replayed:>5.2} ms to replay",
                    size.name
                );
                // Round 0 fills caches and does not count.
                if number > 0 {
                    append.0.push(placed);
                    replay.0.push(replayed);
                }
            }
        }
        for (store, size) in stores.into_iter().zip(&sizes) {
            store.stop(server).await.with_context(|| size.name)?;
        }
        figures.extend(compared(name, &sizes, measured));
    }
    Ok(figures)
}

fn compared(name: &str, sizes: &[Size], measured: Vec<(Series, Series)>) -> Vec<Figure> {
    let mut measured = measured.into_iter().zip(sizes);
    let Some(((append, replay), smallest)) = measured.next() else { return Vec::new() };
    let figures = measured.flat_map(|((larger_append, larger_replay), size)| {
        let against = |what, ours, peer: &Series| {
            let named = format!("{name}_{}_{what}", size.name);
            Figure::against(named, "ms", Wanted::TimesAtMost(WANTED), ours, (smallest.name, peer.clone()))
        };
        [against("append", larger_append, &append), against("replay", larger_replay, &replay)]
    });
    figures.collect()
}

/// An event store of a size.
struct Store {
    schema: String,
    committers: Committers,
    shutdown: CancellationToken,
    reader: EventReader,
    restaurants: Arc<[Restaurant]>,
    /// Orders that were acknowledged by now.
    placed: u64,
}

impl Store {
    async fn fill(server: &Server, schema: &str, size: &Size) -> Result<Self> {
        let (access, began) = (server.product_schema(schema).await?, Instant::now());
        let shutdown = CancellationToken::new();
        let committers = Committers::start(CommitterConfig::new(access.writer), Arc::new(|_| {}), shutdown.clone())?;
        let reader = EventReader::new(pool::connect(&server.url(schema), Isolation::ReadCommitted, 2).await?);
        let restaurants: Arc<[Restaurant]> = (0..size.restaurants).map(|_| Restaurant::new()).collect();
        open(&committers, &restaurants).await?;
        let mut store = Self { schema: schema.to_owned(), committers, shutdown, reader, restaurants, placed: 0 };
        for at in store.restaurants.iter().take(REPLAYED_RESTAURANTS) {
            for _ in 0..REPLAYED {
                order(&store.committers, at).await?;
                store.placed += 1;
            }
        }
        store.copy(server, size.events / COPIED).await?;
        println!("  {schema}: {} events, {} restaurants in {:.0?}", size.events, size.restaurants, began.elapsed());
        Ok(store)
    }

    /// Makes a restaurant of [`COPIED`] events and so many copies of it.
    async fn copy(&self, server: &Server, copies: u64) -> Result<()> {
        if copies == 0 {
            return Ok(());
        }
        let original = Restaurant::new();
        open(&self.committers, std::slice::from_ref(&original)).await?;
        for _ in Restaurant::OPENING_EVENTS..COPIED {
            order(&self.committers, &original).await?;
        }
        let (next, url) = (Arc::new(AtomicU64::new(0)), server.url(&self.schema));
        let mut copying = JoinSet::new();
        for _ in 0..COPYISTS {
            let (next, url, feed) = (Arc::clone(&next), url.clone(), original.id.into());
            copying.spawn(async move {
                let mut connection = MySqlConnection::connect(&url).await?;
                // What only fills is not needed by any replica.
                connection.execute("SET SESSION sql_log_bin = 0").await?;
                // The two of them read the same rows, between which each inserts: with gap locks they would meet.
                connection.execute("SET SESSION transaction_isolation = 'READ-COMMITTED'").await?;
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= copies {
                        return anyhow::Ok(());
                    }
                    copy(&mut connection, feed, number).await?;
                }
            });
        }
        while let Some(copied) = copying.join_next().await {
            copied??;
        }
        Ok(())
    }

    /// Milliseconds that an order and a replay take, in the middle.
    async fn round(&mut self, limit: Limit) -> Result<(f64, f64)> {
        let guests = Guests::new(&self.committers, &self.restaurants, usize::try_from(self.placed)?);
        let driven: Driven = drive(Arc::new(guests), ALONE, limit).await?;
        self.placed += driven.orders;
        let mut replays = Vec::with_capacity(REPLAYS);
        for number in 0..REPLAYS {
            replays.push(self.replay(number).await?);
        }
        replays.sort_unstable();
        Ok((driven.millis_at(0.5), replays[REPLAYS / 2].as_secs_f64() * 1e3))
    }

    /// Reads what a console missed, as the gateway does where its ring does not have it.
    async fn replay(&self, number: usize) -> Result<Duration> {
        let feed: FeedId = self.restaurants[number % REPLAYED_RESTAURANTS.min(self.restaurants.len())].id.into();
        let head = self.reader.head(feed).await?.context("a restaurant without a head")?.cursor.position;
        let began = Instant::now();
        let events = self.reader.page(feed, head.saturating_sub(REPLAYED), usize::try_from(REPLAYED)?).await?;
        let took = began.elapsed();
        ensure!(events.len() as u64 == REPLAYED, "{} events were replayed, not {REPLAYED}", events.len());
        Ok(took)
    }

    /// Proves that what was acknowledged is there, and removes it.
    async fn stop(self, server: &Server) -> Result<()> {
        let mut events = 0;
        for at in self.restaurants.iter() {
            let report = verify_feed(&self.reader, at.id.into()).await?;
            ensure!(report.findings.is_empty(), "feed {} is not whole: {:?}", at.id, report.findings);
            events += report.events;
        }
        let expected = self.placed + self.restaurants.len() as u64 * Restaurant::OPENING_EVENTS;
        ensure!(events == expected, "{events} events are stored, {expected} were acknowledged");
        self.shutdown.cancel();
        self.committers.stopped().await;
        self.reader.pool().close().await;
        server.drop_schema(&self.schema).await
    }
}

/// Copies a feed under another id. Ids of events stay in the order of time, as real ones are; payloads are cut, so that
/// millions of them fit on a disk.
async fn copy(connection: &mut MySqlConnection, feed: FeedId, number: u64) -> Result<()> {
    const EVENTS: &str = "INSERT INTO events (feed_id, position, aggregate_id, aggregate_type, version, event_id, type, \
                          schema_version, recorded_at, metadata, payload, hash) \
         SELECT ?, position, aggregate_id, aggregate_type, version, \
                UNHEX(CONCAT(LPAD(HEX(?), 8, '0'), RIGHT(HEX(event_id), 24))), type, \
                schema_version, recorded_at, metadata, LEFT(payload, 200), hash \
           FROM events WHERE feed_id = ?";
    const HEAD: &str = "INSERT INTO feed_heads (feed_id, tenant_id, position, epoch, last_hash, recorded_at) \
         SELECT ?, tenant_id, position, epoch, last_hash, recorded_at FROM feed_heads WHERE feed_id = ?";
    let copied_to = Uuid::new_v4();
    let copied = sqlx::query(EVENTS).bind(copied_to).bind(number).bind(feed.0).execute(&mut *connection).await?;
    ensure!(copied.rows_affected() == COPIED, "{} events were copied", copied.rows_affected());
    sqlx::query(HEAD).bind(copied_to).bind(feed.0).execute(connection).await?;
    Ok(())
}
