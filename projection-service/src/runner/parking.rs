//! Parked events: those that could not be applied, and what came after them in their aggregate.

use super::poison::CauseClass;
use crate::{generation::Projection, sql};
use domain::{envelope::RecordedEvent, ids::FeedId};
use sqlx::{MySqlConnection, QueryBuilder, Row};
use std::collections::HashSet;
use uuid::Uuid;

/// Characters of a cause that are kept.
const CAUSE_CHARS_MAX: usize = 500;

/// An event on its way to the parked ones.
#[derive(Debug)]
pub(crate) struct Parking<'a> {
    pub(crate) event: &'a RecordedEvent,
    pub(crate) class: CauseClass,
    pub(crate) cause: String,
}

/// Which of these aggregates have a parked event.
pub(crate) async fn parked_among(
    connection: &mut MySqlConnection,
    projection: Projection,
    feed: FeedId,
    aggregates: &HashSet<Uuid>,
) -> Result<HashSet<Uuid>, sqlx::Error> {
    let projection = projection.to_string();
    let aggregates: Vec<Uuid> = aggregates.iter().copied().collect();
    let mut parked = HashSet::new();
    for part in sql::parts(&aggregates) {
        let mut query = QueryBuilder::new(
            "SELECT DISTINCT aggregate_id FROM parked_events WHERE (projection, feed_id, aggregate_id) IN ",
        );
        query.push_tuples(part, |mut tuple, aggregate| {
            tuple.push_bind(&projection).push_bind(feed.0).push_bind(*aggregate);
        });
        for row in query.build().fetch_all(&mut *connection).await? {
            parked.insert(row.try_get("aggregate_id")?);
        }
    }
    Ok(parked)
}

/// Parks these events of one feed.
pub(crate) async fn park(
    connection: &mut MySqlConnection,
    projection: Projection,
    feed: FeedId,
    events: &[Parking<'_>],
) -> Result<(), sqlx::Error> {
    let projection = projection.to_string();
    for part in sql::parts(events) {
        let mut query = QueryBuilder::new(
            "INSERT INTO parked_events (projection, feed_id, position, epoch, aggregate_id, event_type, \
             cause_class, cause) ",
        );
        query.push_values(part, |mut row, Parking { event, class, cause }| {
            row.push_bind(&projection)
                .push_bind(feed.0)
                .push_bind(event.cursor.position)
                .push_bind(event.cursor.epoch)
                .push_bind(event.aggregate_id)
                .push_bind(&event.event_type)
                .push_bind(class.as_str())
                .push_bind(cause.chars().take(CAUSE_CHARS_MAX).collect::<String>());
        });
        sql::run(connection, query).await?;
    }
    Ok(())
}

/// Forgets the parked events of a feed that is applied again from its first event.
pub(crate) async fn forget(
    connection: &mut MySqlConnection,
    projection: Projection,
    feed: FeedId,
) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM parked_events WHERE projection = ? AND feed_id = ?")
        .bind(projection.to_string())
        .bind(feed.0)
        .execute(connection)
        .await
        .map(drop)
}

/// Tells people, once per event.
pub(crate) fn report(projection: Projection, feed: FeedId, events: &[Parking<'_>]) {
    for Parking { event, class, cause } in events {
        metrics::counter!(
            "projection_parked_events_total",
            "projection" => projection.to_string(), "cause" => class.as_str()
        )
        .increment(1);
        tracing::error!(
            %projection,
            %feed,
            event.position = event.cursor.position,
            event.kind = event.event_type,
            aggregate = %event.aggregate_id,
            cause_class = class.as_str(),
            cause,
            "event parked: the view goes on without its aggregate"
        );
    }
}
