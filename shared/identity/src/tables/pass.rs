//! What somebody who asked to join holds: it names them, and opens nothing until they are let in.

use super::key::{TAG_BYTES, TableKey};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::ids::{DinerId, RestaurantId, SessionId};
use uuid::Uuid;

/// What the first byte of a pass says; another layout will have another.
const LAYOUT: u8 = 2;
const PURPOSE: &str = "guest-pass";
/// Layout, restaurant, session, diner, tag.
const BYTES: usize = 1 + 16 + 16 + 16 + TAG_BYTES;

/// Who asked to join what. Whether they were let in stands in the events of the session, and nowhere else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GuestPass {
    /// The restaurant.
    pub restaurant: RestaurantId,
    /// The session.
    pub session: SessionId,
    /// Who they are, or will be.
    pub diner: DinerId,
}

impl GuestPass {
    /// The pass as its holder sends it: 82 characters, none of them a dot, so that nobody takes it for a
    /// token.
    #[must_use]
    pub fn to_text(&self, key: &TableKey) -> String {
        let mut bytes = Vec::with_capacity(BYTES);
        bytes.push(LAYOUT);
        self.parts().iter().for_each(|part| bytes.extend_from_slice(part));
        bytes.extend_from_slice(&key.tag(PURPOSE, &self.parts()).as_ref()[..TAG_BYTES]);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The pass that this text is, if it was made with this key.
    #[must_use]
    pub fn from_text(text: &str, key: &TableKey) -> Option<Self> {
        let bytes: [u8; BYTES] = URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?;
        let uuid = |from: usize| Uuid::from_slice(&bytes[from..from + 16]).ok();
        let pass = Self { restaurant: uuid(1)?.into(), session: uuid(17)?.into(), diner: uuid(33)?.into() };
        let tag: [u8; TAG_BYTES] = bytes[49..].try_into().ok()?;
        (bytes[0] == LAYOUT && key.verify(PURPOSE, &pass.parts(), &tag)).then_some(pass)
    }

    /// Whether this text could be a pass, in whose place a token was expected.
    #[must_use]
    pub fn is_like(text: &str) -> bool {
        let bytes: Option<[u8; BYTES]> = URL_SAFE_NO_PAD.decode(text).ok().and_then(|bytes| bytes.try_into().ok());
        bytes.is_some_and(|bytes| bytes[0] == LAYOUT)
    }

    fn parts(&self) -> [&[u8]; 3] {
        [self.restaurant.0.as_bytes(), self.session.0.as_bytes(), self.diner.0.as_bytes()]
    }
}

#[cfg(test)]
mod tests {
    use super::GuestPass;
    use crate::tables::{TableCode, TableKey};
    use uuid::Uuid;

    fn pass() -> GuestPass {
        GuestPass {
            restaurant: Uuid::from_u128(1).into(),
            session: Uuid::from_u128(2).into(),
            diner: Uuid::from_u128(3).into(),
        }
    }

    fn key(secret: u8) -> TableKey {
        TableKey::new(&[secret; 32])
    }

    #[test]
    fn a_pass_is_read_as_it_was_made_and_is_no_token() {
        let text = pass().to_text(&key(b'k'));
        assert_eq!(GuestPass::from_text(&text, &key(b'k')), Some(pass()));
        assert!(!text.contains('.') && text.len() == 82);
        assert!(GuestPass::is_like(&text) && !GuestPass::is_like("a.b.c") && !GuestPass::is_like(""));
    }

    #[test]
    fn a_pass_of_another_key_or_with_another_character_is_none() {
        let text = pass().to_text(&key(b'k'));
        assert_eq!(GuestPass::from_text(&text, &key(b'x')), None);
        for index in 0..text.len() {
            let mut changed = text.clone().into_bytes();
            changed[index] = if changed[index] == b'A' { b'B' } else { b'A' };
            assert_eq!(GuestPass::from_text(std::str::from_utf8(&changed).unwrap(), &key(b'k')), None, "{index}");
        }
    }

    #[test]
    fn a_printed_code_is_no_pass() {
        let code = TableCode { restaurant: Uuid::from_u128(1).into(), table: Uuid::from_u128(2).into(), issue: 1 };
        for text in ["", "A", "a.b.c", &"A".repeat(100_000), &code.to_text(&key(b'k'))] {
            assert_eq!(GuestPass::from_text(text, &key(b'k')), None);
        }
    }
}
