//! Who may send those commands that no single permission decides, as argument types.

mod without_token;

pub(crate) use without_token::{Asker, Joiner, Scanned, guest_sender};

use crate::submit::Commands;
use axum::extract::FromRequestParts;
use domain::{
    dining::Host,
    ids::{FeedId, RestaurantId, SessionId},
};
use http::request::Parts;
use identity::{Guest, Permission, Principal};
use service_kit::{
    access::{Access, Allowed, AllowedEverywhere, Authenticated},
    ids::InPath,
    problem::{Code, Problem},
};

/// Somebody who may do something in a restaurant that is there, or that they are about to create.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) principal: Principal,
    /// The restaurant, or what the tenant's own feed would be one of.
    pub(crate) restaurant: RestaurantId,
    pub(crate) creates_feed: bool,
}

/// Somebody who may change what belongs to no single restaurant: the feed is their tenant's own.
impl<R> From<AllowedEverywhere<R>> for Caller {
    fn from(allowed: AllowedEverywhere<R>) -> Self {
        let feed = FeedId::from(allowed.principal.tenant());
        Self { restaurant: feed.restaurant(), principal: allowed.principal, creates_feed: false }
    }
}

impl<R> From<Allowed<R>> for Caller {
    fn from(allowed: Allowed<R>) -> Self {
        Self { principal: allowed.principal, restaurant: allowed.restaurant, creates_feed: false }
    }
}

impl From<Access> for Caller {
    fn from(access: Access) -> Self {
        Self { principal: access.principal, restaurant: access.restaurant, creates_feed: false }
    }
}

/// Somebody who may create restaurants of their tenant.
pub(crate) struct Founder(pub(crate) Principal);

impl FromRequestParts<Commands> for Founder {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &Commands) -> Result<Self, Problem> {
        let Authenticated(principal) = Authenticated::from_request_parts(parts, state).await?;
        if principal.may_everywhere(Permission::RestaurantCreate) {
            Ok(Self(principal))
        } else {
            Err(Problem::permission_missing(Permission::RestaurantCreate))
        }
    }
}

/// A guest of the session in the path; for any other guest there is no such session.
pub(crate) struct GuestOfSession {
    pub(crate) guest: Guest,
    pub(crate) session: SessionId,
    pub(crate) caller: Caller,
}

impl FromRequestParts<Commands> for GuestOfSession {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &Commands) -> Result<Self, Problem> {
        let access = Access::from_request_parts(parts, state).await?;
        let Principal::Guest(guest) = access.principal.clone() else {
            return Err(Problem::new(Code::PermissionMissing).detail("only a guest of the session can do this"));
        };
        let InPath(session) = InPath::<SessionId>::from_request_parts(parts, state).await?;
        if guest.session_id != session {
            return Err(Problem::not_theirs());
        }
        Ok(Self { guest, session, caller: access.into() })
    }
}

/// Somebody who lets others in: staff or a machine with `session:approve`, or a guest of the session in the path.
/// Whether the guest still sits there is for the rule to say.
pub(crate) struct SessionHost {
    pub(crate) host: Host,
    pub(crate) session: SessionId,
    pub(crate) caller: Caller,
}

impl FromRequestParts<Commands> for SessionHost {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &Commands) -> Result<Self, Problem> {
        let access = Access::from_request_parts(parts, state).await?;
        let InPath(session) = InPath::<SessionId>::from_request_parts(parts, state).await?;
        let host = match &access.principal {
            Principal::Guest(guest) if guest.session_id == session => Host::Diner(guest.diner_id),
            Principal::Guest(_) => return Err(Problem::not_theirs()),
            Principal::Staff(_) | Principal::Machine(_) => {
                access.demand(Permission::SessionApprove)?;
                Host::Staff
            }
        };
        Ok(Self { host, session, caller: access.into() })
    }
}

/// Somebody who may order: a guest for their session, or staff and machines with `order:place` for any.
pub(crate) struct Orderer {
    pub(crate) guest: Option<Guest>,
    pub(crate) caller: Caller,
}

impl FromRequestParts<Commands> for Orderer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &Commands) -> Result<Self, Problem> {
        let access = Access::from_request_parts(parts, state).await?;
        let guest = match &access.principal {
            Principal::Guest(guest) => Some(guest.clone()),
            Principal::Staff(_) | Principal::Machine(_) => {
                access.demand(Permission::OrderPlace)?;
                None
            }
        };
        Ok(Self { guest, caller: access.into() })
    }
}

/// Somebody who may cancel orders: a guest those of their session, or staff and machines with `order:cancel`.
pub(crate) struct Canceller {
    pub(crate) guest: Option<Guest>,
    pub(crate) caller: Caller,
}

impl FromRequestParts<Commands> for Canceller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &Commands) -> Result<Self, Problem> {
        let access = Access::from_request_parts(parts, state).await?;
        let guest = match &access.principal {
            Principal::Guest(guest) => Some(guest.clone()),
            Principal::Staff(_) | Principal::Machine(_) => {
                access.demand(Permission::OrderCancel)?;
                None
            }
        };
        Ok(Self { guest, caller: access.into() })
    }
}
