//! What stands around the services: listener, health, documentation, the end.

mod audit;
mod docs;
mod limits;
pub(crate) mod openapi;
mod parts;
mod serve;
mod signals;

pub(crate) use serve::serve;
pub(crate) use signals::until_told_to_end;
