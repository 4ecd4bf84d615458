//! From the open socket to the right to be welcomed.

use super::{
    End, audit,
    rights::right,
    wire::{Incoming, Wire},
};
use crate::{
    close::{Close, CloseCode},
    frames::{ClientFrame, Hello, StreamRequest},
    gateway::Gateway,
};
use chrono::Utc;
use identity::{Principal, ScopeFilter, TokenError};
use service_kit::{
    audit::Attempt,
    limits::{Budget, Limits, Subject},
};
use std::sync::Arc;
use tokio::time::timeout;

/// A client that may have what it asked for.
pub(super) struct Greeted {
    pub(super) principal: Arc<Principal>,
    pub(super) streams: Vec<(StreamRequest, ScopeFilter)>,
}

/// Waits for `hello` and checks all of it before anything is started. `offers` says whether the client offered the
/// subprotocol.
pub(super) async fn greet(
    (wire, offers): (&mut Wire, bool),
    gateway: &Gateway,
    limits: Option<&Limits>,
    attempt: &Attempt,
) -> Result<Greeted, End> {
    if !offers {
        return Err(Close::new(CloseCode::Version, "offer the subprotocol aris.v1.json").into());
    }
    let hello = timeout(gateway.timing.hello, hello(wire)).await;
    let hello = hello.map_err(|_| Close::new(CloseCode::HelloLate, "no hello came"))??;
    let principal = gateway.verifier.verify(&hello.token, Utc::now());
    let principal =
        principal.inspect_err(|error| audit::token(attempt, gateway, &hello.token, *error)).map_err(refused)?;
    let principal = Arc::new(principal);
    attempt.is_by(Arc::clone(&principal));
    if limits.is_some_and(|limits| limits.take(Budget::Socket, Subject::holder(&principal)).is_err()) {
        audit::too_many(attempt);
        return Err(Close::new(CloseCode::Rate, "too many sockets are opened with this token").into());
    }
    tracing::debug!(device = hello.device, streams = hello.streams.len(), "hello");
    let mut streams = Vec::with_capacity(hello.streams.len());
    for request in hello.streams {
        let filter = right(gateway, &principal, &request.name()).await;
        audit::stream(attempt, &principal, &request.name(), filter.as_ref().map(drop));
        let filter = filter?;
        streams.push((request, filter));
    }
    Ok(Greeted { principal, streams })
}

async fn hello(wire: &mut Wire) -> Result<Hello, End> {
    loop {
        let message = wire.read().await?;
        match wire.take(message).await? {
            Incoming::Frame(ClientFrame::Hello(hello)) => return Ok(hello),
            Incoming::Frame(_) => return Err(Close::new(CloseCode::BadFrame, "hello comes first").into()),
            Incoming::Nothing => {}
        }
    }
}

fn refused(error: TokenError) -> Close {
    let code = match error {
        TokenError::Expired => CloseCode::Expired,
        TokenError::Missing | TokenError::Invalid | TokenError::Revoked => CloseCode::Forbidden,
    };
    Close::new(code, error.to_string())
}
