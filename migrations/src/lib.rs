//! The schemas of the product, embedded: the event side, the read side, and accounts.
//!
//! All live in MySQL schemas of their own with users of their own, so that a bug in a view
//! cannot touch an event and the read side can move to another server. Files are numbered and never
//! change once they were released; see `README.md` beside this crate.

mod embedded;
mod passwords;
mod provision;
mod secret;

pub use embedded::{Side, migrate};
pub use passwords::{end_old_passwords, give_passwords, users_with_other_passwords};
pub use provision::{Access, Schemas, access, provision};
pub use secret::{DatabaseSecret, SecretTooShort};
