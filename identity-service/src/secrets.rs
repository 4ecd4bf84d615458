//! One master key, and a key of its own for each purpose.

use crate::email::Email;
use anyhow::Context;
use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey},
    hmac,
    rand::{SecureRandom, SystemRandom},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use personal_data::MasterKey;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// Random bytes of a token.
const TOKEN_BYTES: usize = 32;

/// Everything that is keyed. Never printed.
pub(crate) struct Secrets {
    email_index: hmac::Key,
    attempts: hmac::Key,
    rotation: hmac::Key,
    links: hmac::Key,
    known_device: hmac::Key,
    subjects: hmac::Key,
    sealing: RandomizedNonceKey,
    tickets: RandomizedNonceKey,
}

impl Secrets {
    /// The keys that follow from the master key.
    pub(crate) fn of(master: &MasterKey) -> anyhow::Result<Self> {
        let key = |purpose| hmac::Key::new(hmac::HMAC_SHA256, &master.derive(purpose));
        let sealing = |purpose| {
            let key = RandomizedNonceKey::new(&AES_256_GCM, &master.derive(purpose));
            key.map_err(|_| anyhow::anyhow!("cannot seal"))
        };
        Ok(Self {
            email_index: key("identity: e-mail index"),
            attempts: key("identity: attempts"),
            rotation: key("identity: refresh rotation"),
            links: key("identity: links of mails"),
            known_device: key("identity: known devices"),
            subjects: key("identity: openid subjects"),
            sealing: sealing("identity: mail jobs")?,
            tickets: sealing("identity: openid tickets")?,
        })
    }

    /// What an account is found by.
    pub(crate) fn email_index(&self, email: &Email) -> [u8; 32] {
        mac(&self.email_index, &[email.as_str().as_bytes()])
    }

    /// What tries are counted under.
    pub(crate) fn attempt_key(&self, kind: &str, email_index: &[u8; 32], from: &str) -> [u8; 32] {
        mac(&self.attempts, &[kind.as_bytes(), email_index, from.as_bytes()])
    }

    /// The token that follows this one: the same each time, so that two tabs that refresh at once get
    /// the same; unknown to whoever has not got our key.
    pub(crate) fn successor(&self, token: &str) -> String {
        URL_SAFE_NO_PAD.encode(mac(&self.rotation, &[token.as_bytes()]))
    }

    /// The token in the link of a mail: the same each time that the mail is written, unknown to whoever knows only
    /// which mail it is.
    pub(crate) fn link_token(&self, job: Uuid) -> String {
        URL_SAFE_NO_PAD.encode(mac(&self.links, &[job.as_bytes()]))
    }

    /// What a device shows to be counted apart from strangers: it says nothing else.
    pub(crate) fn device_token(&self, email_index: &[u8; 32], device: Uuid) -> String {
        format!("{device}.{}", URL_SAFE_NO_PAD.encode(mac(&self.known_device, &[email_index, device.as_bytes()])))
    }

    /// The device that this token was given to, for this account.
    pub(crate) fn known_device(&self, email_index: &[u8; 32], token: &str) -> Option<Uuid> {
        let (device, tag) = token.split_once('.')?;
        let (device, tag) = (Uuid::try_parse(device).ok()?, URL_SAFE_NO_PAD.decode(tag).ok()?);
        let message = joined(&[email_index, device.as_bytes()]);
        hmac::verify(&self.known_device, &message, &tag).ok().map(|()| device)
    }

    /// What somebody of a provider is found by.
    pub(crate) fn subject_index(&self, issuer: &str, subject: &str) -> [u8; 32] {
        mac(&self.subjects, &[issuer.as_bytes(), subject.as_bytes()])
    }

    /// Seals what has to wait in the database.
    pub(crate) fn seal(&self, job: Uuid, plain: &[u8]) -> anyhow::Result<Vec<u8>> {
        seal(&self.sealing, job.as_bytes(), plain)
    }

    /// Opens what was sealed under this id.
    pub(crate) fn open(&self, job: Uuid, sealed: &[u8]) -> anyhow::Result<Vec<u8>> {
        open(&self.sealing, job.as_bytes(), sealed)
    }

    /// Seals a log-in under way, as a text.
    pub(crate) fn seal_ticket(&self, plain: &[u8]) -> anyhow::Result<String> {
        seal(&self.tickets, &[], plain).map(|sealed| URL_SAFE_NO_PAD.encode(sealed))
    }

    /// Opens a log-in under way.
    pub(crate) fn open_ticket(&self, text: &str) -> anyhow::Result<Vec<u8>> {
        open(&self.tickets, &[], &URL_SAFE_NO_PAD.decode(text)?)
    }
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secrets([redacted])")
    }
}

fn seal(key: &RandomizedNonceKey, bound_to: &[u8], plain: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut bytes = plain.to_vec();
    let nonce =
        key.seal_in_place_append_tag(Aad::from(bound_to), &mut bytes).map_err(|_| anyhow::anyhow!("sealing failed"))?;
    Ok([nonce.as_ref().as_slice(), &bytes].concat())
}

fn open(key: &RandomizedNonceKey, bound_to: &[u8], sealed: &[u8]) -> anyhow::Result<Vec<u8>> {
    let (nonce, bytes) = sealed.split_at_checked(NONCE_LEN).context("it is too short")?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| anyhow::anyhow!("no nonce"))?;
    let mut bytes = bytes.to_vec();
    let plain = key
        .open_in_place(nonce, Aad::from(bound_to), &mut bytes)
        .map_err(|_| anyhow::anyhow!("it was sealed with another key"))?;
    Ok(plain.to_vec())
}

/// A new token that nobody can guess.
pub(crate) fn random_token() -> anyhow::Result<String> {
    let mut bytes = [0_u8; TOKEN_BYTES];
    SystemRandom::new().fill(&mut bytes).map_err(|_| anyhow::anyhow!("the machine has no randomness"))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// As which a token is kept: it is random, so its hash needs no salt.
pub(crate) fn token_hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

fn mac(key: &hmac::Key, parts: &[&[u8]]) -> [u8; 32] {
    let tag = hmac::sign(key, &joined(parts));
    let mut bytes = [0_u8; 32];
    bytes.copy_from_slice(tag.as_ref());
    bytes
}

/// Length-prefixed, so that no two lists of parts spell the same bytes.
fn joined(parts: &[&[u8]]) -> Vec<u8> {
    parts.iter().flat_map(|part| [&(part.len() as u64).to_be_bytes(), *part].concat()).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn secrets() -> Secrets {
        Secrets::of(&MasterKey::from_base64(&MasterKey::generate().unwrap()).unwrap()).unwrap()
    }

    #[test]
    fn nothing_of_it_is_printed() {
        assert_eq!(format!("{:?}", secrets()), "Secrets([redacted])");
    }

    #[test]
    fn a_sealed_job_is_opened_under_its_own_id_only() {
        let (secrets, job) = (secrets(), Uuid::now_v7());
        let sealed = secrets.seal(job, b"ana@example.com").unwrap();
        assert!(!sealed.windows(3).any(|part| part == b"ana"));
        assert_eq!(secrets.open(job, &sealed).unwrap(), b"ana@example.com");
        assert!(secrets.open(Uuid::now_v7(), &sealed).is_err());
        assert!(secrets.open(job, &sealed[..5]).is_err());
    }

    #[test]
    fn a_device_is_known_for_its_own_account_only() {
        let (secrets, device) = (secrets(), Uuid::now_v7());
        let token = secrets.device_token(&[1; 32], device);
        assert_eq!(secrets.known_device(&[1; 32], &token), Some(device));
        assert_eq!(secrets.known_device(&[2; 32], &token), None);
        assert_eq!(secrets.known_device(&[1; 32], &token.replace(&device.to_string(), &Uuid::max().to_string())), None);
    }
}
