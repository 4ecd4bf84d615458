//! The key behind table codes, digits and passes.

use aws_lc_rs::{constant_time::verify_slices_are_equal, hmac};
use std::path::Path;

/// The fewest characters of the secret: as many as 32 random bytes have in hexadecimal, or a passphrase
/// that nobody remembers.
pub(super) const SECRET_CHARS_MIN: usize = 32;
/// Bytes of a tag in codes and passes: 96 bits. A forger who asks a million times a second needs longer
/// than the world is old.
pub(super) const TAG_BYTES: usize = 12;

/// A key that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TableKeyError {
    /// The file cannot be read.
    #[error("the key file {path} cannot be read")]
    File {
        /// Where it should be.
        path: String,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// It holds too little to be secret.
    #[error("the key must have at least {SECRET_CHARS_MIN} characters")]
    TooShort,
}

/// The key. Cheap to clone, and never printed.
#[derive(Clone)]
pub struct TableKey(hmac::Key);

impl TableKey {
    /// A key from its secret text; white space around it is no part of it.
    ///
    /// # Errors
    /// `TooShort`.
    pub fn from_secret(secret: &str) -> Result<Self, TableKeyError> {
        let secret = secret.trim();
        if secret.chars().count() < SECRET_CHARS_MIN {
            return Err(TableKeyError::TooShort);
        }
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes())))
    }

    /// A key from the file that holds its secret text.
    ///
    /// # Errors
    /// `File`, `TooShort`.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, TableKeyError> {
        let path = path.as_ref();
        let secret = std::fs::read_to_string(path)
            .map_err(|source| TableKeyError::File { path: path.display().to_string(), source })?;
        Self::from_secret(&secret)
    }

    /// The tag of what stands under this purpose. Purposes keep a code from being taken for a pass.
    pub(super) fn tag(&self, purpose: &str, parts: &[&[u8]]) -> hmac::Tag {
        let mut context = hmac::Context::with_key(&self.0);
        for part in [purpose.as_bytes()].iter().chain(parts) {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        context.sign()
    }

    /// Whether this is the beginning of the tag, in the same time whatever is wrong with it.
    pub(super) fn verify(&self, purpose: &str, parts: &[&[u8]], tag: &[u8; TAG_BYTES]) -> bool {
        verify_slices_are_equal(&self.tag(purpose, parts).as_ref()[..TAG_BYTES], tag).is_ok()
    }
}

impl std::fmt::Debug for TableKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TableKey([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::{TableKey, TableKeyError};

    #[test]
    fn a_short_secret_is_none_and_no_key_is_printed() {
        let secret = "0123456789abcdef0123456789abcdef";
        assert!(matches!(TableKey::from_secret(&secret[1..]), Err(TableKeyError::TooShort)));
        assert!(matches!(TableKey::from_secret(&format!("{}  ", &secret[1..])), Err(TableKeyError::TooShort)));
        assert!(!format!("{:?}", TableKey::from_secret(secret).unwrap()).contains("0123"));
        assert!(matches!(TableKey::from_file("no/such/file"), Err(TableKeyError::File { .. })));
    }

    #[test]
    fn parts_do_not_run_into_one_another() {
        let key = TableKey::from_secret(&"k".repeat(32)).unwrap();
        let tags = [
            key.tag("a", &[b"bc", b"d"]),
            key.tag("a", &[b"b", b"cd"]),
            key.tag("ab", &[b"c", b"d"]),
            key.tag("a", &[b"bcd"]),
        ];
        for (index, tag) in tags.iter().enumerate() {
            assert!(tags[index + 1..].iter().all(|other| other.as_ref() != tag.as_ref()));
        }
    }
}
