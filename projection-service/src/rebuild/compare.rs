//! Comparison of a whole generation with the events, restaurant by restaurant.

use super::{RebuildError, Sides, extent};
use crate::{
    check::{self, CheckError, ViewReport},
    generation::Projection,
    generations::{self, Status},
};
use domain::ids::FeedId;
use event_store::{follow::FollowError, reader::Head};

/// What a comparison has found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Every row is what the events say.
    Equal {
        /// Restaurants that were compared.
        feeds: u64,
        /// Events that were folded.
        events: u64,
        /// Rows that were compared.
        rows: u64,
    },
    /// Some row is not; why, in words.
    Different(String),
}

/// Compares the generation, and tells after each restaurant how many are done of how many. Ends with
/// the first restaurant that differs.
pub(super) async fn compare(
    sides: &Sides,
    projection: Projection,
    mut told: impl FnMut(u64, u64),
) -> Result<Verdict, RebuildError> {
    let heads = extent::heads(sides).await?;
    let (mut events, mut rows) = (0, 0);
    for (done, Head { feed, .. }) in (1..).zip(&heads) {
        let report = compared(sides, projection, *feed).await?;
        if report.n_differences > 0 {
            return Ok(Verdict::Different(difference(sides, *feed, &report).await?));
        }
        events += report.events;
        rows += report.rows as u64;
        told(done, heads.len() as u64);
    }
    Ok(Verdict::Equal { feeds: heads.len() as u64, events, rows })
}

async fn compared(sides: &Sides, projection: Projection, feed: FeedId) -> Result<ViewReport, RebuildError> {
    match check::projection(&sides.snapshots, &sides.events, projection, feed).await {
        Err(CheckError::Feed(FollowError::OtherEpoch { .. }) | CheckError::Ahead { .. }) => {
            Err(RebuildError::Renumbered(feed))
        }
        report => Ok(report?),
    }
}

/// The first difference, and whether the live generation has the same: then the fold, or the code of the
/// view, is to blame, and not the rebuild.
async fn difference(sides: &Sides, feed: FeedId, report: &ViewReport) -> Result<String, RebuildError> {
    let view = report.projection.view;
    let live = generations::all(&sides.views).await?;
    let live = live.iter().find(|entry| entry.projection.view == view && entry.status == Status::Live);
    let also = match live {
        Some(live) if live.projection != report.projection => {
            let live = check::projection(&sides.snapshots, &sides.events, live.projection, feed).await?;
            format!("; {} has {} rows there that differ", live.projection, live.n_differences)
        }
        _ => String::new(),
    };
    let first = report.differences.first().map_or_else(String::new, |first| {
        let (found, expected) =
            (first.found.as_deref().unwrap_or("nothing"), first.expected.as_deref().unwrap_or("nothing"));
        format!(", first {} {}: {found}, not {expected}", first.table, first.key)
    });
    Ok(format!("{} rows of restaurant {feed} are not what the events say{also}{first}", report.n_differences))
}
