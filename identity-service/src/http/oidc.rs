//! What the two halves of a log-in through a provider share.

use super::state::App;
use crate::openid::{OpenIdError, Provider};
use axum::extract::{FromRequestParts, RawPathParams};
use http::request::Parts;
use service_kit::problem::{Code, Problem};

/// The name of a provider in the path; whether there is such a one is looked up by [`provider`].
pub(super) struct ProviderName(pub(super) String);

impl<S: Send + Sync> FromRequestParts<S> for ProviderName {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let parameters = RawPathParams::from_request_parts(parts, state).await.map_err(|_| Problem::not_found())?;
        let name = parameters.iter().find(|(name, _)| *name == "provider").map(|(_, text)| text.to_owned());
        name.map(Self).ok_or_else(Problem::not_found)
    }
}

/// The provider of this name.
pub(super) fn provider<'a>(app: &'a App, ProviderName(name): &ProviderName) -> Result<&'a Provider, Problem> {
    app.providers.get(name).ok_or_else(Problem::not_found)
}

/// What whoever logs in is told. Why exactly is for the log: it would help whoever forges.
pub(super) fn problem(provider: &Provider, error: &OpenIdError) -> Problem {
    let (end, problem) = match error {
        OpenIdError::Refused(why) => {
            tracing::info!(provider = provider.name(), %why, "a log-in through a provider was refused");
            ("refused", Problem::new(Code::OutsideLoginFailed))
        }
        OpenIdError::Unavailable(_) => {
            tracing::warn!(provider = provider.name(), %error, "a log-in through a provider failed");
            let seconds = u32::try_from(crate::openid::ASK_AGAIN_AFTER.as_secs()).unwrap_or(u32::MAX);
            ("unavailable", Problem::new(Code::ProviderUnavailable).retry_after(seconds))
        }
        OpenIdError::Busy => ("busy", Problem::new(Code::Overloaded).detail("too many people log in at this moment")),
    };
    count(provider, end);
    problem
}

/// Counts how a log-in ended.
pub(super) fn count(provider: &Provider, end: &'static str) {
    metrics::counter!("identity_openid_logins_total", "provider" => provider.name().to_owned(), "end" => end)
        .increment(1);
}
