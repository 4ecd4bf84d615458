//! The history of one order.

use super::{AuditError, head};
use crate::read::Stand;
use domain::{
    envelope::RecordedEvent,
    ids::{FeedId, OrderId},
};
use event_store::reader::EventReader;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;
use uuid::Uuid;

/// The events of an order, in order.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OrderHistory {
    /// Where the feed stood: no event of the order up to here is missing in the pages up to `next`.
    pub(crate) cursor: Stand,
    /// The order.
    pub(crate) order_id: Uuid,
    /// In the order in which they happened.
    #[schema(value_type = Vec<RecordedEventDocument>)]
    pub(crate) events: Vec<Box<RawValue>>,
    /// Give it as `after` to get the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next: Option<u64>,
}

/// An event as it is stored: where, when, by whom, because of what.
#[derive(Debug, ToSchema)]
#[schema(as = RecordedEvent)]
#[expect(dead_code, reason = "only its schema is used; the envelope is written by the domain")]
pub(crate) struct RecordedEventDocument {
    /// Where in the feed of the restaurant.
    position: u64,
    /// Changes only when the feed's numbering was restored from a backup.
    epoch: u32,
    /// Its own id.
    event_id: Uuid,
    /// Such as `order.placed`.
    #[schema(rename = "type")]
    event_type: String,
    /// The schema version of `data`.
    v: u16,
    /// Whose event it is.
    aggregate: AggregateDocument,
    /// When it was committed.
    #[schema(format = DateTime)]
    recorded_at: String,
    /// Who caused it.
    actor: ActorDocument,
    /// Joins all that one request set off.
    correlation_id: String,
    /// The command that caused it.
    causation_id: Uuid,
    /// What happened, byte for byte as it was stored.
    #[schema(value_type = Object)]
    data: serde_json::Value,
}

/// Whose event it is.
#[derive(Debug, ToSchema)]
#[schema(as = AggregateRef)]
#[expect(dead_code, reason = "only its schema is used")]
pub(crate) struct AggregateDocument {
    /// Such as `order`.
    #[schema(rename = "type")]
    kind: String,
    /// Its id.
    id: Uuid,
    /// 1, 2, 3 … in its own stream.
    version: u64,
}

/// Who acted: never a name.
#[derive(Debug, ToSchema)]
#[schema(as = Actor)]
#[expect(dead_code, reason = "only its schema is used")]
pub(crate) struct ActorDocument {
    /// staff, guest or system.
    kind: String,
    /// The `sub` of their token.
    id: String,
}

/// At most `limit` events of this order after the version `after`; `None` where there is no such order.
pub(crate) async fn page(
    reader: &EventReader,
    feed: FeedId,
    order: OrderId,
    after: u64,
    limit: usize,
) -> Result<Option<OrderHistory>, AuditError> {
    // The head first: what is committed while this reads is left for the next time.
    let head = head(reader, feed).await?;
    let found = reader.stream_page(feed, order.into(), after, head.position, limit).await?;
    if found.is_empty() && (after == 0 || reader.stream_page(feed, order.into(), 0, head.position, 1).await?.is_empty())
    {
        return Ok(None);
    }
    let last = found.last().map_or(after, |event| event.version);
    // A page may be bound by its bytes, so only a look tells whether there is more.
    let more = !reader.stream_page(feed, order.into(), last, head.position, 1).await?.is_empty();
    let events = found.iter().map(|event| envelope(order, event)).collect::<Result<_, _>>()?;
    let cursor = Stand { epoch: head.epoch, position: head.position };
    Ok(Some(OrderHistory { cursor, order_id: order.0, events, next: more.then_some(last) }))
}

/// The envelope that clients know from the socket. Data that is no JSON (somebody changed it) is an
/// error of this request, not half an answer.
fn envelope(order: OrderId, event: &RecordedEvent) -> Result<Box<RawValue>, AuditError> {
    let damaged =
        |why: String| AuditError::Damaged { order, why: format!("position {}: {why}", event.cursor.position) };
    let json = String::from_utf8(event.envelope_json()).map_err(|error| damaged(error.to_string()))?;
    RawValue::from_string(json).map_err(|error| damaged(error.to_string()))
}
