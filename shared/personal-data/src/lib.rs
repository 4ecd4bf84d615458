//! Personal data: names, e-mail addresses and phone numbers, sealed with a key of the person they are about.
//!
//! Events are kept for ever and copied everywhere: outbox, JetStream, read models, backups. So what is
//! personal is sealed **before** it enters an event, and the key is the one thing that is not copied.
//! Deleting it ([`PersonalKeys::forget`]) erases the person everywhere at once.
//!
//! - [`master`]: the one secret of an installation; keys of people are wrapped with it.
//! - [`keys`]: a key per person, in a table outside the events.
//! - [`texts`]: what people write about themselves, parsed and never printed.
//! - [`seal`]: AES-256-GCM, bound to tenant, person and field, so that no value can be put in another's place.

mod aead;
pub mod keys;
pub mod master;
pub mod orphans;
pub mod seal;
pub mod settings;
pub mod texts;

pub use keys::{KeyError, PersonalKeys};
pub use master::{MasterKey, MasterKeyError};
pub use seal::{Field, PersonKey, Unreadable};
pub use settings::Settings;
pub use texts::{EmailAddress, PersonName};
