//! Tokens for the programs that play staff.

use crate::token;
use anyhow::Result;
use chrono::Duration;
use domain::ids::{RestaurantId, TenantId};
use futures::FutureExt;
use identity::SigningKey;
use realtime_gateway::client::TokenSource;
use std::sync::Arc;

/// How long a token of ours is good for. Connections get a fresh one in band before it ends.
const LIFETIME: Duration = Duration::hours(1);

/// Mints tokens of one role at one restaurant.
#[derive(Clone)]
pub(crate) struct Pass {
    pub(crate) key: Arc<SigningKey>,
    pub(crate) tenant: TenantId,
    pub(crate) restaurant: RestaurantId,
    pub(crate) role: &'static str,
}

impl Pass {
    /// A fresh token.
    pub(crate) fn token(&self) -> Result<String> {
        token::staff(&self.key, self.tenant, Some(self.restaurant), self.role, LIFETIME)
    }

    /// Fresh tokens for a connection that outlives them.
    pub(crate) fn source(&self) -> TokenSource {
        let pass = self.clone();
        Arc::new(move || futures::future::ready(pass.token()).boxed())
    }
}
