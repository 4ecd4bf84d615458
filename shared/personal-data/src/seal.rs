//! Sealing and opening with the key of a person.

use crate::aead::{self, KEY_BYTES, place};
use base64::{Engine, engine::general_purpose::STANDARD};
use domain::{ids::TenantId, staff::Sealed};
use uuid::Uuid;

/// What a sealed text is. A text opens only as what it was sealed as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Field {
    /// What somebody is called.
    Name,
    /// An e-mail address.
    Email,
    /// A phone number.
    Phone,
}

impl Field {
    fn as_bytes(self) -> &'static [u8] {
        match self {
            Self::Name => b"name",
            Self::Email => b"email",
            Self::Phone => b"phone",
        }
    }
}

/// The key of one person in one tenant. It lives in memory as long as it is used, and is never printed.
pub struct PersonKey {
    pub(crate) tenant: TenantId,
    pub(crate) person: Uuid,
    pub(crate) key: [u8; KEY_BYTES],
}

/// A sealed text that this key does not open: another person's, another field's, or changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the sealed text cannot be read with this key")]
pub struct Unreadable;

impl std::fmt::Debug for PersonKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PersonKey").field("person", &self.person).finish_non_exhaustive()
    }
}

impl PersonKey {
    /// Seals a text. Its bytes are others each time, so that two equal names cannot be told.
    ///
    /// # Errors
    /// When the text is too long for an event, or the machine has no randomness.
    pub fn seal(&self, field: Field, text: &str) -> Result<Sealed, Unreadable> {
        let sealed = aead::seal(&self.key, &self.place(field), text.as_bytes()).ok_or(Unreadable)?;
        Sealed::try_from(STANDARD.encode(sealed)).map_err(|_| Unreadable)
    }

    /// Reads a sealed text.
    ///
    /// # Errors
    /// `Unreadable`.
    pub fn open(&self, field: Field, sealed: &Sealed) -> Result<String, Unreadable> {
        let bytes = STANDARD.decode(sealed.as_str()).map_err(|_| Unreadable)?;
        let plain = aead::open(&self.key, &self.place(field), &bytes).map_err(|_| Unreadable)?;
        String::from_utf8(plain).map_err(|_| Unreadable)
    }

    fn place(&self, field: Field) -> Vec<u8> {
        place(&[self.tenant.0.as_bytes(), self.person.as_bytes(), field.as_bytes()])
    }
}

#[cfg(test)]
mod tests {
    use super::{Field, PersonKey, Unreadable};
    use domain::{ids::TenantId, staff::Sealed};
    use proptest::prelude::*;
    use uuid::Uuid;

    fn key(tenant: u128, person: u128, byte: u8) -> PersonKey {
        PersonKey { tenant: TenantId(Uuid::from_u128(tenant)), person: Uuid::from_u128(person), key: [byte; 32] }
    }

    proptest! {
        #[test]
        fn what_was_sealed_is_read_again_and_shows_nothing(text in "\\PC{1,80}") {
            let key = key(1, 2, 3);
            let sealed = key.seal(Field::Name, &text).unwrap();
            prop_assert_eq!(&key.open(Field::Name, &sealed).unwrap(), &text);
            prop_assert!(text.len() < 4 || !sealed.as_str().contains(&text));
        }
    }

    #[test]
    fn equal_texts_are_sealed_to_other_bytes() {
        let key = key(1, 2, 3);
        assert_ne!(key.seal(Field::Name, "Ana").unwrap(), key.seal(Field::Name, "Ana").unwrap());
    }

    #[test]
    fn a_sealed_text_opens_at_its_own_place_only() {
        let sealed = key(1, 2, 3).seal(Field::Email, "ana@example.com").unwrap();
        for (other, field) in [
            (key(9, 2, 3), Field::Email),
            (key(1, 9, 3), Field::Email),
            (key(1, 2, 9), Field::Email),
            (key(1, 2, 3), Field::Name),
        ] {
            assert_eq!(other.open(field, &sealed), Err(Unreadable));
        }
        assert_eq!(key(1, 2, 3).open(Field::Email, &sealed).unwrap(), "ana@example.com");
    }

    #[test]
    fn a_changed_or_foreign_text_is_not_read() {
        let sealed = key(1, 2, 3).seal(Field::Name, "Ana").unwrap();
        let mut text = sealed.as_str().to_owned();
        let other = if &text[4..5] == "A" { "B" } else { "A" };
        text.replace_range(4..5, other);
        for wrong in [text, "AQID".to_owned(), "____".to_owned()] {
            assert_eq!(key(1, 2, 3).open(Field::Name, &Sealed::try_from(wrong).unwrap()), Err(Unreadable));
        }
    }

    #[test]
    fn a_key_is_never_printed() {
        assert!(!format!("{:?}", key(1, 2, 77)).contains("77"));
    }
}
