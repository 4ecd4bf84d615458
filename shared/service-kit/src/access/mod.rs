//! Who may call, as argument types of handlers: a handler that forgets to ask has no restaurant to
//! work on and does not compile.
//!
//! | argument | lets in |
//! |---|---|
//! | [`Authenticated`] | whoever holds a true token |
//! | [`Access`] | whoever was granted anything in the restaurant of the path, and its guests |
//! | [`Allowed<R>`] | who was granted the right `R` in the restaurant of the path |
//! | [`AllowedEverywhere<R>`] | who was granted the right `R` everywhere in their tenant |
//!
//! The order is always: no token 401, not their restaurant 404, no right 403. "Not theirs" and
//! "does not exist" are one answer, so that nobody can find out about another tenant.

mod right;
mod token;

pub use right::{Right, rights};

use crate::{audit::Attempt, ids::InPath, problem::Problem};
use axum::extract::{FromRef, FromRequestParts};
use chrono::Utc;
use domain::ids::{FeedId, RestaurantId, TenantId};
use http::request::Parts;
use identity::{Permission, Principal, TokenError, Verifier};
use std::{future::Future, marker::PhantomData};

/// State of a service that knows which tenant a restaurant belongs to.
pub trait Restaurants: Send + Sync {
    /// The tenant of the restaurant, `None` where there is no such restaurant; or why that cannot be
    /// told now.
    fn tenant_of(&self, restaurant: RestaurantId) -> impl Future<Output = Result<Option<TenantId>, Problem>> + Send;
}

/// Whoever holds a true token.
///
/// # Errors
/// `token-missing`, `token-invalid`, `token-expired`, `token-revoked`.
#[derive(Debug, Clone)]
pub struct Authenticated(pub Principal);

/// What was found out about the sender of a request before it came to its handler; an extension.
#[derive(Debug, Clone)]
pub(crate) struct Identified(pub(crate) Result<Principal, Problem>);

/// Somebody who may know of the restaurant in the path.
///
/// # Errors
/// As [`Authenticated`], then `not-found`.
#[derive(Debug, Clone)]
pub struct Access {
    /// Who.
    pub principal: Principal,
    /// The restaurant in the path; it exists and belongs to the tenant of `principal`.
    pub restaurant: RestaurantId,
    attempt: Option<Attempt>,
}

/// Somebody who was granted the right `R` in the restaurant of the path. Never a guest.
///
/// # Errors
/// As [`Access`], then `permission-missing`.
#[derive(Debug, Clone)]
pub struct Allowed<R> {
    /// Who.
    pub principal: Principal,
    /// The restaurant in the path; it exists and belongs to the tenant of `principal`.
    pub restaurant: RestaurantId,
    right: PhantomData<R>,
}

/// Somebody who was granted the right `R` everywhere, for what belongs to no single restaurant. Never a
/// guest. The tenant is that of their token: there is no path that could name another.
///
/// # Errors
/// As [`Authenticated`], then `permission-missing`.
#[derive(Debug, Clone)]
pub struct AllowedEverywhere<R> {
    /// Who.
    pub principal: Principal,
    right: PhantomData<R>,
}

impl<R: Right, S> FromRequestParts<S> for AllowedEverywhere<R>
where
    Verifier: FromRef<S>,
    S: Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Authenticated(principal) = Authenticated::from_request_parts(parts, state).await?;
        note(parts, R::PERMISSION);
        if principal.may_everywhere(R::PERMISSION) {
            Ok(Self { principal, right: PhantomData })
        } else {
            Err(Problem::permission_missing_everywhere(R::PERMISSION))
        }
    }
}

impl Access {
    /// The feed of the restaurant.
    #[must_use]
    pub fn feed(&self) -> FeedId {
        self.restaurant.into()
    }

    /// Demands a permission.
    ///
    /// # Errors
    /// `permission-missing`.
    pub fn demand(&self, permission: Permission) -> Result<(), Problem> {
        if let Some(attempt) = &self.attempt {
            attempt.needs(permission);
        }
        if self.principal.may(self.restaurant, permission) {
            Ok(())
        } else {
            Err(Problem::permission_missing(permission))
        }
    }
}

impl<R> Allowed<R> {
    /// The feed of the restaurant.
    #[must_use]
    pub fn feed(&self) -> FeedId {
        self.restaurant.into()
    }
}

impl<S> FromRequestParts<S> for Authenticated
where
    Verifier: FromRef<S>,
    S: Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        if let Some(Identified(found)) = parts.extensions.get() {
            return found.clone().map(Self);
        }
        let verifier = Verifier::from_ref(state);
        let found = token::principal(&parts.headers, &verifier, Utc::now());
        if let Some(attempt) = parts.extensions.get::<Attempt>() {
            let holder = match &found {
                Ok(principal) => Some(principal.clone()),
                Err(error) => token::holder(*error, &parts.headers, &verifier),
            };
            if let Some(holder) = holder {
                attempt.is_by(holder);
            }
        }
        found.map(Self).map_err(|error| {
            let exchange = Some(&parts.headers).filter(|_| error == TokenError::Invalid).and_then(token::exchange);
            exchange.into_iter().fold(Problem::from(error), Problem::detail)
        })
    }
}

impl<S> FromRequestParts<S> for Access
where
    Verifier: FromRef<S>,
    S: Restaurants,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Authenticated(principal) = Authenticated::from_request_parts(parts, state).await?;
        let InPath(restaurant) = InPath::<RestaurantId>::from_request_parts(parts, state).await?;
        // What the token does not grant is not even looked up.
        if !principal.knows(restaurant) {
            return Err(Problem::not_theirs());
        }
        match state.tenant_of(restaurant).await? {
            Some(tenant) if tenant == principal.tenant() => {
                let attempt = parts.extensions.get::<Attempt>().cloned();
                if let Some(attempt) = &attempt {
                    attempt.is_at(restaurant);
                }
                Ok(Self { principal, restaurant, attempt })
            }
            Some(_) => Err(Problem::not_theirs()),
            None => Err(Problem::not_found()),
        }
    }
}

impl<R: Right, S> FromRequestParts<S> for Allowed<R>
where
    Verifier: FromRef<S>,
    S: Restaurants,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let access = Access::from_request_parts(parts, state).await?;
        access.demand(R::PERMISSION)?;
        Ok(Self { principal: access.principal, restaurant: access.restaurant, right: PhantomData })
    }
}

/// Tells the audit which right a request needs.
fn note(parts: &Parts, permission: Permission) {
    if let Some(attempt) = parts.extensions.get::<Attempt>() {
        attempt.needs(permission);
    }
}
