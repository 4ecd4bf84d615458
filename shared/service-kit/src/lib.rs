//! What every service does the same way.
//!
//! - [`problem`]: errors as clients see them. [`correlation`]: one id for all that a request set off.
//! - [`access`]: who may call, as argument types of handlers. [`ids`]: ids in paths.
//! - [`tokens`]: the public keys and what was revoked, kept up to date.
//! - [`body`] and [`idempotency`]: what a command brings along.
//! - [`audit`]: who did what with which right. [`client`]: whose address a request has. [`limits`]: how much one caller may ask and do.
//! - [`http`]: everything around the routes, and serving them. [`health`]: is it alive, is it ready.
//! - [`telemetry`] and [`config`]: logs, metrics, settings. [`openapi`]: problems in the document.

pub mod access;
pub mod audit;
pub mod body;
pub mod client;
pub mod config;
pub mod correlation;
pub mod health;
pub mod http;
pub mod idempotency;
pub mod ids;
pub mod limits;
pub mod openapi;
pub mod panics;
pub mod problem;
pub mod telemetry;
pub mod tokens;
