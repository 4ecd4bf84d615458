//! An order as it was.

use super::{AuditError, head};
use crate::{
    read::Stand,
    views::{
        Fact,
        orders::{as_of::fold, query::OrderWithCursor},
    },
};
use chrono::{DateTime, Utc};
use domain::{
    envelope::RecordedEvent,
    ids::{FeedId, OrderId},
    limits::PAGE_EVENTS_MAX,
};
use event_store::reader::EventReader;

/// Pages of one order: the rules allow some 500 events (100 lines with five each); this is eight times
/// that.
const PAGES_MAX: usize = 16;

/// A point of the past.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    /// After the event at this position.
    Position(u64),
    /// At this time: after the last event that was recorded then or before.
    Time(DateTime<Utc>),
}

/// The order at that moment; `None` where there was none. The cursor of the answer is the moment.
pub(crate) async fn order(
    reader: &EventReader,
    feed: FeedId,
    order: OrderId,
    moment: Moment,
) -> Result<Option<OrderWithCursor>, AuditError> {
    let head = head(reader, feed).await?;
    let position = match moment {
        Moment::Position(position) if position > head.position => {
            let why = format!("the events end at position {}", head.position);
            return Err(AuditError::Future { pointer: "/as_of_position", why });
        }
        Moment::Position(position) => position,
        Moment::Time(time) if time > Utc::now() => {
            return Err(AuditError::Future { pointer: "/as_of", why: "that time has not come yet".to_owned() });
        }
        Moment::Time(time) => reader.position_at(feed, time).await?,
    };
    let events = events(reader, feed, order, position).await?;
    let damaged = |why: String| AuditError::Damaged { order, why };
    let facts: Vec<Fact> =
        events.iter().map(Fact::of).collect::<Result<_, _>>().map_err(|error| damaged(error.to_string()))?;
    let folded = fold(&facts).map_err(|error| damaged(error.to_string()))?;
    let cursor = Stand { epoch: head.epoch, position };
    Ok(folded.map(|order| OrderWithCursor { cursor, order }))
}

async fn events(
    reader: &EventReader,
    feed: FeedId,
    order: OrderId,
    up_to: u64,
) -> Result<Vec<RecordedEvent>, AuditError> {
    let mut events: Vec<RecordedEvent> = Vec::new();
    for _ in 0..PAGES_MAX {
        let after = events.last().map_or(0, |event| event.version);
        let page = reader.stream_page(feed, order.into(), after, up_to, PAGE_EVENTS_MAX).await?;
        if page.is_empty() {
            return Ok(events);
        }
        events.extend(page);
    }
    Err(AuditError::Damaged { order, why: "it has more events than an order can have".to_owned() })
}
