//! Where a request comes from.

use axum::extract::FromRequestParts;
use http::request::Parts;
use std::{convert::Infallible, net::SocketAddr};

/// The address that a request comes from, as far as it is known: tries are counted for each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address(pub(crate) String);

impl<S: Sync> FromRequestParts<S> for Address {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<SocketAddr>();
        Ok(Self(peer.map_or_else(|| "unknown".to_owned(), |peer| peer.ip().to_canonical().to_string())))
    }
}
