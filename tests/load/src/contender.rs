//! Who is measured, and how its best is found.

use crate::{
    closed_loop::{Driven, Limit},
    settings::Settings,
};
use anyhow::{Context, Result};
use std::fmt;

/// How a contender is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shape {
    /// Who work at the same time.
    pub(crate) submitters: usize,
    /// Orders that each of them sends at once.
    pub(crate) batch: usize,
}

impl Shape {
    /// One order at a time, by nobody else.
    pub(crate) const ALONE: Self = Self { submitters: 1, batch: 1 };

    /// So many single orders at once.
    pub(crate) fn at_once(submitters: usize) -> Self {
        Self { submitters, batch: 1 }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.batch {
            1 => write!(f, "{} at once", self.submitters),
            batch => write!(f, "{} × {batch} rows", self.submitters),
        }
    }
}

/// One who is measured.
pub(crate) trait Contender {
    /// Its name on the screen.
    const NAME: &'static str;

    /// What is tried to find its best.
    fn shapes(&self) -> Vec<Shape>;

    /// Works until the limit, then proves that all it acknowledged is there.
    async fn round(&mut self, shape: Shape, limit: Limit) -> Result<Driven>;
}

/// A round, told on the screen.
pub(crate) async fn told<C: Contender>(contender: &mut C, what: &str, shape: Shape, limit: Limit) -> Result<Driven> {
    let driven = contender.round(shape, limit).await.with_context(|| format!("{} at {shape}", C::NAME))?;
    let (client, server) = driven.cpu_micros();
    println!(
        "  {what:<8} {name:<5} {rate:>8.0} orders/s  {shape:<16} {p50:>8.2} ms p50 {p99:>8.2} ms p99  \
         CPU {client:>4.0} + {server:>4.0} µs",
        name = C::NAME,
        rate = driven.per_second(),
        shape = shape.to_string(),
        p50 = driven.millis_at(0.5),
        p99 = driven.millis_at(0.99),
    );
    Ok(driven)
}

/// The shape at which it was fastest.
pub(crate) async fn best_shape<C: Contender>(contender: &mut C, settings: &Settings) -> Result<Shape> {
    let mut best = (Shape::ALONE, 0.0);
    for _ in 0..settings.tries {
        for shape in contender.shapes() {
            let rate = told(contender, "try", shape, settings.probe).await?.per_second();
            if rate > best.1 {
                best = (shape, rate);
            }
        }
    }
    Ok(best.0)
}
