//! The one secret of an installation.

use crate::aead::KEY_BYTES;
use aws_lc_rs::{hmac, rand};
use base64::{Engine, engine::general_purpose::STANDARD};
use std::path::Path;

/// The key of demonstrations and tests. Everybody knows it, so that a start with it fails elsewhere.
pub const DEMO_KEY: &str = "ZGVtb25zdHJhdGlvbiBvbmx5OiBub3QgYSBzZWNyZXQ=";

/// A master key that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum MasterKeyError {
    /// There is none.
    #[error("neither ARIS_MASTER_KEY_FILE nor ARIS_MASTER_KEY is set; `openssl rand -base64 32` makes one")]
    Missing,
    /// The file cannot be read.
    #[error("the master key {path} cannot be read")]
    File {
        /// Where it should be.
        path: String,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// It is not 32 bytes of base64.
    #[error("a master key is 32 bytes in base64")]
    Malformed,
    /// It is the key that everybody knows.
    #[error("the master key is the one of demonstrations: make one with `openssl rand -base64 32`, or set ARIS_DEMO=1")]
    Demo,
}

/// The master key. It wraps the keys of people and derives the others; it is never printed.
#[derive(Clone)]
pub struct MasterKey([u8; KEY_BYTES]);

impl std::fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MasterKey([redacted])")
    }
}

impl MasterKey {
    /// A key that nobody knows yet, as the base64 text that goes into its file; `None` only where the
    /// machine has no randomness.
    #[must_use]
    pub fn generate() -> Option<String> {
        let mut bytes = [0; KEY_BYTES];
        rand::fill(&mut bytes).ok()?;
        Some(STANDARD.encode(bytes))
    }

    /// A key from its base64 text; white space around it is no part of it.
    ///
    /// # Errors
    /// `Malformed`.
    pub fn from_base64(text: &str) -> Result<Self, MasterKeyError> {
        let bytes = STANDARD.decode(text.trim()).map_err(|_| MasterKeyError::Malformed)?;
        bytes.try_into().map(Self).map_err(|_| MasterKeyError::Malformed)
    }

    /// A key from the file that holds its base64 text.
    ///
    /// # Errors
    /// `File`, `Malformed`.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, MasterKeyError> {
        let path = path.as_ref();
        let text = std::fs::read_to_string(path)
            .map_err(|source| MasterKeyError::File { path: path.display().to_string(), source })?;
        Self::from_base64(&text)
    }

    /// The key of the environment: `ARIS_MASTER_KEY_FILE` names its file, or `ARIS_MASTER_KEY` holds it. The
    /// key of demonstrations counts only with `ARIS_DEMO=1`.
    ///
    /// # Errors
    /// When there is none that can be used; the message says which variable to set.
    pub fn from_env() -> Result<Self, MasterKeyError> {
        let set = |name| std::env::var(name).ok().filter(|value: &String| !value.is_empty());
        let is_demo = set("ARIS_DEMO").is_some_and(|value| value == "1");
        let key = match (set("ARIS_MASTER_KEY_FILE"), set("ARIS_MASTER_KEY")) {
            (Some(path), _) => Self::from_file(path)?,
            (None, Some(text)) => Self::from_base64(&text)?,
            (None, None) => return Err(MasterKeyError::Missing),
        };
        key.usable(is_demo)
    }

    /// This key, unless it is the one that everybody knows and this is no demonstration.
    ///
    /// # Errors
    /// `Demo`.
    pub fn usable(self, is_demo: bool) -> Result<Self, MasterKeyError> {
        let known = STANDARD.decode(DEMO_KEY).is_ok_and(|demo| demo == self.0);
        if known && !is_demo { Err(MasterKeyError::Demo) } else { Ok(self) }
    }

    /// A key for one purpose. Who learns one learns nothing of the others.
    #[must_use]
    pub fn derive(&self, purpose: &str) -> [u8; KEY_BYTES] {
        self.tag("derive", &[purpose.as_bytes()])
    }

    /// A keyed hash of some parts under a purpose: to find a thing again without storing it.
    #[must_use]
    pub fn tag(&self, purpose: &str, parts: &[&[u8]]) -> [u8; KEY_BYTES] {
        let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, &self.0));
        context.update(&crate::aead::place(&[purpose.as_bytes()]));
        context.update(&crate::aead::place(parts));
        let mut bytes = [0; KEY_BYTES];
        bytes.copy_from_slice(context.sign().as_ref());
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::{DEMO_KEY, MasterKey, MasterKeyError};

    #[test]
    fn a_master_key_is_never_printed() {
        let key = MasterKey::from_base64(DEMO_KEY).unwrap();
        assert_eq!(format!("{key:?}"), "MasterKey([redacted])");
    }

    #[test]
    fn the_key_of_demonstrations_counts_nowhere_else() {
        let demo = || MasterKey::from_base64(DEMO_KEY).unwrap();
        assert!(matches!(demo().usable(false), Err(MasterKeyError::Demo)));
        assert!(demo().usable(true).is_ok());
        let own = MasterKey::from_base64(&MasterKey::generate().unwrap()).unwrap();
        assert!(own.usable(false).is_ok());
    }

    #[test]
    fn a_text_that_is_no_key_is_refused() {
        for wrong in ["", "AQID", "not base64 at all!", &"A".repeat(100)] {
            assert!(matches!(MasterKey::from_base64(wrong), Err(MasterKeyError::Malformed)), "{wrong}");
        }
        assert!(matches!(MasterKey::from_file("/no/such/file"), Err(MasterKeyError::File { .. })));
    }

    #[test]
    fn purposes_and_parts_have_keys_of_their_own() {
        let key = MasterKey::from_base64(DEMO_KEY).unwrap();
        assert_eq!(key.derive("mail"), key.derive("mail"));
        assert_ne!(key.derive("mail"), key.derive("table"));
        assert_ne!(key.tag("x", &[b"ab", b"c"]), key.tag("x", &[b"a", b"bc"]));
        assert_ne!(key.tag("derive", &[b"mail"]), MasterKey([0; 32]).tag("derive", &[b"mail"]));
    }
}
