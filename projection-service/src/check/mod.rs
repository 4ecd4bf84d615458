//! Proof that the read models equal the fold of the feed.
//!
//! The rows that ought to be there are computed a second time, in memory, from the domain's own
//! aggregates: not by the code that applies events to the tables. `aris verify` shows the differences.

mod expected;
mod rows;

use crate::{
    generation::Projection,
    generations,
    views::{kitchen_board, orders},
};
use domain::{envelope::Cursor, ids::FeedId, limits::PAGE_EVENTS_MAX};
use event_store::{
    follow::{FeedFollower, FollowError},
    reader::EventReader,
};
use expected::Expected;
use rows::{Rows, Stored};
use sqlx::MySqlPool;

/// Differences that a report spells out, per view.
pub const DIFFERENCES_MAX: usize = 100;

/// What was found out about the read models of one restaurant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The restaurant.
    pub feed: FeedId,
    /// One for each generation that is kept up to date, view by view.
    pub views: Vec<ViewReport>,
}

/// What was found out about one view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViewReport {
    /// The view and its generation.
    pub projection: Projection,
    /// Where it stands; the comparison is with the events up to here.
    pub cursor: Cursor,
    /// How many events were folded.
    pub events: u64,
    /// How many rows it has.
    pub rows: usize,
    /// How many events are parked; rows of their aggregates are expected as they were before.
    pub parked: u32,
    /// How many rows differ.
    pub n_differences: usize,
    /// The first [`DIFFERENCES_MAX`] of them.
    pub differences: Vec<Difference>,
}

/// A row that is not what the events say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The table.
    pub table: String,
    /// The row's key without the feed.
    pub key: String,
    /// The row as JSON according to the events; nothing when it should not be there.
    pub expected: Option<String>,
    /// The row as JSON; nothing when it is not there.
    pub found: Option<String>,
}

/// A view: its tables, and the rows that ought to be there.
type Check = (&'static [rows::Table], fn(&Expected) -> Rows);

/// Why the comparison could not be made.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// The views cannot be read.
    #[error("the views cannot be read: {0}")]
    Views(#[from] sqlx::Error),
    /// The feed cannot be read.
    #[error(transparent)]
    Feed(#[from] FollowError),
    /// An event that is not parked cannot be decoded.
    #[error("position {position} cannot be decoded: {source}")]
    Event {
        /// Where it stands.
        position: u64,
        /// What was wrong.
        source: domain::event::DecodeError,
    },
    /// The feed ends before the place where the view stands.
    #[error("{projection} stands at {view}, the feed ends at {feed}")]
    Ahead {
        /// The view.
        projection: Projection,
        /// Where it stands.
        view: Cursor,
        /// The last event.
        feed: Cursor,
    },
}

impl Report {
    /// Whether every row of every view is what the events say, and nothing is parked.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.views.iter().all(|view| view.n_differences == 0 && view.parked == 0)
    }
}

/// Compares every generation that is kept up to date (live, previous, ready) with the events of this
/// restaurant. `views` must be a REPEATABLE READ pool; service goes on meanwhile. Needs memory for all
/// rows of one view of one restaurant, twice.
///
/// # Errors
/// When either side cannot be read, or a view is ahead of the feed.
pub async fn restaurant(views: &MySqlPool, reader: &EventReader, feed: FeedId) -> Result<Report, CheckError> {
    let mut reports = Vec::new();
    for entry in generations::all(views).await?.iter().filter(|entry| entry.status.is_fed()) {
        reports.push(projection(views, reader, entry.projection, feed).await?);
    }
    Ok(Report { feed, views: reports })
}

/// Compares one generation with the events of this restaurant, as [`restaurant`] does.
///
/// # Errors
/// As [`restaurant`].
pub async fn projection(
    views: &MySqlPool,
    reader: &EventReader,
    projection: Projection,
    feed: FeedId,
) -> Result<ViewReport, CheckError> {
    let (tables, rows_of) = check_of(projection);
    let stored = rows::read(views, projection, tables, feed).await?;
    let expected = fold(reader, feed, projection, &stored).await?;
    Ok(compare(projection, &stored, &rows_of(&expected)))
}

fn check_of(projection: Projection) -> Check {
    match projection.view {
        kitchen_board::schema::VIEW => (rows::KITCHEN_BOARD, Expected::kitchen_board),
        orders::schema::VIEW => (rows::ORDERS, Expected::orders),
        _ => (rows::RESTAURANTS, Expected::restaurants),
    }
}

/// Folds the events up to where the view stands, without those that are parked or were skipped.
async fn fold(
    reader: &EventReader,
    feed: FeedId,
    projection: Projection,
    stored: &Stored,
) -> Result<Expected, CheckError> {
    let mut follower = FeedFollower::new(feed, Cursor { position: 0, ..stored.cursor });
    let mut expected = Expected::default();
    // Ends: the follower moves with every page, and an empty page is an error.
    while follower.cursor() < stored.cursor {
        let events = follower.catch_up(reader, PAGE_EVENTS_MAX).await?;
        if events.is_empty() {
            return Err(CheckError::Ahead { projection, view: stored.cursor, feed: follower.cursor() });
        }
        for event in events.iter().filter(|event| event.cursor <= stored.cursor) {
            let position = event.cursor.position;
            if !stored.parked.contains(&position) && !stored.skipped.contains(&position) {
                expected.fold(event).map_err(|source| CheckError::Event { position, source })?;
            }
        }
    }
    Ok(expected)
}

fn compare(projection: Projection, stored: &Stored, expected: &Rows) -> ViewReport {
    let mut report = ViewReport {
        projection,
        cursor: stored.cursor,
        events: stored.cursor.position,
        rows: stored.rows.len(),
        parked: u32::try_from(stored.parked.len()).unwrap_or(u32::MAX),
        n_differences: 0,
        differences: Vec::new(),
    };
    let missing = expected.keys().filter(|key| !stored.rows.contains_key(*key));
    for key in stored.rows.keys().chain(missing) {
        let (expected, found) = (expected.get(key), stored.rows.get(key));
        if expected == found {
            continue;
        }
        report.n_differences += 1;
        if report.differences.len() < DIFFERENCES_MAX {
            report.differences.push(Difference {
                table: projection.generation.table(key.0),
                key: key.1.clone(),
                expected: expected.map(ToString::to_string),
                found: found.map(ToString::to_string),
            });
        }
    }
    report
}
