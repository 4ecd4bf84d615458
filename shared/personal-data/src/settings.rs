//! What a service needs to seal and to read.

use crate::master::{DEMO_KEY, MasterKey, MasterKeyError};

/// Where the keys of people are, and what wraps them. Never printed.
#[derive(Clone)]
pub struct Settings {
    /// `ARIS_PERSONAL_URL`: the event schema, with the user `personal`.
    pub url: String,
    /// `ARIS_MASTER_KEY_FILE` or `ARIS_MASTER_KEY`.
    pub master: MasterKey,
}

impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Settings([redacted])")
    }
}

impl Settings {
    /// For demonstrations and tests: the master key that everybody knows.
    ///
    /// # Errors
    /// None in practice: the key is well-formed.
    pub fn demo(url: impl Into<String>) -> Result<Self, MasterKeyError> {
        Ok(Self { url: url.into(), master: MasterKey::from_base64(DEMO_KEY)? })
    }
}
