//! So many at once, each starting its next order when its last one is durable.

use crate::cpu::Cpu;
use anyhow::{Context, Result};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::task::JoinSet;

/// Where a round ends, and whose processor time is counted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limit {
    /// Nothing is begun after this time.
    pub(crate) time: Duration,
    /// Nothing is begun after so many orders.
    pub(crate) orders: u64,
    /// The process of the server.
    pub(crate) server: Option<u32>,
}

/// What a round came to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Driven {
    /// Orders that were acknowledged as durable.
    pub(crate) orders: u64,
    /// From the first start to the last acknowledgement.
    pub(crate) elapsed: Duration,
    /// Microseconds of each step, sorted.
    pub(crate) micros: Vec<u32>,
    /// Processor time of the whole round.
    pub(crate) cpu: Cpu,
}

impl Driven {
    pub(crate) fn per_second(&self) -> f64 {
        self.orders as f64 / self.elapsed.as_secs_f64()
    }

    /// Microseconds of processor time for each order: in this process, in the server.
    pub(crate) fn cpu_micros(&self) -> (f64, f64) {
        let each = |time: Duration| time.as_secs_f64() * 1e6 / self.orders.max(1) as f64;
        (each(self.cpu.client), each(self.cpu.server))
    }

    /// Milliseconds that so much of the steps (0.99: all but the slowest hundredth) did not exceed.
    pub(crate) fn millis_at(&self, quantile: f64) -> f64 {
        let index = ((self.micros.len() as f64 * quantile).ceil() as usize).max(1) - 1;
        self.micros.get(index).map_or(f64::NAN, |micros| f64::from(*micros) / 1_000.0)
    }
}

/// Work that can be done by many at once.
pub(crate) trait Work: Send + Sync + 'static {
    /// Places the next orders of this submitter; returns how many, once they are durable.
    fn step(&self, submitter: usize) -> impl Future<Output = Result<u64>> + Send;
}

/// Lets so many submitters work until the limit. The first error ends the round.
pub(crate) async fn drive<W: Work>(work: Arc<W>, submitters: usize, limit: Limit) -> Result<Driven> {
    let begun = Arc::new(AtomicU64::new(0));
    let (started, cpu) = (Instant::now(), Cpu::now(limit.server));
    let mut tasks = JoinSet::new();
    for submitter in 0..submitters {
        tasks.spawn(submit(work.clone(), submitter, begun.clone(), started, limit));
    }
    let mut driven = Driven::default();
    while let Some(task) = tasks.join_next().await {
        let (orders, micros) = task.context("a submitter panicked")??;
        driven.orders += orders;
        driven.micros.extend(micros);
    }
    driven.elapsed = started.elapsed();
    driven.cpu = Cpu::now(limit.server).since(cpu);
    driven.micros.sort_unstable();
    Ok(driven)
}

async fn submit<W: Work>(
    work: Arc<W>,
    submitter: usize,
    begun: Arc<AtomicU64>,
    started: Instant,
    limit: Limit,
) -> Result<(u64, Vec<u32>)> {
    let (mut orders, mut micros) = (0, Vec::new());
    while started.elapsed() < limit.time && begun.load(Ordering::Relaxed) < limit.orders {
        let step = Instant::now();
        let done = work.step(submitter).await?;
        micros.push(u32::try_from(step.elapsed().as_micros()).unwrap_or(u32::MAX));
        begun.fetch_add(done, Ordering::Relaxed);
        orders += done;
    }
    Ok((orders, micros))
}

#[cfg(test)]
mod tests {
    use super::{Driven, Limit, Work, drive};
    use anyhow::Result;
    use std::{sync::Arc, time::Duration};

    struct TwoAtOnce;

    impl Work for TwoAtOnce {
        async fn step(&self, _: usize) -> Result<u64> {
            tokio::task::yield_now().await;
            Ok(2)
        }
    }

    #[tokio::test]
    async fn a_round_ends_at_its_count_and_loses_no_order() {
        let limit = Limit { time: Duration::from_secs(60), orders: 1_000, server: None };
        let driven = drive(Arc::new(TwoAtOnce), 8, limit).await.unwrap();
        assert!((1_000..1_016).contains(&driven.orders));
        assert_eq!(driven.micros.len() as u64 * 2, driven.orders);
    }

    #[test]
    fn quantiles_are_steps_that_were_seen() {
        let driven = Driven { micros: (1..=100).map(|n| n * 1_000).collect(), ..Driven::default() };
        assert_eq!([0.5, 0.99, 1.0].map(|q| driven.millis_at(q)), [50.0, 99.0, 100.0]);
        assert!(Driven::default().millis_at(0.5).is_nan());
    }
}
