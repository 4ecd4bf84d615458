//! AES-256-GCM with random nonces: `version ‖ nonce ‖ ciphertext ‖ tag`.

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};

/// Bytes of every key.
pub(crate) const KEY_BYTES: usize = 32;
/// What stands before the nonce, so that another way to seal can be told from this one.
const VERSION: u8 = 1;

/// The value cannot be opened: another key, another place, or changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CannotOpen;

/// Seals; the same text gives other bytes each time. `None` only where the machine has no randomness.
pub(crate) fn seal(key: &[u8; KEY_BYTES], place: &[u8], plain: &[u8]) -> Option<Vec<u8>> {
    let key = RandomizedNonceKey::new(&AES_256_GCM, key).ok()?;
    let mut text = plain.to_vec();
    let nonce = key.seal_in_place_append_tag(Aad::from(place), &mut text).ok()?;
    let mut sealed = Vec::with_capacity(1 + NONCE_LEN + text.len());
    sealed.push(VERSION);
    sealed.extend_from_slice(nonce.as_ref());
    sealed.append(&mut text);
    Some(sealed)
}

/// Opens what was sealed with this key for this place.
pub(crate) fn open(key: &[u8; KEY_BYTES], place: &[u8], sealed: &[u8]) -> Result<Vec<u8>, CannotOpen> {
    let key = RandomizedNonceKey::new(&AES_256_GCM, key).map_err(|_| CannotOpen)?;
    let (&version, rest) = sealed.split_first().ok_or(CannotOpen)?;
    let (nonce, text) = rest.split_at_checked(NONCE_LEN).ok_or(CannotOpen)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| CannotOpen)?;
    let mut text = text.to_vec();
    let plain = key.open_in_place(nonce, Aad::from(place), &mut text).map_err(|_| CannotOpen)?;
    if version == VERSION { Ok(plain.to_vec()) } else { Err(CannotOpen) }
}

/// Parts with their lengths, so that no two lists of parts spell the same bytes.
pub(crate) fn place(parts: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for part in parts {
        bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
        bytes.extend_from_slice(part);
    }
    bytes
}
