//! The code that is printed on a table. It is harmless: whoever has a photo of it may ask to join, no more.

use super::key::{TAG_BYTES, TableKey};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::ids::{RestaurantId, TableId};
use uuid::Uuid;

/// What the first byte of a code says; another layout will have another.
const LAYOUT: u8 = 1;
const PURPOSE: &str = "table-code";
/// Layout, restaurant, table, issue, tag.
const BYTES: usize = 1 + 16 + 16 + 4 + TAG_BYTES;

/// Which table a printed code is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TableCode {
    /// The restaurant.
    pub restaurant: RestaurantId,
    /// The table.
    pub table: TableId,
    /// Which of the table's codes this is; only the last one counts.
    pub issue: u32,
}

impl TableCode {
    /// The code as it stands in the address: 66 characters that need no escaping.
    #[must_use]
    pub fn to_text(&self, key: &TableKey) -> String {
        let issue = self.issue.to_be_bytes();
        let tag = key.tag(PURPOSE, &self.parts(&issue));
        let mut bytes = Vec::with_capacity(BYTES);
        bytes.push(LAYOUT);
        self.parts(&issue).iter().for_each(|part| bytes.extend_from_slice(part));
        bytes.extend_from_slice(&tag.as_ref()[..TAG_BYTES]);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The code that this text is, if it was made with this key.
    #[must_use]
    pub fn from_text(text: &str, key: &TableKey) -> Option<Self> {
        let bytes: [u8; BYTES] = URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?;
        let uuid = |from: usize| Uuid::from_slice(&bytes[from..from + 16]).ok();
        let issue = u32::from_be_bytes(bytes[33..37].try_into().ok()?);
        let code = Self { restaurant: uuid(1)?.into(), table: uuid(17)?.into(), issue };
        let tag: [u8; TAG_BYTES] = bytes[37..].try_into().ok()?;
        let genuine = key.verify(PURPOSE, &code.parts(&issue.to_be_bytes()), &tag);
        (bytes[0] == LAYOUT && genuine).then_some(code)
    }

    fn parts<'a>(&'a self, issue: &'a [u8; 4]) -> [&'a [u8]; 3] {
        [self.restaurant.0.as_bytes(), self.table.0.as_bytes(), issue]
    }
}

#[cfg(test)]
mod tests {
    use super::TableCode;
    use crate::tables::{GuestPass, TableKey};
    use uuid::Uuid;

    fn code() -> TableCode {
        TableCode { restaurant: Uuid::from_u128(1).into(), table: Uuid::from_u128(2).into(), issue: 3 }
    }

    fn key(secret: u8) -> TableKey {
        TableKey::new(&[secret; 32])
    }

    #[test]
    fn a_code_is_read_as_it_was_made_and_stays_the_same_for_ever() {
        let text = code().to_text(&key(b'k'));
        assert_eq!(TableCode::from_text(&text, &key(b'k')), Some(code()));
        // It is printed: what this build makes must be what every later one reads.
        assert_eq!(text, "AQAAAAAAAAAAAAAAAAAAAAEAAAAAAAAAAAAAAAAAAAACAAAAA1xvowk5j2ycK_m-Qg");
    }

    #[test]
    fn a_code_of_another_key_or_with_another_character_is_none() {
        let text = code().to_text(&key(b'k'));
        assert_eq!(TableCode::from_text(&text, &key(b'x')), None);
        for index in 0..text.len() {
            let mut changed = text.clone().into_bytes();
            changed[index] = if changed[index] == b'A' { b'B' } else { b'A' };
            assert_eq!(TableCode::from_text(std::str::from_utf8(&changed).unwrap(), &key(b'k')), None, "{index}");
        }
    }

    #[test]
    fn anything_else_is_none() {
        let pass = GuestPass {
            restaurant: Uuid::from_u128(1).into(),
            session: Uuid::from_u128(2).into(),
            diner: Uuid::from_u128(3).into(),
        };
        for text in ["", "A", "é", &"A".repeat(66), &"A".repeat(100_000), &pass.to_text(&key(b'k'))] {
            assert_eq!(TableCode::from_text(text, &key(b'k')), None);
        }
    }
}
