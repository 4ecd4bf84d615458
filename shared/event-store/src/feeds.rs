//! Which tenant a feed belongs to, remembered.

use crate::reader::EventReader;
use domain::ids::{FeedId, RestaurantId, TenantId};
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
