//! Why nothing was rebuilt, or nothing switched.

use crate::{check::CheckError, generation::Projection, generations::Status};
use domain::ids::FeedId;
use event_store::follow::FollowError;

/// Why nothing was rebuilt, or nothing switched. What answered queries before still does.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    /// The read side or the event side does not answer.
    #[error("MySQL: {0}")]
    Sql(#[from] sqlx::Error),
    /// The feed cannot be read.
    #[error(transparent)]
    Feed(#[from] FollowError),
    /// The comparison could not be made.
    #[error(transparent)]
    Check(#[from] CheckError),
    /// This build has no such view.
    #[error("there is no view `{0}`; this build has {views}", views = crate::views::ALL.join(", "))]
    UnknownView(String),
    /// This build has no such generation.
    #[error("there is no generation `{0}`; `aris projections list` names them")]
    UnknownProjection(String),
    /// Nothing answers queries yet.
    #[error("no generation of {0} is live: run `aris migrate`, then `aris serve projection`")]
    NothingLive(&'static str),
    /// A rebuild was finished already.
    #[error("{0} is built and ready: `aris projections switch {view}`, or `aris projections drop {0}`", view = .0.view)]
    ReadyAlready(Projection),
    /// Another process is at it.
    #[error("{owner} is rebuilding {view}; `aris projections list` shows how far it is")]
    Taken {
        /// The view.
        view: &'static str,
        /// The other process.
        owner: String,
    },
    /// This process was frozen, or cut off, for longer than its lease.
    #[error("this process lost its lease on rebuilding {0}; run the rebuild again, it goes on where it was")]
    LeaseLost(&'static str),
    /// Events come in as fast as they are applied.
    #[error(
        "{} does not catch up: the last of {passes} passes still found {events} events that had come in during the one \
         before. What was done is kept: run the rebuild again in a quieter hour, or with --full-speed, and \
         more --workers if there are cores", names(.projections)
    )]
    Outrun {
        /// What is built.
        projections: Vec<Projection>,
        /// Passes that were made.
        passes: u32,
        /// Events that the last one found.
        events: u64,
    },
    /// The feed was restored from a backup in the middle of it.
    #[error("restaurant {0} was restored from a backup meanwhile: run it again, it goes on where it was")]
    Renumbered(FeedId),
    /// The rows are not what the events say.
    #[error("{projection} is not switched in: {cause}")]
    Different {
        /// The generation.
        projection: Projection,
        /// What is different.
        cause: String,
    },
    /// There is nothing to switch to.
    #[error("no generation of {view} is {wanted}: {advice}")]
    NothingToSwitchTo {
        /// The view.
        view: &'static str,
        /// What it had to be.
        wanted: Status,
        /// What to do.
        advice: String,
    },
    /// The new generation has events parked that the live one has applied.
    #[error(
        "{projection} is not switched in: {events} events are parked in it that are not in the live one, the first at \
         position {position} of restaurant {feed}; see `aris parked list`, or switch with --accept-parked"
    )]
    Parked {
        /// The generation.
        projection: Projection,
        /// How many.
        events: u64,
        /// Where the first one is.
        feed: FeedId,
        /// Where the first one is.
        position: u64,
    },
    /// The new generation is behind the live one.
    #[error(
        "{projection} is not switched in: after {seconds} s it is still {events} events behind the live one, first in \
         restaurant {feed}; does a projection-service run? See `aris doctor`"
    )]
    Behind {
        /// The generation.
        projection: Projection,
        /// How many events.
        events: u64,
        /// A restaurant that is behind.
        feed: FeedId,
        /// How long it was waited for.
        seconds: u64,
    },
    /// It is in use.
    #[error("{projection} is {status}: it is not dropped")]
    InUse {
        /// The generation.
        projection: Projection,
        /// What it is for.
        status: Status,
    },
}

fn names(projections: &[Projection]) -> String {
    projections.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
