//! What is found out about a request on its way, and what becomes of it.

use super::{Action, Subject, Trail, Who};
use crate::{
    client::Client,
    correlation::Correlation,
    problem::{Code, Problem},
};
use axum::{
    extract::{FromRequestParts, MatchedPath, Request},
    response::Response,
};
use chrono::Utc;
use domain::{
    envelope::Means,
    ids::{RestaurantId, TenantId},
};
use http::{Method, StatusCode, request::Parts};
use identity::{Permission, Principal};
use std::{
    convert::Infallible,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use uuid::Uuid;

/// The routes that are watched; what stands beside them is health and documentation.
const WATCHED: &str = "/v1/";

/// One request, as the audit sees it: an extension of every request, and an extractor. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Attempt(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    trail: Trail,
    method: Method,
    route: Option<MatchedPath>,
    /// A copy: the URI of a request is a part of the bytes that were read, and a socket would hold all of them for as
    /// long as it lives.
    path: Box<str>,
    remote: Option<IpAddr>,
    correlation: Option<Correlation>,
    known: Mutex<Known>,
}

/// What is known by now.
#[derive(Debug, Clone, Default)]
struct Known {
    /// Shared and in a box: an attempt lives as long as its socket.
    principal: Option<Arc<Principal>>,
    without_token: Option<Box<Who>>,
    permission: Option<Permission>,
    restaurant: Option<RestaurantId>,
    subject: Subject,
    is_kept: bool,
}

/// What a problem says of itself; an extension of its answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Refused {
    pub(crate) code: Code,
    pub(crate) permission: Option<Permission>,
    pub(crate) is_denied: bool,
}

/// Tells the audit the code of an answer that was no [`Problem`] when it was made.
pub fn refused(response: &mut Response, code: Code) {
    response.extensions_mut().insert(Refused { code, permission: None, is_denied: code.is_denial() });
}

/// Begins to watch a request, if there is anybody to tell.
pub(crate) fn begin(trail: &Trail, request: &mut Request) -> Option<Attempt> {
    let route = request.extensions().get::<MatchedPath>();
    let is_watched = trail.leads_somewhere() && route.is_none_or(|route| route.as_str().starts_with(WATCHED));
    let attempt = is_watched.then(|| {
        let (route, extensions) = (route.cloned(), request.extensions());
        Attempt::new(trail.clone(), (request.method(), route, request.uri().path()), extensions)
    })?;
    request.extensions_mut().insert(attempt.clone());
    Some(attempt)
}

impl Attempt {
    fn new(
        trail: Trail,
        (method, route, path): (&Method, Option<MatchedPath>, &str),
        extensions: &http::Extensions,
    ) -> Self {
        Self(Arc::new(Inner {
            trail,
            method: method.clone(),
            route,
            path: path.into(),
            remote: extensions.get::<Client>().map(|client| client.address),
            correlation: extensions.get::<Correlation>().cloned(),
            known: Mutex::default(),
        }))
    }

    /// It is this holder of a token.
    pub fn is_by(&self, principal: impl Into<Arc<Principal>>) {
        self.known().principal = Some(principal.into());
    }

    /// It is somebody who has no token.
    pub fn is_by_other(&self, who: Who) {
        self.known().without_token = Some(Box::new(who));
    }

    /// It is somebody of whom nothing is known but to which tenant it is that they came.
    pub fn is_to(&self, tenant: TenantId) {
        self.is_by_other(Who { tenant: Some(tenant), ..Who::unknown() });
    }

    /// It uses this right, or needs it.
    pub fn needs(&self, permission: Permission) {
        self.known().permission = Some(permission);
    }

    /// It is about this restaurant, which is of their tenant. A restaurant in the path of which nobody said this is
    /// something that they asked for, and is told as that.
    pub fn is_at(&self, restaurant: RestaurantId) {
        self.known().restaurant = Some(restaurant);
    }

    /// It is about this, too.
    pub fn is_about(&self, name: &str, id: impl std::fmt::Display) {
        self.known().subject.add(name, id);
    }

    /// It is written down even if it succeeds.
    pub fn keep(&self) {
        self.known().is_kept = true;
    }

    /// With what and with which right it is done, for the events that it makes; `None` where there is no token.
    #[must_use]
    pub fn means(&self) -> Option<Means> {
        let known = self.known();
        let via = Who::from(known.principal.as_deref()?).via;
        Some(Means { via, permission: known.permission.map(|it| it.as_str().to_owned()) })
    }

    /// The action with this end; the caller may say more of it before it is recorded.
    #[must_use]
    pub fn action(&self, status: u16, code: &str, is_denied: bool) -> Action {
        let (inner, known) = (&*self.0, self.known().clone());
        let route = inner.route.as_ref().map_or("unknown", MatchedPath::as_str);
        let (mut subject, in_path) = Subject::of_path(route, &inner.path);
        if let Some(asked) = in_path.filter(|asked| known.restaurant != Some(*asked)) {
            subject.add("restaurant", asked);
        }
        let without_token = known.without_token.map(|who| *who);
        let who = known.principal.as_deref().map(Who::from).or(without_token).unwrap_or_else(Who::unknown);
        subject.add_text(&who.claimed);
        subject.add_text(&known.subject.into_text());
        Action {
            id: Uuid::now_v7(),
            at: Utc::now(),
            who,
            restaurant: known.restaurant,
            permission: known.permission,
            action: format!("{} {route}", inner.method),
            subject: subject.into_text(),
            status,
            code: code.to_owned(),
            is_denied,
            remote: inner.remote,
            correlation_id: inner.correlation.as_ref().map(|it| it.id.to_string()).unwrap_or_default(),
        }
    }

    /// Hands over what is no request of its own: a stream of a socket, a second tenant.
    pub fn record(&self, action: Action) {
        self.0.trail.record(action);
    }

    /// Looks at the answer, and hands the action over if it is worth it.
    pub(crate) fn answered(&self, response: &Response) {
        let (status, refused) = (response.status(), response.extensions().get::<Refused>().copied());
        let is_denied = refused.is_some_and(|refused| refused.is_denied);
        let is_kept = self.known().is_kept;
        if !(is_denied || is_kept || self.has_failed(status)) {
            return;
        }
        if let Some(permission) = refused.and_then(|refused| refused.permission) {
            self.needs(permission);
        }
        let code = refused.map(|refused| refused.code.as_str()).unwrap_or_default();
        self.record(self.action(status.as_u16(), code, is_denied));
    }

    /// Whether a command of somebody known was not done.
    fn has_failed(&self, status: StatusCode) -> bool {
        let known = self.known();
        let is_known = known.principal.is_some() || known.without_token.is_some();
        let is_error = status.is_client_error() || status.is_server_error();
        is_error && is_known && !self.0.method.is_safe()
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: Sync> FromRequestParts<S> for Attempt {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let known = parts.extensions.get::<Self>().cloned();
        Ok(known.unwrap_or_else(|| {
            let route = parts.extensions.get::<MatchedPath>().cloned();
            Self::new(Trail::default(), (&parts.method, route, parts.uri.path()), &parts.extensions)
        }))
    }
}

impl From<&Problem> for Refused {
    fn from(problem: &Problem) -> Self {
        Self { code: problem.code(), permission: problem.permission(), is_denied: problem.is_denied() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use bytes::Bytes;
    use http::Uri;

    #[test]
    fn an_attempt_does_not_hold_the_bytes_that_its_request_was_read_from() {
        let read = Bytes::from(b"/v1/realtime".to_vec());
        let uri = Uri::from_maybe_shared(read.clone()).unwrap();
        let request = Request::builder().uri(uri).body(Body::empty()).unwrap();
        let attempt =
            Attempt::new(Trail::default(), (request.method(), None, request.uri().path()), request.extensions());
        assert!(!read.is_unique());
        drop(request);
        assert!(read.is_unique(), "they are held by {attempt:?}");
    }
}
