//! Errors as clients see them: problem documents (RFC 9457) with a stable `code`.
//!
//! A problem tells the client what it can act on. What only we can act on goes to the log, once,
//! where the problem is made (see [`Problem::internal`]); the correlation id joins the two.

mod code;

pub use code::Code;

use crate::{audit::Refused, correlation};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use identity::{Permission, TokenError};
use serde::Serialize;
use serde_json::{Map, Value};
use std::borrow::Cow;

/// The media type of problem documents.
pub const MEDIA_TYPE: &str = "application/problem+json";
/// When to try again after a 429 or 503, in seconds, unless somebody knows better.
pub const RETRY_AFTER_SECONDS: u32 = 1;

/// A problem on its way to the client.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    code: Code,
    detail: Cow<'static, str>,
    errors: Vec<FieldError>,
    facts: Map<String, Value>,
    retry_after: Option<u32>,
    /// The right that was lacking.
    permission: Option<Permission>,
    /// Whether it hides from the client that something is there; only the audit is told.
    is_hidden: bool,
}

/// What is wrong with one field of a body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// Which one, as a JSON Pointer (RFC 6901); empty for the whole body.
    pub pointer: String,
    /// What is wrong, in words.
    pub detail: String,
}

/// The document; the order of its members is that of RFC 9457.
#[derive(Serialize)]
struct Document<'a> {
    #[serde(rename = "type")]
    urn: String,
    title: &'static str,
    status: u16,
    detail: &'a str,
    instance: &'a str,
    code: &'static str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldError],
    #[serde(flatten)]
    facts: &'a Map<String, Value>,
}

impl Problem {
    /// A problem that says no more than its title.
    #[must_use]
    pub fn new(code: Code) -> Self {
        let passes = matches!(code.status(), StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS);
        let retry_after = passes.then_some(RETRY_AFTER_SECONDS);
        let detail = Cow::Borrowed(code.title());
        let (errors, facts) = (Vec::new(), Map::new());
        Self { code, detail, errors, facts, retry_after, permission: None, is_hidden: false }
    }

    /// Nothing is here that the caller may see: unknown and not theirs are the same answer.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(Code::NotFound)
    }

    /// What the caller asked for is not theirs. They get the same answer as for what does not exist; the audit
    /// is told.
    #[must_use]
    pub fn not_theirs() -> Self {
        Self { is_hidden: true, ..Self::not_found() }
    }

    /// The token does not carry this permission.
    #[must_use]
    pub fn permission_missing(permission: Permission) -> Self {
        let missing = Self { permission: Some(permission), ..Self::new(Code::PermissionMissing) };
        missing.detail(format!("the token does not allow {permission}")).fact("permission", permission.as_str())
    }

    /// The token does not allow this for the tenant as a whole; perhaps it does in single restaurants.
    #[must_use]
    pub fn permission_missing_everywhere(permission: Permission) -> Self {
        let detail = format!(
            "the token does not allow {permission} everywhere in the tenant: that it is granted in one restaurant is not \
             enough here"
        );
        Self::permission_missing(permission).detail(detail)
    }

    /// One field of the body is wrong.
    #[must_use]
    pub fn invalid_field(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(Code::InvalidField).error(pointer, detail)
    }

    /// Something is wrong on our side. `context` goes to the log and never to the client.
    #[must_use]
    pub fn internal(context: &dyn std::fmt::Display) -> Self {
        tracing::error!(%context, "a request failed");
        Self::new(Code::Internal)
    }

    /// The store did not answer. `context` goes to the log and never to the client.
    #[must_use]
    pub fn store_unavailable(context: &dyn std::fmt::Display) -> Self {
        tracing::warn!(%context, "the store cannot be reached");
        Self::new(Code::StoreUnavailable)
    }

    /// What is special this time, in words.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.detail = detail.into();
        self
    }

    /// One more field that is wrong.
    #[must_use]
    pub fn error(mut self, pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        self.errors.push(FieldError { pointer: pointer.into(), detail: detail.into() });
        self
    }

    /// One more fact that a program can act on.
    #[must_use]
    pub fn fact(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.facts.insert(name.to_owned(), value.into());
        self
    }

    /// When to try again, in seconds.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// When to try again, in seconds, if that is known.
    #[must_use]
    pub fn retry_after_seconds(&self) -> Option<u32> {
        self.retry_after
    }

    /// The right that was lacking.
    #[must_use]
    pub(crate) fn permission(&self) -> Option<Permission> {
        self.permission
    }

    /// Whether somebody was kept from what they may not do.
    #[must_use]
    pub(crate) fn is_denied(&self) -> bool {
        self.is_hidden || self.code.is_denial()
    }

    /// What went wrong.
    #[must_use]
    pub fn code(&self) -> Code {
        self.code
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.code.status()
    }

    /// The document; `instance` is the correlation id of the request.
    #[must_use]
    pub fn to_bytes(&self, instance: &str) -> Bytes {
        let document = Document {
            urn: self.code.urn(),
            title: self.code.title(),
            status: self.status().as_u16(),
            detail: &self.detail,
            instance,
            code: self.code.as_str(),
            errors: &self.errors,
            facts: &self.facts,
        };
        // Plain data into memory cannot fail to encode.
        serde_json::to_vec(&document).unwrap_or_default().into()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = self.to_bytes(&correlation::current_id());
        let mut response = (self.status(), body).into_response();
        response.extensions_mut().insert(Refused::from(&self));
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if self.status() == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl From<TokenError> for Problem {
    fn from(error: TokenError) -> Self {
        Self::new(match error {
            TokenError::Missing => Code::TokenMissing,
            TokenError::Invalid => Code::TokenInvalid,
            TokenError::Expired => Code::TokenExpired,
            TokenError::Revoked => Code::TokenRevoked,
        })
    }
}

#[cfg(test)]
mod tests;
