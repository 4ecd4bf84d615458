//! What all rounds over HTTP share.

use crate::{
    closed_loop::{Driven, Limit, Work, drive},
    disk::DiskWatch,
    latency::Latencies,
    open_loop::{self, Answered, Schedule, Sender},
    orders::{Guest, Placed},
    shop::Shop,
};
use anyhow::{Context, Result};
use std::{
    sync::{
        Arc, Mutex as StdMutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::sync::Mutex;

/// Connections of an open loop: more are never under way.
pub(super) const CONNECTIONS: usize = 256;

/// Rounds of one contender that are taken again, at most: a disk that never comes to rest is part of the machine.
const AGAIN_MAX: usize = 10;

/// Rounds of one contender that were taken again because the disk stood still.
#[derive(Default)]
pub(super) struct Again(usize);

impl Again {
    /// Takes a round, and takes it again while the disk stood still in it.
    pub(super) async fn take<T>(&mut self, disk: &DiskWatch, mut round: impl AsyncFnMut() -> Result<T>) -> Result<T> {
        loop {
            let began = Instant::now();
            let came_to = round().await?;
            let Some(still) = disk.stood_still_since(began).filter(|_| self.0 < AGAIN_MAX) else { return Ok(came_to) };
            println!("    taken again: the disk stood still for {} ms", still.as_millis());
            self.0 += 1;
        }
    }

    /// What the figures say of it.
    pub(super) fn told(&self, peer: &Self) -> String {
        format!("rounds taken again because the disk stood still: {} of ours, {} of the peer's", self.0, peer.0)
    }
}

/// A closed loop of so many guests, judged.
pub(super) async fn closed<S: Shop>(shop: &mut S, guests: usize, limit: Limit) -> Result<(Driven, Costs)> {
    let crowd = Arc::new(Crowd {
        guests: shop.guests(guests).await?.into_iter().map(Mutex::new).collect(),
        next: AtomicU64::new(0),
        placed: StdMutex::default(),
    });
    let before = shop.usage()?;
    let driven = drive(Arc::clone(&crowd), guests, limit).await?;
    let service = shop.usage()?.cpu_since(before);
    shop.settle().await?;
    let placed = std::mem::take(&mut *crowd.placed.lock().unwrap_or_else(PoisonError::into_inner));
    shop.judge(&placed).await?;
    let each = |time: Duration| time.as_secs_f64() * 1e6 / driven.orders.max(1) as f64;
    let costs = Costs { service: each(service), mysql: each(driven.cpu.server), generator: each(driven.cpu.client) };
    Ok((driven, costs))
}

/// Microseconds of processor time for each order.
#[derive(Debug, Clone, Copy)]
pub(super) struct Costs {
    pub(super) service: f64,
    pub(super) mysql: f64,
    pub(super) generator: f64,
}

/// Guests who each order again as soon as they are answered.
struct Crowd {
    guests: Vec<Mutex<Guest>>,
    next: AtomicU64,
    placed: StdMutex<Vec<Placed>>,
}

impl Work for Crowd {
    async fn step(&self, submitter: usize) -> Result<u64> {
        // Each submitter has a guest of its own, so nobody waits here.
        let mut guest = self.guests.get(submitter).context("a submitter without a guest")?.lock().await;
        let placed = guest.order(self.next.fetch_add(1, Ordering::Relaxed)).await?;
        self.placed.lock().unwrap_or_else(PoisonError::into_inner).push(placed);
        Ok(1)
    }
}

impl Sender for Guest {
    type Sent = Placed;

    async fn send(&mut self, number: u64) -> Result<Placed> {
        self.order(number).await
    }
}

/// An open loop; what came of each order. Nothing is judged yet.
pub(super) async fn open<S: Shop>(shop: &S, schedule: Schedule) -> Result<Vec<Answered<Placed>>> {
    open_loop::run(schedule, shop.guests(CONNECTIONS).await?).await
}

/// Settles and judges an open loop; its latencies.
pub(super) async fn judged<S: Shop>(shop: &mut S, answered: &[Answered<Placed>]) -> Result<Latencies> {
    shop.settle().await?;
    shop.judge(&answered.iter().map(|one| one.sent).collect::<Vec<_>>()).await?;
    Latencies::of(answered.iter().map(|one| one.latency))
}
