//! The middleware that counts every request before anything is done for it.

use super::{
    Budget, Limits, Standing, Subject,
    routes::{Class, class_of},
};
use crate::{
    access::Identified,
    client::Client,
    problem::{Code, Problem},
};
use axum::{
    extract::{FromRef, FromRequestParts, MatchedPath, Request},
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures::future::BoxFuture;
use http::{HeaderName, HeaderValue, request::Parts};
use identity::{Principal, Verifier};
use std::{fmt, sync::Arc, time::Duration};

/// The header with the budgets that a request was counted for.
pub(crate) const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
/// The header that says what is left of them.
pub(crate) const STANDING: HeaderName = HeaderName::from_static("ratelimit");

/// Finds out who sent a request, as the handlers of a service do. Cheap to clone.
#[derive(Clone)]
pub struct Identify(Arc<Find>);

type Find = dyn Fn(Parts) -> BoxFuture<'static, (Parts, Result<Principal, Problem>)> + Send + Sync;

impl Identify {
    /// As the handlers with this state do.
    pub fn by<S>(state: S) -> Self
    where
        S: Clone + Send + Sync + 'static,
        Verifier: FromRef<S>,
    {
        Self(Arc::new(move |mut parts| {
            let state = state.clone();
            Box::pin(async move {
                let found = crate::access::Authenticated::from_request_parts(&mut parts, &state).await;
                (parts, found.map(|known| known.0))
            })
        }))
    }
}

impl fmt::Debug for Identify {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identify")
    }
}

/// A budget and how it stands.
type Counted = Option<(Budget, Standing)>;

/// Counts a request, and answers it where a budget is used up. Who sent it is found out once, here;
/// the handlers are told.
pub(crate) async fn charge(limits: Limits, identify: Option<Identify>, request: Request, next: Next) -> Response {
    let class = request.extensions().get::<MatchedPath>().and_then(|path| class_of(request.method(), path.as_str()));
    if class == Some(Class::Probe) {
        return next.run(request).await;
    }
    let (mut parts, body) = request.into_parts();
    let address = parts.extensions.get::<Client>().map(|client| Subject::address(client.address));
    let counted = match (class, identify) {
        (Some(Class::Read | Class::Command), Some(Identify(find))) => {
            let (found_parts, found) = find(parts).await;
            parts = found_parts;
            let counted = count_holder(&limits, class == Some(Class::Command), &found, address);
            parts.extensions.insert(Identified(found));
            counted
        }
        (Some(Class::Socket), _) => of_address(&limits, Budget::AddressSockets, address),
        (Some(Class::Open), _) => of_address(&limits, Budget::AddressOpen, address),
        _ => of_address(&limits, Budget::AddressUnknown, address),
    };
    // A socket finds here what its token is counted with.
    parts.extensions.insert(limits.clone());
    match counted {
        Ok(counted) => tell(next.run(Request::from_parts(parts, body)).await, &limits, counted),
        Err((budget, problem)) => refuse(&limits, budget, problem),
    }
}

/// The holder's own budget, then those that they share with others.
fn count_holder(
    limits: &Limits,
    is_command: bool,
    found: &Result<Principal, Problem>,
    address: Option<Subject>,
) -> Result<Counted, (Budget, Problem)> {
    let principal = match found {
        Ok(principal) => principal,
        // It was true a moment ago: such a client will come back with a new one.
        Err(problem) if problem.code() == Code::TokenExpired => {
            return of_address(limits, Budget::AddressOpen, address);
        }
        Err(_) => return of_address(limits, Budget::AddressUnknown, address),
    };
    let own = take(limits, of_holder(principal, is_command), Subject::holder(principal))?;
    if matches!(principal, Principal::Guest(_)) {
        of_address(limits, Budget::AddressGuests, address)?;
    }
    take(limits, Budget::Tenant, Subject::tenant(principal.tenant()))?;
    Ok(own)
}

fn of_holder(principal: &Principal, is_command: bool) -> Budget {
    match (principal, is_command) {
        (Principal::Guest(_), false) => Budget::GuestRead,
        (Principal::Guest(_), true) => Budget::GuestCommand,
        (Principal::Staff(_), false) => Budget::StaffRead,
        (Principal::Staff(_), true) => Budget::StaffCommand,
    }
}

/// Requests that came over no connection have no address: tests call handlers without one.
fn of_address(limits: &Limits, budget: Budget, address: Option<Subject>) -> Result<Counted, (Budget, Problem)> {
    address.map_or(Ok(None), |subject| take(limits, budget, subject))
}

fn take(limits: &Limits, budget: Budget, subject: Subject) -> Result<Counted, (Budget, Problem)> {
    limits.take(budget, subject).map_err(|problem| (budget, problem))
}

fn refuse(limits: &Limits, budget: Budget, problem: Problem) -> Response {
    let full_in = Duration::from_secs(problem.retry_after_seconds().unwrap_or(1).into());
    tell(problem.into_response(), limits, Some((budget, Standing { left: 0, full_in })))
}

/// What an answer says of the budget, as the draft of the `RateLimit` fields has it.
fn tell(mut response: Response, limits: &Limits, counted: Counted) -> Response {
    let Some((budget, standing)) = counted else { return response };
    let Some(policy) = limits.policy(budget) else { return response };
    let headers = response.headers_mut();
    headers.insert(POLICY, policy);
    let text = format!("\"{}\";r={};t={}", budget.as_str(), standing.left, whole_seconds(standing.full_in));
    if let Ok(value) = HeaderValue::try_from(text) {
        headers.insert(STANDING, value);
    }
    response
}

pub(super) fn whole_seconds(time: Duration) -> u64 {
    time.as_millis().div_ceil(1_000).try_into().unwrap_or(u64::MAX).max(1)
}
