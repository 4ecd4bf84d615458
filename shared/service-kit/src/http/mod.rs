//! Everything around the routes of a service, and serving them.

mod app;
mod cors;
mod metrics;
mod places;
mod security;
mod serve;
mod sound;
mod takeover;
mod wire;

pub use app::{HttpConfig, app};
pub use places::Place;
pub use serve::{Server, describe, serve};
pub use takeover::{Taken, Takeover};
