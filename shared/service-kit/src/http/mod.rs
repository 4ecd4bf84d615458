//! Everything around the routes of a service, and serving them.

mod app;
mod cors;
mod metrics;
mod serve;

pub use app::{HttpConfig, app};
pub use serve::{Server, serve};
