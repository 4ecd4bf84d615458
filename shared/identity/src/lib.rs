//! Who somebody is and what they may do.
//!
//! A token is an EdDSA JWT. [`Verifier`] turns it into a [`Principal`], and everything after that
//! asks the principal: no service looks into a token, and one alone holds the private keys.
//!
//! - [`claims`]: what a token says. [`verifier`]: whether it is true.
//! - [`principal`]: what its holder may do. [`permission`] and [`roles`]: the words for it.
//! - [`revocation`]: what was taken back before its end.
//! - [`scopes`]: which parts of a feed its holder may follow.
//! - [`tables`]: printed codes, digits, and passes of those who ask to join.
//! - [`keys`]: making keys and tokens; only for the identity-service, tools and tests.

pub mod claims;
pub mod keys;
pub mod permission;
pub mod principal;
pub mod revocation;
pub mod roles;
pub mod scopes;
pub mod tables;
pub mod verifier;

pub use claims::Claims;
pub use keys::SigningKey;
pub use permission::Permission;
pub use principal::{Guest, Marks, Principal, Staff};
pub use revocation::Revocations;
pub use scopes::{ScopeFilter, filter_for};
pub use verifier::{TokenError, Verifier};
