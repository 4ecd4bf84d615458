//! The middleware that counts every request before anything is done for it.

use super::{
    Budget, Limits, Standing, Subject, Taken, UsedUp,
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
use std::{fmt, num::NonZeroU32, sync::Arc, time::Duration};

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

/// What was taken from the budget that the answer tells of, or which one is used up.
type Counted = Result<Option<Taken>, UsedUp>;

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
        Err(used_up) => refuse(&limits, used_up),
    }
}

/// The holder's own budget, then those that they share with others.
fn count_holder(
    limits: &Limits,
    is_command: bool,
    found: &Result<Principal, Problem>,
    address: Option<Subject>,
) -> Counted {
    let principal = match found {
        Ok(principal) => principal,
        // It was true a moment ago: such a client will come back with a new one.
        Err(problem) if problem.code() == Code::TokenExpired => {
            return of_address(limits, Budget::AddressOpen, address);
        }
        Err(_) => return of_address(limits, Budget::AddressUnknown, address),
    };
    let (budget, per_minute) = of_holder(principal, is_command);
    let own = limits.take_own(budget, Subject::holder(principal), per_minute)?;
    if matches!(principal, Principal::Guest(_)) {
        of_address(limits, Budget::AddressGuests, address)?;
    }
    limits.take_own(Budget::Tenant, Subject::tenant(principal.tenant()), None)?;
    Ok(own)
}

/// The budget of a holder, and how much of it they have in a minute where that is their own.
fn of_holder(principal: &Principal, is_command: bool) -> (Budget, Option<NonZeroU32>) {
    match (principal, is_command) {
        (Principal::Guest(_), false) => (Budget::GuestRead, None),
        (Principal::Guest(_), true) => (Budget::GuestCommand, None),
        (Principal::Staff(_), false) => (Budget::StaffRead, None),
        (Principal::Staff(_), true) => (Budget::StaffCommand, None),
        (Principal::Machine(machine), _) => (Budget::Machine, Some(machine.per_minute)),
    }
}

/// Requests that came over no connection have no address: tests call handlers without one.
fn of_address(limits: &Limits, budget: Budget, address: Option<Subject>) -> Counted {
    address.map_or(Ok(None), |subject| limits.take_own(budget, subject, None))
}

fn refuse(limits: &Limits, used_up: UsedUp) -> Response {
    let UsedUp { budget, rate, .. } = used_up;
    let standing = Standing { left: 0, full_in: Duration::from_secs(used_up.wait_seconds().into()) };
    tell(used_up.problem().into_response(), limits, Some(Taken { budget, rate, standing }))
}

/// What an answer says of the budget, as the draft of the `RateLimit` fields has it.
fn tell(mut response: Response, limits: &Limits, taken: Option<Taken>) -> Response {
    let Some(Taken { budget, rate, standing }) = taken else { return response };
    let Some(policy) = limits.policy(budget, rate) else { return response };
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
