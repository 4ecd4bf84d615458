//! What everybody was told, and what they saw that must not be.

use super::{model::Order, violation::Violation};
use chrono::{DateTime, Utc};
use std::{
    collections::BTreeMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

/// A command that was answered 2xx.
#[derive(Debug, Clone)]
pub(super) struct Acknowledged {
    pub(super) restaurant: usize,
    pub(super) what: String,
    /// Joins the command with its events.
    pub(super) correlation: String,
    /// The aggregate and the position, as the answer said.
    pub(super) id: String,
    pub(super) position: u64,
    /// The types of the events that it must have written.
    pub(super) events: Vec<String>,
    /// When it was sent first, and when it was answered.
    pub(super) between: (DateTime<Utc>, DateTime<Utc>),
}

/// A command that a rule refused.
#[derive(Debug, Clone)]
pub(super) struct Refused {
    pub(super) what: String,
    pub(super) correlation: String,
}

/// How often things happened.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counts {
    pub(super) sent: u64,
    pub(super) acknowledged: u64,
    pub(super) refused: u64,
    /// Tries that had no answer, or one that says so.
    pub(super) unknown: u64,
    pub(super) repeats: u64,
    pub(super) twins: u64,
    pub(super) reused: u64,
    pub(super) reads: u64,
    pub(super) reads_unanswered: u64,
    pub(super) strangers: u64,
}

/// Everything that is known.
#[derive(Debug, Default)]
pub(super) struct Book {
    pub(super) counts: Counts,
    pub(super) acknowledged: Vec<Acknowledged>,
    pub(super) refused: Vec<Refused>,
    pub(super) orders: BTreeMap<String, Order>,
    /// Sessions that are open, by restaurant and table.
    pub(super) open: BTreeMap<(usize, String), String>,
    /// Items that are withdrawn.
    pub(super) withdrawn: BTreeMap<(usize, String), bool>,
    violations: Vec<Violation>,
}

/// One book for all.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    book: Mutex<Book>,
    clock_was_wrong: AtomicBool,
}

/// Violations that are kept: a run ends at the first judgement that has one.
const VIOLATIONS_MAX: usize = 200;

impl Ledger {
    pub(super) fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn counts(&self) -> Counts {
        self.book().counts
    }

    pub(super) fn accuse(&self, violation: Violation) {
        let mut book = self.book();
        if book.violations.len() < VIOLATIONS_MAX {
            println!("     VIOLATION {violation}");
            book.violations.push(violation);
        }
    }

    pub(super) fn violations(&self) -> Vec<Violation> {
        self.book().violations.clone()
    }

    /// From now on times of events may be an hour wrong; they still never run backwards.
    pub(super) fn a_clock_was_wrong(&self) {
        self.clock_was_wrong.store(true, Ordering::Relaxed);
    }

    pub(super) fn clocks_are_right(&self) -> bool {
        !self.clock_was_wrong.load(Ordering::Relaxed)
    }
}
