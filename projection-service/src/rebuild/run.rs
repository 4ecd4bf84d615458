//! A rebuild from its beginning, or from where it was, to a generation that can be switched in.

use super::{
    RebuildError, Sides,
    begin::begin,
    build::Work,
    compare::{Verdict, compare},
    extent,
    lease::{LASTS, Lease},
    pace::Pace,
};
use crate::{
    generation::Projection,
    generations::{self, Status},
};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    sync::watch,
    time::{Instant, sleep},
};

/// Commits that are measured before the work begins, and the pause between them.
const MEASURED_BEFORE: usize = 9;
const BETWEEN_MEASURES: Duration = Duration::from_millis(40);
/// How often leases are renewed, and a commit is measured with it.
const RENEW_EVERY: Duration = Duration::from_millis(200);
/// Renewals between two looks at the heads, which say whether events are appended.
const RENEWALS_PER_LOOK: u32 = 5;

/// Settings of a rebuild.
#[derive(Debug, Clone)]
pub struct Options {
    /// Restaurants that are worked on at once; while it holds back and orders come in, one of them is written at a time.
    pub workers: usize,
    /// Passes over all feeds until it gives up because events come in as fast as it applies them, at least 1.
    pub passes: u32,
    /// The name of this process in leases, at most 64 ASCII characters, unlike that of any other.
    pub owner: String,
    /// Whether it rests while orders are slower than before it began.
    pub holds_back: bool,
}

/// What a rebuild is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Waits for the lease, and makes tables.
    Beginning,
    /// Applies events.
    Filling,
    /// Compares rows with the events.
    Comparing {
        /// Which generation.
        projection: Projection,
        /// Restaurants that are done.
        done: u64,
        /// Restaurants that there are.
        total: u64,
    },
}

/// Where a rebuild is, for people who watch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phase {
    /// What it is doing.
    pub step: Step,
    /// The generations that it fills; empty before it knows.
    pub projections: Vec<Projection>,
    /// Whether an earlier run had begun.
    pub is_resumed: bool,
    /// How long a small commit took before the work began, and takes now; while it holds back for orders.
    pub yields: Option<(Duration, Duration)>,
}

impl Default for Phase {
    fn default() -> Self {
        Self { step: Step::Beginning, projections: Vec::new(), is_resumed: false, yields: None }
    }
}

/// Rebuilds these views: from position 1, or from where an earlier run was. Ends when each one is built,
/// compared and ready to be switched in. May be dropped or killed at any moment.
///
/// # Errors
/// When another process is at it, a row is not what the events say (the generation stays as failed), or
/// a side stays away.
pub async fn run(
    sides: &Sides,
    views: &[&'static str],
    options: &Options,
    phase: &watch::Sender<Phase>,
) -> Result<Vec<Projection>, RebuildError> {
    let mut leases = Vec::with_capacity(views.len());
    let taken = take(sides, views, options, &mut leases).await;
    let done = match taken {
        Ok(()) => with_leases(sides, views, options, phase, &leases).await,
        Err(error) => Err(error),
    };
    for lease in &leases {
        lease.release().await;
    }
    done
}

async fn take(
    sides: &Sides,
    views: &[&'static str],
    options: &Options,
    leases: &mut Vec<Lease>,
) -> Result<(), RebuildError> {
    for view in views {
        leases.push(Lease::take(&sides.views, view, &options.owner).await?);
    }
    Ok(())
}

async fn with_leases(
    sides: &Sides,
    views: &[&'static str],
    options: &Options,
    phase: &watch::Sender<Phase>,
    leases: &[Lease],
) -> Result<Vec<Projection>, RebuildError> {
    let pace = Arc::new(Mutex::new(measure(sides, leases, options.holds_back).await?));
    let (sender, leased_until) = watch::channel(Instant::now() + LASTS);
    tokio::select! {
        biased;
        lost = keep(sides, leases, options.holds_back, &pace, &sender, phase) => Err(lost),
        done = build(sides, views, options, phase, &pace, leased_until) => done,
    }
}

/// What a small commit takes while the rebuild does nothing, and whether orders come in meanwhile.
async fn measure(sides: &Sides, leases: &[Lease], holds_back: bool) -> Result<Pace, RebuildError> {
    let events_before = events(sides).await?;
    let mut before = Vec::with_capacity(MEASURED_BEFORE);
    while before.len() < MEASURED_BEFORE {
        for lease in leases {
            before.push(lease.renew().await?);
        }
        sleep(BETWEEN_MEASURES).await;
    }
    let orders = holds_back && events(sides).await? != events_before;
    Ok(Pace::new(&before, orders))
}

/// Events that there are, in all feeds.
async fn events(sides: &Sides) -> Result<u64, RebuildError> {
    Ok(extent::heads(sides).await?.iter().map(|head| head.cursor.position).sum())
}

/// Renews the leases and tells the pace how long that took. Only ends when a lease was lost.
async fn keep(
    sides: &Sides,
    leases: &[Lease],
    holds_back: bool,
    pace: &Mutex<Pace>,
    leased_until: &watch::Sender<Instant>,
    phase: &watch::Sender<Phase>,
) -> RebuildError {
    let mut orders = pace.lock().unwrap_or_else(PoisonError::into_inner).orders();
    let (mut total, mut round) = (None, 0_u32);
    loop {
        let asked = Instant::now();
        for lease in leases {
            match lease.renew().await {
                Ok(took) => pace.lock().unwrap_or_else(PoisonError::into_inner).saw(took, orders),
                // MySQL is away for a moment: the lease is good for as long as it lasts.
                Err(RebuildError::Sql(error)) if *leased_until.borrow() > Instant::now() => {
                    tracing::warn!(error = %error, "the lease of the rebuild cannot be renewed");
                    sleep(RENEW_EVERY).await;
                    continue;
                }
                Err(lost) => return lost,
            }
            leased_until.send_replace(asked + LASTS);
        }
        if round.is_multiple_of(RENEWALS_PER_LOOK) {
            // Nobody is disturbed where nobody orders. When the heads cannot be seen, somebody may.
            let seen = events(sides).await.ok();
            if total.is_some() || seen.is_none() {
                orders = holds_back && (seen.is_none() || seen != total);
            }
            total = seen;
        }
        round = round.wrapping_add(1);
        tell_yielding(pace, phase);
        sleep(RENEW_EVERY).await;
    }
}

fn tell_yielding(pace: &Mutex<Pace>, phase: &watch::Sender<Phase>) {
    let pace = pace.lock().unwrap_or_else(PoisonError::into_inner);
    let yields = pace.yields().then(|| (pace.usual(), pace.now()));
    phase.send_if_modified(|phase| std::mem::replace(&mut phase.yields, yields) != yields);
}

async fn build(
    sides: &Sides,
    views: &[&'static str],
    options: &Options,
    phase: &watch::Sender<Phase>,
    pace: &Arc<Mutex<Pace>>,
    leased_until: watch::Receiver<Instant>,
) -> Result<Vec<Projection>, RebuildError> {
    let (mut projections, mut is_resumed) = (Vec::with_capacity(views.len()), false);
    for view in views {
        let begun = begin(&sides.views, view).await?;
        projections.push(begun.projection);
        is_resumed |= begun.is_resumed;
    }
    phase.send_modify(|phase| {
        *phase = Phase { step: Step::Filling, projections: projections.clone(), is_resumed, yields: None };
    });
    let work = Work::new(sides, &projections, options, Arc::clone(pace), leased_until);
    work.fill().await?;
    let mut found = Vec::with_capacity(projections.len());
    for projection in &projections {
        found.push(compared(sides, *projection, phase).await?);
    }
    // What came in during the comparison. Services take over from here.
    phase.send_modify(|phase| phase.step = Step::Filling);
    work.fill().await?;
    for (projection, cause) in projections.iter().zip(found) {
        let mut connection = sides.views.acquire().await?;
        generations::set_status(&mut connection, *projection, Status::Building, Status::Ready, &cause).await?;
    }
    Ok(projections)
}

/// Compares the generation with the events; one that differs is never ready.
async fn compared(sides: &Sides, projection: Projection, phase: &watch::Sender<Phase>) -> Result<String, RebuildError> {
    let told = |done, total| {
        phase.send_modify(|phase| phase.step = Step::Comparing { projection, done, total });
    };
    match compare(sides, projection, told).await? {
        Verdict::Equal { feeds, events, rows } => {
            Ok(format!("{rows} rows of {feeds} restaurants are what their {events} events say"))
        }
        Verdict::Different(cause) => {
            let mut connection = sides.views.acquire().await?;
            generations::set_status(&mut connection, projection, Status::Building, Status::Failed, &cause).await?;
            Err(RebuildError::Different { projection, cause })
        }
    }
}
