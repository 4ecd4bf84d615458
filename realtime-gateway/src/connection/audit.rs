//! What the audit of actions is told of a socket: the request was answered long ago, when it was still nobody's.

use crate::{
    close::{Close, CloseCode},
    frames::StreamName,
    gateway::Gateway,
};
use axum::http::StatusCode;
use identity::{Principal, TokenError, scopes::permission_for};
use service_kit::{
    audit::Attempt,
    problem::{Code, Problem},
};

/// `hello` came with a token that is not true, or not any more.
pub(super) fn token(attempt: &Attempt, gateway: &Gateway, token: &str, error: TokenError) {
    let was_true = matches!(error, TokenError::Expired | TokenError::Revoked);
    if let Some(holder) = was_true.then(|| gateway.verifier.recognise(token)).flatten() {
        attempt.is_by(holder);
    }
    deny(attempt, Problem::from(error).code());
}

/// Too many sockets are opened with the same token.
pub(super) fn too_many(attempt: &Attempt) {
    deny(attempt, Code::RateLimited);
}

/// A socket that is open was sent a token that it does not take.
pub(super) fn newer_token(attempt: &Attempt, code: &str) {
    deny(attempt, Code::from_name(code).unwrap_or(Code::TokenInvalid));
}

/// A stream was asked for. That guests follow their own table is no right that anybody gave them: only what
/// they are refused is told.
pub(super) fn stream(attempt: &Attempt, principal: &Principal, name: &StreamName, end: Result<(), &Close>) {
    let (status, code) = match end {
        Ok(()) if matches!(principal, Principal::Guest(_)) => return,
        Ok(()) => (StatusCode::SWITCHING_PROTOCOLS, ""),
        Err(Close { code: CloseCode::Forbidden, .. }) => (StatusCode::FORBIDDEN, Code::PermissionMissing.as_str()),
        Err(Close { code: CloseCode::NotFound, .. }) => (StatusCode::NOT_FOUND, Code::NotFound.as_str()),
        // Nobody was kept from anything: the store is away.
        Err(_) => return,
    };
    let mut action = attempt.action(status.as_u16(), code, end.is_err());
    action.permission = Some(permission_for(&name.scope));
    action.subject = format!("scope:{}", name.scope);
    if status == StatusCode::NOT_FOUND {
        action.subject.push_str(&format!(" restaurant:{}", name.restaurant));
    } else {
        action.restaurant = Some(name.restaurant);
    }
    attempt.record(action);
}

fn deny(attempt: &Attempt, code: Code) {
    attempt.record(attempt.action(code.status().as_u16(), code.as_str(), true));
}
