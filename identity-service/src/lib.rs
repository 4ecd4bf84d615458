//! Accounts, log-in, keys and revocation: the only process that holds passwords and private keys.
//!
//! - `http/`: one file per use case. `store/`: the SQL, one file per thing that is kept.
//! - `passwords`, `attempts`, `devices`: how somebody gets in, and stays in.
//! - `openid`: how somebody gets in whom a provider outside knows.
//! - `tokens` and [`keys`]: who signs what.
//! - `mail/`: letters, written and sent by a worker, never in a request.
//! - `revocations` and `reactor`: what was taken back, told to every service within a second.

mod attempts;
mod config;
mod email;
mod http;
mod join;
pub mod keys;
mod mail;
mod measures;
mod openid;
mod passwords;
mod reactor;
mod revocations;
mod rights;
mod secrets;
mod service;
mod store;
mod tokens;

pub use config::{Config, MailConfig};
pub use http::openapi;
pub use openid::{OpenIdConfig, ProviderConfig};
pub use service::{Service, start};
