//! The key behind table codes, digits and passes.

use aws_lc_rs::{constant_time::verify_slices_are_equal, hmac};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::ids::SessionId;

/// Bytes of a tag in codes and passes: 96 bits. A forger who asks a million times a second needs longer
/// than the world is old.
pub(super) const TAG_BYTES: usize = 12;

/// The key: what an installation's master key says for the purpose [`TableKey::PURPOSE`]. Cheap to clone, and
/// never printed.
#[derive(Clone)]
pub struct TableKey(hmac::Key);

impl TableKey {
    /// What the master key is asked for.
    pub const PURPOSE: &str = "tables";

    /// A key from 32 secret bytes.
    #[must_use]
    pub fn new(secret: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret))
    }

    /// What stands for a secret that somebody without a token has chosen, where it is stored to be recognised again:
    /// whoever reads it cannot find the secret, however easy it is to guess.
    #[must_use]
    pub fn stand_in(&self, secret: &str) -> String {
        URL_SAFE_NO_PAD.encode(self.tag("stand-in", &[secret.as_bytes()]))
    }

    /// What an address is counted as during a visit. Nobody reads the address from it, and at another visit it is another.
    #[must_use]
    pub fn source(&self, session: SessionId, address: &str) -> [u8; 16] {
        let tag = self.tag("guess-source", &[session.0.as_bytes(), address.as_bytes()]);
        std::array::from_fn(|at| tag.as_ref()[at])
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
    use super::TableKey;

    #[test]
    fn no_key_is_printed() {
        assert_eq!(format!("{:?}", TableKey::new(&[7; 32])), "TableKey([redacted])");
    }

    #[test]
    fn what_stands_for_a_secret_is_always_the_same_and_follows_from_the_key_too() {
        let (one, other) = (TableKey::new(&[7; 32]), TableKey::new(&[8; 32]));
        assert_eq!(one.stand_in("1234"), one.stand_in("1234"));
        assert_ne!(one.stand_in("1234"), one.stand_in("1235"));
        assert_ne!(one.stand_in("1234"), other.stand_in("1234"));
        assert_ne!(one.stand_in("1234"), one.stand_in(&one.stand_in("1234")));
    }

    #[test]
    fn parts_do_not_run_into_one_another() {
        let key = TableKey::new(&[7; 32]);
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
