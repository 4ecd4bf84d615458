//! `aris demo`: a dinner service over the public API, as honest as a load test and as nice as a demo.
//!
//! Guests order at the times of a clock ([`arrivals`], [`order`]), whatever the restaurant does: a slow
//! answer does not slow them, and latency counts from the time at which they meant to order. Waiters
//! accept, each [`kitchen`] sees its lines on a console and cooks them, parties come and go
//! ([`reception`], [`floor`]). The [`book`] knows every line that a kitchen must hear of; one that never
//! appears, or any answer that is not as promised, makes the demo fail.

mod api;
mod arrivals;
mod book;
mod floor;
mod kitchen;
mod leftovers;
mod order;
mod ours;
mod progress;
mod reception;
mod report;
mod service;
mod tally;

use crate::{
    cli::Demo,
    local::{DemoRestaurant, Endpoints, existing_signing_key},
    watch::Pass,
};
use anyhow::{Result, ensure};
use api::{Api, Trouble};
use book::Book;
use floor::Floor;
use identity::SigningKey;
use order::seconds;
use ours::Ours;
use std::{
    process::ExitCode,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tally::{Count, Tally};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// What everybody in the restaurant shares.
struct World {
    api: Api,
    gateway: String,
    demo: DemoRestaurant,
    key: Arc<SigningKey>,
    waiter: Pass,
    cook: Pass,
    floor: Arc<Floor>,
    ours: Ours,
    book: Book,
    tally: Arc<Tally>,
    /// Seconds that a cook takes, about.
    cooking: f64,
    /// The user wants to leave: nobody takes their time any more.
    hurry: CancellationToken,
    /// No more parties are seated.
    closing: CancellationToken,
}

/// Plays a dinner service and prints how it went. The exit code says whether all was well.
pub(crate) async fn run(options: Demo) -> Result<ExitCode> {
    ensure!(options.rate.is_finite() && options.rate > 0.0, "--rate must be more than 0 orders per second");
    ensure!((0.0..=10_000.0).contains(&options.minutes), "--minutes must be 0 to 10000");
    ensure!((0.0..=3_600.0).contains(&options.cooking), "--cooking must be 0 to 3600 seconds");
    let (world, to_clear) = World::new(&options)?;
    let report = service::serve(&Arc::new(world), to_clear, &options).await?;
    Ok(if report { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl World {
    fn new(options: &Demo) -> Result<(Self, mpsc::Receiver<usize>)> {
        let local = &options.place.local;
        let (demo, endpoints) = (DemoRestaurant::read(local)?, Endpoints::read(local)?);
        let key = Arc::new(existing_signing_key(local)?);
        let (tenant, restaurant) = (demo.tenant_id, demo.restaurant_id);
        let pass = |role| Pass { key: Arc::clone(&key), tenant, restaurant, role };
        let tally = Arc::new(Tally::new()?);
        let (floor, to_clear) = Floor::new(&demo.tables);
        let world = Self {
            api: Api::new(&endpoints.command, &endpoints.projection, restaurant, Arc::clone(&tally))?,
            gateway: endpoints.realtime(),
            waiter: pass("waiter"),
            cook: pass("kitchen"),
            key,
            floor,
            ours: Ours::read(local, options.clear_tables)?,
            book: Book::default(),
            tally,
            cooking: options.cooking,
            hurry: CancellationToken::new(),
            closing: CancellationToken::new(),
            demo,
        };
        Ok((world, to_clear))
    }

    /// Somebody takes their time, unless the user wants to leave.
    async fn pause(&self, length: f64) {
        tokio::select! {
            () = tokio::time::sleep(seconds(length)) => {}
            () = self.hurry.cancelled() => {}
        }
    }

    /// Counts a command that a rule refused; other trouble is counted where it happens.
    fn refused(&self, path: &str, trouble: &Trouble) {
        if let Trouble::Refused(_) = trouble {
            tracing::debug!(path, code = trouble.code(), "refused");
            self.tally.add(Count::Refused, 1);
        }
    }
}

/// A thread that panicked with the lock has left nothing half done: all updates are single steps.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
