//! Bodies of requests: bounded in size and time, JSON, nothing unknown in them.

mod json;
mod limit;

pub use json::{JsonBody, NoBody, OptionalBody};
pub(crate) use limit::limit;
