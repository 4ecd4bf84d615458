//! The one secret that the passwords of the database's users follow from.

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

/// The shortest secret, in bytes. Whoever has one of the passwords may try secrets for as long as they like, so it
/// must be drawn and not thought up: 32 characters of `openssl rand -base64 32` or of a UUID are.
const BYTES_MIN: usize = 32;
/// What each password starts with: MySQL's `validate_password` wants a letter of both kinds, a digit and a sign.
const EACH_KIND: &str = "aR1-";

/// A secret that cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the secret of the database's users has at least {BYTES_MIN} characters; `openssl rand -base64 32` makes one")]
pub struct SecretTooShort;

/// What the password of each user follows from, one way: whoever knows a password knows neither this nor another
/// one. It belongs to who runs the installation; no service needs it. It is never printed.
#[derive(Clone)]
pub struct DatabaseSecret(String);

impl std::fmt::Debug for DatabaseSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DatabaseSecret([redacted])")
    }
}

impl DatabaseSecret {
    /// A secret from its text; white space around it is no part of it.
    ///
    /// # Errors
    /// When it has less than 32 bytes.
    pub fn new(text: &str) -> Result<Self, SecretTooShort> {
        let text = text.trim();
        if text.len() < BYTES_MIN { Err(SecretTooShort) } else { Ok(Self(text.to_owned())) }
    }

    /// The password of a user by its whole name. Its characters may stand in an address as they are.
    #[must_use]
    pub fn password_of(&self, user: &str) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.0.as_bytes());
        let tag = hmac::sign(&key, format!("password of the database's user {user}").as_bytes());
        format!("{EACH_KIND}{}", URL_SAFE_NO_PAD.encode(tag))
    }
}

#[cfg(test)]
mod tests {
    use super::{DatabaseSecret, SecretTooShort};

    const TEXT: &str = "0123456789abcdef0123456789abcdef";

    #[test]
    fn each_user_and_each_secret_has_a_password_of_its_own_and_always_the_same() {
        let (one, other) = (DatabaseSecret::new(TEXT).unwrap(), DatabaseSecret::new(&TEXT.replace('0', "1")).unwrap());
        let password = one.password_of("aris_writer");
        assert_eq!(password, DatabaseSecret::new(&format!(" {TEXT}\n")).unwrap().password_of("aris_writer"));
        assert_ne!(password, one.password_of("aris_reader"));
        assert_ne!(password, other.password_of("aris_writer"));
    }

    #[test]
    fn a_password_fits_into_an_address_and_pleases_mysql() {
        let password = DatabaseSecret::new(TEXT).unwrap().password_of("aris_writer");
        assert_eq!(password.len(), 4 + 43);
        assert!(password.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'));
        assert!(password.starts_with("aR1-"));
    }

    #[test]
    fn a_secret_that_somebody_could_guess_is_refused_and_none_is_printed() {
        assert_eq!(DatabaseSecret::new(&format!("{}   ", &TEXT[1..])).unwrap_err(), SecretTooShort);
        assert!(!format!("{:?}", DatabaseSecret::new(TEXT).unwrap()).contains(TEXT));
    }
}
