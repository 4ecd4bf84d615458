//! Log-in through a provider outside (OpenID Connect): somebody proves to it who they are, and it tells us.
//!
//! - [`settings`]: which providers, and where browsers may come back to from each.
//! - [`ticket`]: a log-in under way, sealed and kept by whoever started it.
//! - [`provider`]: what is asked of a provider, and [`metadata`] and [`keys`] that it publishes.
//! - [`id_token`]: whether what it says is true, purely.

mod id_token;
mod keys;
mod metadata;
mod provider;
mod settings;
mod ticket;

pub(crate) use id_token::{Person, Refused};
pub(crate) use provider::{ASK_AGAIN_AFTER, Brought, OpenIdError, Provider};
pub use settings::{OpenIdConfig, ProviderConfig};
pub(crate) use ticket::{TICKET_LIFETIME, Ticket};

use anyhow::Context;
use std::{collections::BTreeMap, sync::Arc};

/// The providers of this installation. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Providers {
    by_name: Arc<BTreeMap<String, Provider>>,
}

impl Providers {
    /// The providers of these settings. None of them is asked yet.
    pub(crate) fn new(config: OpenIdConfig) -> anyhow::Result<Self> {
        let is_demo = config.is_demo;
        let one = |it: ProviderConfig| {
            let name = it.name.clone();
            let provider = Provider::new(it, is_demo).with_context(|| format!("the provider {name}"))?;
            Ok((name, provider))
        };
        let by_name: anyhow::Result<BTreeMap<_, _>> = config.providers.into_iter().map(one).collect();
        Ok(Self { by_name: by_name?.into() })
    }

    /// The provider of this name.
    pub(crate) fn get(&self, name: &str) -> Option<&Provider> {
        self.by_name.get(name)
    }

    /// The names of all, sorted.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().map(String::as_str)
    }
}
