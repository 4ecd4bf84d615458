//! What people write about themselves: parsed at the edge, sealed right after, never printed.

use domain::text::{Name, TextError};
use serde::Deserialize;
use std::fmt;

/// Longest e-mail address in characters, as mail servers take them.
pub const EMAIL_CHARS_MAX: usize = 254;

/// What somebody is called.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct PersonName(Name);

/// An e-mail address.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct EmailAddress(String);

/// A text that is no e-mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be an e-mail address, such as ana@example.com")]
pub struct InvalidEmail;

impl PersonName {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl TryFrom<String> for PersonName {
    type Error = TextError;

    fn try_from(text: String) -> Result<Self, TextError> {
        Name::parse(&text).map(Self)
    }
}

impl fmt::Debug for PersonName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonName([redacted])")
    }
}

impl EmailAddress {
    /// The address as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The address as accounts are told apart: in small letters. The letters of the local part may differ by the
    /// standard, but no provider that people use lets them.
    #[must_use]
    pub fn normalised(&self) -> String {
        self.0.to_lowercase()
    }
}

impl TryFrom<String> for EmailAddress {
    type Error = InvalidEmail;

    /// Whether an address exists only a mail to it can tell; this sorts out what cannot be one.
    fn try_from(text: String) -> Result<Self, InvalidEmail> {
        let text = text.trim();
        let (local, host) = text.rsplit_once('@').ok_or(InvalidEmail)?;
        let fits = text.chars().count() <= EMAIL_CHARS_MAX && (1..=64).contains(&local.len());
        let plain =
            |part: &str| part.chars().all(|c| !c.is_whitespace() && !c.is_control() && !"@<>(),;:\\\"[]".contains(c));
        let labels = host.contains('.') && host.split('.').all(|label| !label.is_empty());
        if fits && plain(local) && plain(host) && labels { Ok(Self(text.to_owned())) } else { Err(InvalidEmail) }
    }
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EmailAddress([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::{EmailAddress, PersonName};

    fn email(text: &str) -> Option<EmailAddress> {
        EmailAddress::try_from(text.to_owned()).ok()
    }

    #[test]
    fn an_address_has_one_spelling_for_accounts() {
        assert_eq!(email(" Ana.B+x@Example.COM ").unwrap().normalised(), "ana.b+x@example.com");
        assert_eq!(email("Ana@Example.com").unwrap().as_str(), "Ana@Example.com");
    }

    #[test]
    fn what_cannot_be_an_address_is_refused() {
        let long = format!("{}@example.com", "a".repeat(65));
        for wrong in [
            "",
            "ana",
            "@example.com",
            "ana@",
            "ana@host",
            "ana@a..b",
            "a b@example.com",
            "a@b@example.com",
            "Ana <ana@example.com>",
            "ana@example.com\nBcc: all@example.com",
            &long,
        ] {
            assert_eq!(email(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn neither_is_ever_printed() {
        let name: PersonName = serde_json::from_str("\" Ana García \"").unwrap();
        assert_eq!(name.as_str(), "Ana García");
        let shown = format!("{name:?} {:?}", email("ana@example.com"));
        assert!(!shown.to_lowercase().contains("ana"), "{shown}");
    }
}
