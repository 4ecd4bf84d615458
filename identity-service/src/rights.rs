//! What members and machines may do: the fold of the tenant's feed, remembered by position.

use crate::{join, tokens::Rights};
use domain::{
    envelope::Cursor,
    event::Event,
    ids::{ApiKeyId, FeedId, MemberId, TenantId},
    staff::{ApiKey, Grants, MemberState, PermissionSet, Roster},
    stream::State,
    tenants::Tenant,
};
use event_store::{
    committer::{Committers, SubmitError},
    follow::FeedFollower,
    reader::EventReader,
};
use identity::claims::EVERY_RESTAURANT;
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
};
use uuid::Uuid;

/// Tenants that are remembered; beyond it the memory starts anew.
const REMEMBERED_MAX: usize = 1_000;
/// Events of a tenant that are read at a time.
const PAGE: usize = 256;

/// What members and machines may do. Cheap to clone.
#[derive(Clone)]
pub(crate) struct RightsBook {
    reader: EventReader,
    committers: Arc<Committers>,
    known: Arc<Mutex<HashMap<TenantId, Standing>>>,
}

/// A tenant as of a place in its feed.
#[derive(Debug, Clone)]
pub(crate) struct Standing {
    pub(crate) at: Cursor,
    state: Arc<State>,
}

/// Why a member may do nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Nothing {
    /// They did not join, or were sent away.
    Inactive,
    /// They work here, and no role that allows anything was given to them.
    NoRole,
}

/// The tenant's feed cannot be read now, or not by this build.
#[derive(Debug, thiserror::Error)]
#[error("the feed of tenant {tenant} cannot be folded: {cause}")]
pub(crate) struct NotFolded {
    tenant: TenantId,
    cause: String,
}

impl RightsBook {
    pub(crate) fn new(reader: EventReader, committers: Committers) -> Self {
        Self { reader, committers: Arc::new(committers), known: Arc::default() }
    }

    /// What a member may do now, or why nothing.
    pub(crate) async fn of(&self, tenant: TenantId, member: Uuid) -> Result<Result<Rights, Nothing>, NotFolded> {
        let standing = self.standing(tenant).await?;
        let roster = standing.roster().ok_or(Nothing::Inactive);
        Ok(roster.and_then(|roster| rights(roster, member.into(), standing.at.position)))
    }

    /// The key of a machine as it is now; `None` where it was never issued, is revoked or allows nothing.
    pub(crate) async fn of_key(&self, tenant: TenantId, key: ApiKeyId) -> Result<Option<ApiKey>, NotFolded> {
        let standing = self.standing(tenant).await?;
        let issued = standing.roster().and_then(|roster| roster.api_keys.get(&key));
        Ok(issued.filter(|key| !key.is_revoked && !key.permissions.is_empty()).cloned())
    }

    /// The tenant as it is now.
    pub(crate) async fn standing(&self, tenant: TenantId) -> Result<Standing, NotFolded> {
        let not_folded = |cause: &dyn std::fmt::Display| NotFolded { tenant, cause: cause.to_string() };
        let feed = FeedId::from(tenant);
        let head = self.reader.head(feed).await.map_err(|error| not_folded(&error))?;
        let known = self.lock().get(&tenant).cloned();
        let Some(head) = head else { return Ok(Standing::empty(1)) };
        let mut standing =
            known.filter(|it| it.at.epoch == head.cursor.epoch).unwrap_or_else(|| Standing::empty(head.cursor.epoch));
        if standing.at.position >= head.cursor.position {
            return Ok(standing);
        }
        let mut follower = FeedFollower::new(feed, standing.at);
        // Ends: a feed has an end, and each page moves towards it.
        while follower.cursor().position < head.cursor.position {
            let events = follower.catch_up(&self.reader, PAGE).await.map_err(|error| not_folded(&error))?;
            if events.is_empty() {
                break;
            }
            for event in events {
                match event.event().map_err(|error| not_folded(&error))? {
                    event @ Event::Tenant(_) => standing.apply(event),
                    _ => return Err(not_folded(&"an event of a restaurant stands in it")),
                }
            }
        }
        standing.at = follower.cursor();
        self.remember(tenant, standing.clone());
        Ok(standing)
    }

    /// Writes into the tenant's feed that a member has accepted their invitation, once. Says whether they
    /// are a member now: who was sent away meanwhile is not.
    pub(crate) async fn joined(&self, tenant: TenantId, member: Uuid) -> Result<bool, SubmitError> {
        join::submit(&self.committers, tenant, member.into()).await
    }

    fn remember(&self, tenant: TenantId, standing: Standing) {
        let mut known = self.lock();
        if known.len() >= REMEMBERED_MAX && !known.contains_key(&tenant) {
            known.clear();
        }
        // Somebody else may have read further meanwhile.
        let newer = known
            .get(&tenant)
            .is_none_or(|it| (it.at.epoch, it.at.position) < (standing.at.epoch, standing.at.position));
        if newer {
            known.insert(tenant, standing);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<TenantId, Standing>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Standing {
    fn empty(epoch: u32) -> Self {
        Self { at: Cursor { epoch, position: 0 }, state: Arc::new(State::Tenant(Tenant::default())) }
    }

    fn apply(&mut self, event: Event) {
        Arc::make_mut(&mut self.state).apply(event);
    }

    /// All that is known of the tenant; `None` where nobody signed it up.
    pub(crate) fn roster(&self) -> Option<&Roster> {
        match &*self.state {
            State::Tenant(tenant) => tenant.roster(),
            _ => None,
        }
    }
}

fn rights(roster: &Roster, member: MemberId, version: u64) -> Result<Rights, Nothing> {
    if roster.members.get(&member).is_none_or(|it| it.state != MemberState::Active) {
        return Err(Nothing::Inactive);
    }
    let grants = grants_by_place(&roster.grants_of(member));
    let roles = roster.role_names_of(member).into_iter().map(str::to_owned).collect();
    if grants.is_empty() { Err(Nothing::NoRole) } else { Ok(Rights { roles, grants, version }) }
}

/// The names of permissions by restaurant, or `*`: as tokens have them.
pub(crate) fn grants_by_place(Grants { everywhere, restaurants }: &Grants) -> BTreeMap<String, Vec<String>> {
    let places = restaurants.iter().map(|(restaurant, set)| (restaurant.to_string(), *set));
    let all = std::iter::once((EVERY_RESTAURANT.to_owned(), *everywhere)).chain(places);
    all.filter(|(_, set)| !set.is_empty()).map(|(at, set)| (at, names(set))).collect()
}

fn names(set: PermissionSet) -> Vec<String> {
    set.iter().map(|permission| permission.as_str().to_owned()).collect()
}
