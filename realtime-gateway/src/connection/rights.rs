//! Who may follow what.

use crate::{
    close::{Close, CloseCode},
    feed::hub::away,
    frames::StreamName,
    gateway::Gateway,
};
use identity::{Principal, ScopeFilter, filter_for};

/// How this principal sees this stream. "Not yours" and "does not exist" are one answer.
pub(super) async fn right(gateway: &Gateway, principal: &Principal, name: &StreamName) -> Result<ScopeFilter, Close> {
    if gateway.verifier.loss(principal).is_some() {
        return Err(Close::new(CloseCode::Forbidden, "the token was revoked"));
    }
    // In a box, as everything that may ask the store: else every connection that is idle had the room for it.
    let tenant = Box::pin(gateway.feeds.tenant_of_restaurant(name.restaurant)).await.map_err(away)?;
    if tenant != Some(principal.tenant()) || !principal.knows(name.restaurant) {
        return Err(Close::new(CloseCode::NotFound, name.restaurant.to_string()));
    }
    filter_for(principal, name.restaurant, &name.scope)
        .ok_or_else(|| Close::new(CloseCode::Forbidden, name.scope.to_string()))
}

/// The same for a client that was welcomed long ago: a lost right ends the stream, not the connection.
pub(super) async fn right_still(
    gateway: &Gateway,
    principal: &Principal,
    name: &StreamName,
) -> Result<Option<ScopeFilter>, Close> {
    match right(gateway, principal, name).await {
        Ok(filter) => Ok(Some(filter)),
        Err(close) if matches!(close.code, CloseCode::Forbidden | CloseCode::NotFound) => Ok(None),
        Err(close) => Err(close),
    }
}
