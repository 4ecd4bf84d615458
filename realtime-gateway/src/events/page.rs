//! One page of events.

use super::{
    follower::{Follower, Progress},
    gone, problem,
};
use crate::{frames::ServerFrame, limits::PAGE_BYTES, session::credit::Credit};
use domain::envelope::Cursor;
use serde::Serialize;
use serde_json::value::RawValue;
use service_kit::problem::Problem;
use utoipa::ToSchema;

/// Steps of one request: with pages of 256 events from the store, a scope that is silent for some
/// thousand events answers an empty page whose cursor has moved.
const STEPS_MAX: usize = 16;

/// Events of a scope, and how to go on.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EventPage {
    /// In order. Each is an envelope, as on the socket.
    #[schema(value_type = Vec<Object>)]
    events: Vec<Box<RawValue>>,
    /// Where the next page begins: `after=<epoch>.<position>`.
    cursor: PageCursor,
    /// Whether there was nothing more when this was answered.
    live: bool,
}

/// A place in a feed.
#[derive(Debug, Serialize, ToSchema)]
struct PageCursor {
    /// Changes only when the feed's numbering was restored from a backup.
    epoch: u32,
    /// Everything of the scope up to here was answered.
    position: u64,
}

/// The events after a cursor, at most `limit` of them.
pub(super) async fn read(mut follower: Follower, after: Option<Cursor>, limit: usize) -> Result<EventPage, Problem> {
    if let Some(reset) = follower.start(after, Credit::of(limit, PAGE_BYTES)).await.map_err(problem)? {
        return Err(gone(&reset));
    }
    for _ in 0..STEPS_MAX {
        if follower.go_on().await.map_err(problem)? == Progress::Waiting {
            break;
        }
    }
    if let Some(reset) = follower.reset() {
        return Err(gone(&reset));
    }
    let Cursor { epoch, position } = follower.cursor.told();
    let events = follower.out.iter().filter_map(|frame| envelope(frame.as_str())).collect();
    Ok(EventPage { events, cursor: PageCursor { epoch, position }, live: follower.cursor.is_live() })
}

fn envelope(frame: &str) -> Option<Box<RawValue>> {
    match ServerFrame::parse(frame) {
        Ok(ServerFrame::Event(event)) => Some(event.event),
        _ => None,
    }
}
