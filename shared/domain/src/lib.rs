//! The rules of the restaurant, pure: no clock, no random, no I/O.
//!
//! Everything that a rule needs (the time, prices, new ids) is looked up first and handed in. One
//! folder per context, one file per decision; what the contexts share stands here at the top.

mod aggregate;
pub mod claims;
pub mod dining;
pub mod envelope;
pub mod event;
pub mod ids;
pub mod limits;
pub mod menu;
pub mod money;
pub mod ordering;
pub mod refusal;
pub mod restaurants;
pub mod scope;
pub mod snapshot;
pub mod staff;
pub mod station;
pub mod stream;
pub mod tenants;
pub mod text;
mod time;

#[cfg(test)]
mod testing;
