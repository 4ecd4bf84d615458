//! Tenants as they are now: folded from their own feeds, remembered by position.
//!
//! Who works for a tenant and what they may do is asked here, and not of a read model: the answer is never
//! behind, and it is the same fold that the rules decide on.

use crate::{
    follow::{FeedFollower, FollowError},
    reader::EventReader,
};
use domain::{
    envelope::Cursor,
    event::DecodeError,
    ids::TenantId,
    limits::PAGE_EVENTS_MAX,
    staff::Roster,
    stream::{AggregateKind, State},
};
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

/// Tenants that are remembered; beyond it the memory starts anew.
const REMEMBERED_MAX: usize = 1_000;

/// Why a tenant cannot be told.
#[derive(Debug, thiserror::Error)]
pub enum TenantError {
    /// Its feed cannot be read.
    #[error(transparent)]
    Follow(#[from] FollowError),
    /// An event of it cannot be read by this build.
    #[error("an event of the tenant cannot be read: {0}")]
    Decode(#[from] DecodeError),
}

/// A tenant, and where in its feed.
#[derive(Debug, Clone)]
pub struct TenantAt {
    /// The last position that is in it.
    pub cursor: Cursor,
    state: State,
}

impl TenantAt {
    fn absent(epoch: u32) -> Self {
        Self { cursor: Cursor { epoch, position: 0 }, state: State::absent(AggregateKind::Tenant) }
    }

    /// All that is known of it; `None` where nobody signed it up.
    #[must_use]
    pub fn roster(&self) -> Option<&Roster> {
        match &self.state {
            State::Tenant(tenant) => tenant.roster(),
            _ => None,
        }
    }
}

/// Answers "who works there and what may they do?".
#[derive(Debug)]
pub struct TenantDirectory {
    reader: EventReader,
    known: Mutex<HashMap<TenantId, TenantAt>>,
}

impl TenantDirectory {
    /// A directory over this reader.
    #[must_use]
    pub fn new(reader: EventReader) -> Self {
        Self { reader, known: Mutex::default() }
    }

    /// The tenant as it is now; `None` where it has no feed.
    ///
    /// # Errors
    /// When MySQL cannot answer, or an event cannot be read.
    pub async fn now(&self, tenant: TenantId) -> Result<Option<TenantAt>, TenantError> {
        let Some(head) = self.reader.head(tenant.into()).await.map_err(FollowError::Store)? else { return Ok(None) };
        let known = self.lock().get(&tenant).cloned().filter(|known| known.cursor.epoch == head.cursor.epoch);
        let mut at = known.unwrap_or_else(|| TenantAt::absent(head.cursor.epoch));
        let mut follower = FeedFollower::new(tenant.into(), at.cursor);
        // Ends: each page moves on, up to the head that was read above.
        while follower.cursor() < head.cursor {
            let page = follower.catch_up(&self.reader, PAGE_EVENTS_MAX).await?;
            if page.is_empty() {
                break;
            }
            for event in page {
                at.state.apply(event.event()?);
            }
            at.cursor = follower.cursor();
        }
        self.remember(tenant, &at);
        Ok(Some(at))
    }

    fn remember(&self, tenant: TenantId, at: &TenantAt) {
        let mut known = self.lock();
        if known.len() >= REMEMBERED_MAX && !known.contains_key(&tenant) {
            known.clear();
        }
        let newer = known.get(&tenant).is_none_or(|it| it.cursor < at.cursor);
        if newer {
            known.insert(tenant, at.clone());
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<TenantId, TenantAt>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
