//! Which tenant a feed belongs to, remembered.

use crate::reader::EventReader;
use domain::{
    event::Event,
    ids::{FeedId, RestaurantId, TenantId},
    restaurants::{RestaurantCreated, RestaurantEvent},
};
use sqlx::{QueryBuilder, Row, mysql::MySqlRow};
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

/// Feeds that are remembered; beyond it the memory starts anew.
const REMEMBERED_MAX: usize = 100_000;

/// Answers "whose feed is this?". A feed never changes its tenant and never goes away, so what was
/// found once is remembered; what was not found is asked again each time.
#[derive(Debug)]
pub struct FeedDirectory {
    reader: EventReader,
    known: Mutex<HashMap<FeedId, TenantId>>,
}

impl FeedDirectory {
    /// A directory over this reader.
    #[must_use]
    pub fn new(reader: EventReader) -> Self {
        Self { reader, known: Mutex::default() }
    }

    /// The tenant of this feed; `None` where there is no such feed.
    ///
    /// # Errors
    /// When MySQL cannot answer.
    pub async fn tenant_of(&self, feed: FeedId) -> Result<Option<TenantId>, sqlx::Error> {
        if let Some(tenant) = self.lock().get(&feed) {
            return Ok(Some(*tenant));
        }
        let tenant = self.reader.head(feed).await?.map(|head| head.tenant);
        if let Some(tenant) = tenant {
            let mut known = self.lock();
            if known.len() >= REMEMBERED_MAX {
                known.clear();
            }
            known.insert(feed, tenant);
        }
        Ok(tenant)
    }

    /// The tenant of this restaurant; `None` where there is no such restaurant. A tenant's own feed is no
    /// restaurant, so that nobody looks into it through the doors of one.
    ///
    /// # Errors
    /// When MySQL cannot answer.
    pub async fn tenant_of_restaurant(&self, restaurant: RestaurantId) -> Result<Option<TenantId>, sqlx::Error> {
        let feed = FeedId::from(restaurant);
        Ok(self.tenant_of(feed).await?.filter(|tenant| !feed.is_of(*tenant)))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<FeedId, TenantId>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The restaurants of a tenant in the order of their ids, after `after`, at most `limit`; of these only, where
/// the caller may not know of all.
///
/// # Errors
/// When MySQL cannot answer.
pub async fn restaurants_of(
    reader: &EventReader,
    tenant: TenantId,
    only: Option<&[RestaurantId]>,
    after: Option<RestaurantId>,
    limit: u32,
) -> Result<Vec<(RestaurantId, RestaurantCreated)>, sqlx::Error> {
    if only.is_some_and(<[_]>::is_empty) {
        return Ok(Vec::new());
    }
    let mut query = QueryBuilder::new(
        "SELECT h.feed_id, e.type, e.schema_version, e.payload \
           FROM feed_heads h JOIN events e ON e.feed_id = h.feed_id AND e.position = 1 \
          WHERE e.type = 'restaurant.created' AND h.tenant_id = ",
    );
    query.push_bind(tenant.0);
    if let Some(after) = after {
        query.push(" AND h.feed_id > ").push_bind(after.0);
    }
    if let Some(only) = only {
        query.push(" AND h.feed_id IN (");
        let mut ids = query.separated(", ");
        only.iter().for_each(|id| {
            ids.push_bind(id.0);
        });
        query.push(")");
    }
    query.push(" ORDER BY h.feed_id LIMIT ").push_bind(limit);
    let rows = query.build().fetch_all(reader.pool()).await?;
    rows.iter().filter_map(|row| created_of(row).transpose()).collect()
}

/// A restaurant's first event; `None` where this build cannot read it, as the restaurant's own page says then.
fn created_of(row: &MySqlRow) -> Result<Option<(RestaurantId, RestaurantCreated)>, sqlx::Error> {
    let (kind, version, data): (String, u16, Vec<u8>) =
        (row.try_get("type")?, row.try_get("schema_version")?, row.try_get("payload")?);
    let id = RestaurantId(row.try_get("feed_id")?);
    match Event::decode(&kind, version, &data) {
        Ok(Event::Restaurant(RestaurantEvent::Created(created))) => Ok(Some((id, created))),
        _ => Ok(None),
    }
}
