//! Who somebody is and what they may do.
//!
//! A token is an EdDSA JWT. [`Verifier`] turns it into a [`Principal`], and everything after that
//! asks the principal: no service looks into a token, none holds the private key.
//!
//! - [`claims`]: what a token says. [`verifier`]: whether it is true.
//! - [`principal`]: what its holder may do. [`permission`] and [`roles`]: the words for it.
//! - [`scopes`]: which parts of a feed its holder may follow.
//! - [`tables`]: printed codes, digits, and passes of those who ask to join.
//! - [`keys`]: making keys and tokens; only for tools and tests.

pub mod claims;
pub mod keys;
pub mod permission;
pub mod principal;
pub mod roles;
pub mod scopes;
pub mod tables;
pub mod verifier;

pub use claims::Claims;
pub use keys::SigningKey;
pub use permission::Permission;
pub use principal::{Guest, Principal, Staff};
pub use scopes::{ScopeFilter, filter_for};
pub use verifier::{TokenError, Verifier};
