//! What auditors ask: not the rows of a view, but the events themselves, from the event store.

pub(crate) mod as_of;
pub(crate) mod history;

use domain::envelope::Cursor;
use domain::ids::FeedId;
use event_store::reader::EventReader;

/// Why an auditor gets no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AuditError {
    /// The event store cannot answer.
    #[error("the event store: {0}")]
    Sql(#[from] sqlx::Error),
    /// The events do not make an order, or cannot be read: nothing that this product wrote.
    #[error("the events of order {order} cannot be told: {why} (`aris verify` says what is wrong)")]
    Damaged {
        /// The order.
        order: domain::ids::OrderId,
        /// What is wrong.
        why: String,
    },
    /// The moment has not come yet.
    #[error("{why}")]
    Future {
        /// The parameter that names it, as a JSON Pointer.
        pointer: &'static str,
        /// Why it has not come.
        why: String,
    },
}

/// Where the feed stands. It exists: who asks was let in to the restaurant.
async fn head(reader: &EventReader, feed: FeedId) -> Result<Cursor, sqlx::Error> {
    Ok(reader.head(feed).await?.map(|head| head.cursor).unwrap_or_default())
}
