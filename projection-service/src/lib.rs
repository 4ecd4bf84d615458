//! Read models: kept equal to the feeds, and asked by everyone who only looks.
//!
//! - [`start`] runs one projector per view and gives the routes of every query.
//! - `views`: the read models, one folder each, with their tables, what events do to them, and how they
//!   are read. `audit`: what is answered from the events themselves. `runner`: keeps a view up to date. `read`: rows and the place where they stand, at one
//!   moment. `http`: the queries.
//! - [`parked`]: what operators do with events that could not be applied.
//! - [`check`]: proof that the rows equal the fold of the feed. [`standing`]: where the views stand
//!   relative to one event.

mod audit;
pub mod check;
mod config;
mod feeding;
mod generation;
pub mod generations;
mod http;
mod lent;
mod measures;
mod money;
mod orphans;
pub mod parked;
mod people;
mod progress;
mod read;
pub mod rebuild;
mod runner;
mod service;
mod sql;
pub mod standing;
mod views;

pub use config::Config;
pub use generation::{Generation, Projection};
pub use service::{Service, openapi, start};
