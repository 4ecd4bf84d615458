//! The event side and the read side, as an operator reaches them.

use crate::{
    cli::Place,
    local::{Endpoints, access_of},
};
use anyhow::{Context, Result, bail};
use domain::{
    envelope::{Cursor, RecordedEvent},
    ids::{FeedId, TenantId},
};
use event_store::{
    pool::{self, Isolation},
    reader::EventReader,
};
use sqlx::MySqlPool;

/// Connections of each pool; one command does one thing at a time.
const CONNECTIONS: u32 = 2;

/// Both sides.
pub(super) struct Sides {
    pub(super) events: EventReader,
    pub(super) views: MySqlPool,
}

impl Sides {
    pub(super) async fn connect(place: &Place, reader: Option<String>, projection: Option<String>) -> Result<Self> {
        let (reader, projection) = match (reader, projection) {
            (Some(reader), Some(projection)) => (reader, projection),
            (reader, projection) => {
                let access = access_of(&place.local, Endpoints::read(&place.local)?.mysql_port)?;
                (reader.unwrap_or(access.reader), projection.unwrap_or(access.projection))
            }
        };
        let events = pool::connect(&reader, Isolation::ReadCommitted, CONNECTIONS).await.context("the event side")?;
        let views =
            pool::connect(&projection, Isolation::RepeatableRead, CONNECTIONS).await.context("the read side")?;
        Ok(Self { events: EventReader::new(events), views })
    }

    /// Where the feed of this restaurant stands.
    pub(super) async fn head(&self, feed: FeedId) -> Result<Cursor> {
        let head = self.events.head(feed).await?;
        head.map(|head| head.cursor).with_context(|| format!("there is no restaurant {feed}"))
    }

    /// The tenant of this restaurant, or the tenant whose own feed it is.
    pub(super) async fn tenant(&self, feed: FeedId) -> Result<TenantId> {
        let head = self.events.head(feed).await?;
        head.map(|head| head.tenant).with_context(|| format!("there is no restaurant {feed}"))
    }

    /// The event at this position.
    pub(super) async fn event(&self, feed: FeedId, position: u64) -> Result<RecordedEvent> {
        let found = self.events.page(feed, position.saturating_sub(1), 1).await?.into_iter().next();
        if let Some(event) = found.filter(|event| event.cursor.position == position) {
            return Ok(event);
        }
        let head = self.head(feed).await?;
        if position > head.position {
            bail!("restaurant {feed} has no event {position} yet: its last one is {}", head.position);
        }
        bail!("position {position} of restaurant {feed} is missing: run `aris verify --restaurant {feed}`")
    }
}
