//! Where a request comes from.

use axum::extract::FromRequestParts;
use http::request::Parts;
use service_kit::client::{Client, counted_as};
use std::convert::Infallible;

/// The address that tries are counted under, as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address(pub(crate) String);

impl<S: Sync> FromRequestParts<S> for Address {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let client = parts.extensions.get::<Client>();
        Ok(Self(client.map_or_else(|| "unknown".to_owned(), |client| counted_as(client.address).to_string())))
    }
}
