//! Every object that goes over the socket, both ways.
//!
//! What a client sends is read strictly: an unknown kind or member is an error, so that a mistyped
//! member never does nothing in silence. What a server sends may gain members; clients ignore those
//! that they do not know.

mod client;
#[cfg(test)]
mod fuzz;
mod schema;
mod server;

pub use client::{Ack, Auth, BadFrame, ClientFrame, Hello, Pong, Resume, StreamRequest};
pub use schema::{Envelope, client_schema, server_schema};
pub use server::{
    Accepted, Catch, Drain, Due, Event, Heartbeat, Limits, Live, Refused, Reset, Retry, ScopeHead, ServerFrame, Skip,
    Source, Welcome, Why,
};

use domain::{ids::RestaurantId, scope::Scope};
use serde::{Deserialize, Deserializer, Serializer, de};

/// What a stream is called: a restaurant and a scope of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StreamName {
    /// The restaurant whose feed it is.
    pub restaurant: RestaurantId,
    /// The part of the feed.
    pub scope: Scope,
}

impl StreamName {
    /// Whether a kitchen follows it.
    #[must_use]
    pub fn is_kitchen(&self) -> bool {
        matches!(self.scope, Scope::Kitchen(_))
    }
}

impl std::fmt::Display for StreamName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.restaurant, self.scope)
    }
}

/// Scopes stand in frames as their text.
mod scope_text {
    use super::{Deserialize, Deserializer, Scope, Serializer, de};

    pub(super) fn serialize<S: Serializer>(scope: &Scope, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(scope)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Scope, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}
