//! The key of a machine in full, as it is told once and sent for a token.

use aws_lc_rs::{constant_time, digest};
use domain::ids::ApiKeyId;
use serde::Deserialize;
use uuid::Uuid;

/// What every key begins with, so that scanners of source code find one that was left there.
const PREFIX: &str = "aris_";
/// Characters of a key: the prefix, an id, a secret of 32 bytes, and what stands between them.
const CHARS: usize = PREFIX.len() + 32 + 1 + 64;

/// A key of a machine, or a text that somebody sent as one. Never printed, and compared by its hash only.
#[derive(Clone, Deserialize)]
pub struct MachineKey(String);

impl MachineKey {
    /// The key with this id and secret: `aris_<id>_<secret>`, in hexadecimal.
    #[must_use]
    pub fn new(id: ApiKeyId, secret: &[u8; 32]) -> Self {
        let secret: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
        Self(format!("{PREFIX}{}_{secret}", id.0.simple()))
    }

    /// Which key it says that it is; `None` for a text that no key has.
    #[must_use]
    pub fn id(&self) -> Option<ApiKeyId> {
        let text = Some(self.0.as_str()).filter(|text| text.len() == CHARS)?;
        let (id, _) = text.strip_prefix(PREFIX)?.split_once('_')?;
        Uuid::try_parse(id).ok().map(ApiKeyId)
    }

    /// Whether this text could be a key, in whose place a token was expected.
    #[must_use]
    pub fn is_like(text: &str) -> bool {
        Self(text.to_owned()).id().is_some()
    }

    /// What is stored of it: its SHA-256. A secret of 32 bytes that nobody can guess needs no salt.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        // Of a text that is too long to be a key, no more is looked at than of a key.
        let bytes = &self.0.as_bytes()[..self.0.len().min(CHARS + 1)];
        let mut hash = [0; 32];
        hash.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
        hash
    }

    /// Whether this is what was stored of it, in the same time wherever the first difference is.
    #[must_use]
    pub fn has_hash(&self, stored: &[u8; 32]) -> bool {
        constant_time::verify_slices_are_equal(&self.hash(), stored).is_ok()
    }

    /// The key, for whom it is told to.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for MachineKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MachineKey([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> MachineKey {
        MachineKey::new(ApiKeyId(Uuid::from_u128(7)), &[0x5f; 32])
    }

    fn sent(text: &str) -> MachineKey {
        serde_json::from_value(serde_json::Value::from(text)).unwrap()
    }

    #[test]
    fn a_key_is_read_as_it_was_made() {
        let text = key().expose().to_owned();
        assert!(text.starts_with("aris_00000000000000000000000000000007_5f5f") && text.len() == CHARS, "{text}");
        assert_eq!((sent(&text).id(), sent(&text).hash()), (Some(ApiKeyId(Uuid::from_u128(7))), key().hash()));
        assert!(sent(&text).has_hash(&key().hash()));
    }

    #[test]
    fn another_text_is_another_key_or_none() {
        let text = key().expose().to_owned();
        let last = format!("{}0", &text[..text.len() - 1]);
        assert_eq!(sent(&last).id(), key().id());
        assert!(!sent(&last).has_hash(&key().hash()));
        let longer = format!("{text}0");
        for none in ["", "aris_", "no key", &text[1..], &text.replace('_', "-"), &longer, &longer.repeat(1_000)] {
            assert!(sent(none).id().is_none() && !sent(none).has_hash(&key().hash()), "{none}");
        }
    }

    #[test]
    fn nothing_of_it_is_printed() {
        assert_eq!(format!("{:?}", key()), "MachineKey([redacted])");
    }
}
