//! Whether a token is true.

use crate::{
    claims::{AUDIENCE, Claims, ISSUER},
    principal::Principal,
    revocation::{Loss, Revocations},
};
use chrono::{DateTime, Duration, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header, jwk::JwkSet};
use std::{
    collections::HashMap,
    path::Path,
    sync::{Arc, PoisonError, RwLock},
};
use tokio::sync::Notify;

/// How far clocks may differ: a token is taken this long after its end, and this long before it was made.
pub const LEEWAY: Duration = Duration::seconds(30);
/// The longest token in bytes; a longer one is not looked at.
pub const TOKEN_BYTES_MAX: usize = 8 * 1024;
/// Tokens that are remembered as true; beyond it the memory starts anew.
const REMEMBERED_MAX: usize = 4_096;

/// Why somebody is not known by their token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// There is none.
    #[error("the request has no token")]
    Missing,
    /// It is malformed, signed by nobody we know, or not for us.
    #[error("the token is not valid")]
    Invalid,
    /// It was true once.
    #[error("the token has expired")]
    Expired,
    /// It was taken back before its end.
    #[error("the token was revoked")]
    Revoked,
}

/// A key set that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeySetError {
    /// The file cannot be read.
    #[error("the key set {path} cannot be read")]
    File {
        /// Where it should be.
        path: String,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// It is no JWKS document.
    #[error("the key set is no JWKS document")]
    Malformed(#[source] serde_json::Error),
    /// No key in it is an Ed25519 key with a `kid`.
    #[error("the key set has no Ed25519 key with a kid")]
    Empty,
}

/// Verifies tokens. Cheap to clone; clones share keys, revocations and what they remember.
///
/// A token that was found true is remembered, so that a till that sends the same one a hundred times
/// a minute costs one signature check. Its end, and whether it was revoked, are checked every time.
#[derive(Clone)]
pub struct Verifier {
    inner: Arc<Inner>,
}

struct Inner {
    keys: RwLock<Keys>,
    validation: Validation,
    known: RwLock<HashMap<Box<str>, Principal>>,
    revocations: Revocations,
    /// Somebody came with a key that we do not have.
    unknown_kid: Notify,
}

/// Public keys by their `kid`.
type Keys = HashMap<String, DecodingKey>;

impl Verifier {
    /// A verifier that has no keys yet and takes no token: for a start before the keys can be had.
    #[must_use]
    pub fn without_keys() -> Self {
        Self::of(Keys::new())
    }

    /// A verifier with the public keys of this JWKS document.
    ///
    /// # Errors
    /// `Malformed` or `Empty`.
    pub fn from_jwks(json: &str) -> Result<Self, KeySetError> {
        usable(json).map(Self::of)
    }

    fn of(keys: Keys) -> Self {
        let inner = Inner {
            keys: RwLock::new(keys),
            validation: validation(),
            known: RwLock::default(),
            revocations: Revocations::default(),
            unknown_kid: Notify::new(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// Takes this JWKS document in place of the keys. Tokens of keys that it lacks count no more. Says
    /// whether anything is different.
    ///
    /// # Errors
    /// `Malformed` or `Empty`; the old keys stay.
    pub fn replace_keys(&self, json: &str) -> Result<bool, KeySetError> {
        let new = usable(json)?;
        let mut keys = self.inner.keys.write().unwrap_or_else(PoisonError::into_inner);
        // A `kid` is the thumbprint of its key, so the same name is the same key.
        if keys.len() == new.len() && new.keys().all(|kid| keys.contains_key(kid)) {
            return Ok(false);
        }
        *keys = new;
        drop(keys);
        self.inner.known.write().unwrap_or_else(PoisonError::into_inner).clear();
        Ok(true)
    }

    /// Whether there are keys.
    #[must_use]
    pub fn has_keys(&self) -> bool {
        !self.inner.keys.read().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// Waits until a token came whose key is unknown: perhaps there are new ones.
    pub async fn unknown_kid(&self) {
        self.inner.unknown_kid.notified().await;
    }

    /// What was revoked, shared with all clones.
    #[must_use]
    pub fn revocations(&self) -> &Revocations {
        &self.inner.revocations
    }

    /// What somebody who was let in before has lost since, if anything.
    #[must_use]
    pub fn loss(&self, principal: &Principal) -> Option<Loss> {
        self.inner.revocations.loss(principal.marks())
    }

    /// A verifier with the public keys of this JWKS file.
    ///
    /// # Errors
    /// `File`, `Malformed` or `Empty`.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, KeySetError> {
        let path = path.as_ref();
        let json = std::fs::read_to_string(path)
            .map_err(|source| KeySetError::File { path: path.display().to_string(), source })?;
        Self::from_jwks(&json)
    }

    /// Who holds this token, at this time.
    ///
    /// # Errors
    /// `Invalid`, `Expired` or `Revoked`; a forged token is never called expired or revoked.
    pub fn verify(&self, token: &str, now: DateTime<Utc>) -> Result<Principal, TokenError> {
        let principal = match self.remembered(token) {
            Some(principal) => principal,
            None => self.check(token)?,
        };
        if principal.expires_at() + LEEWAY <= now {
            return Err(TokenError::Expired);
        }
        if principal.marks().issued_at > now + LEEWAY {
            return Err(TokenError::Invalid);
        }
        if self.loss(&principal).is_some() {
            return Err(TokenError::Revoked);
        }
        Ok(principal)
    }

    /// Who this token was signed for, whether it has ended, was revoked, or not: for the audit, never to let
    /// somebody in.
    #[must_use]
    pub fn recognise(&self, token: &str) -> Option<Principal> {
        self.remembered(token).or_else(|| self.check(token).ok())
    }

    fn remembered(&self, token: &str) -> Option<Principal> {
        self.inner.known.read().unwrap_or_else(PoisonError::into_inner).get(token).cloned()
    }

    /// Checks the signature and everything else but the end.
    fn check(&self, token: &str) -> Result<Principal, TokenError> {
        if token.is_empty() || token.len() > TOKEN_BYTES_MAX {
            return Err(TokenError::Invalid);
        }
        let header = decode_header(token).map_err(|_| TokenError::Invalid)?;
        let kid = header.kid.ok_or(TokenError::Invalid)?;
        let keys = self.inner.keys.read().unwrap_or_else(PoisonError::into_inner);
        let Some(key) = keys.get(&kid) else {
            self.inner.unknown_kid.notify_one();
            return Err(TokenError::Invalid);
        };
        let claims = decode::<Claims>(token, key, &self.inner.validation).map_err(|_| TokenError::Invalid)?.claims;
        let principal = Principal::try_from(claims).map_err(|_| TokenError::Invalid)?;
        // Before the keys are let go, or a token of a key that goes now would be remembered.
        self.remember(token, principal.clone());
        Ok(principal)
    }

    fn remember(&self, token: &str, principal: Principal) {
        let mut known = self.inner.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED_MAX {
            known.clear();
        }
        known.insert(token.into(), principal);
    }
}

/// The Ed25519 keys of a JWKS document that have a `kid`.
fn usable(json: &str) -> Result<Keys, KeySetError> {
    let set: JwkSet = serde_json::from_str(json).map_err(KeySetError::Malformed)?;
    let usable = |jwk: &jsonwebtoken::jwk::Jwk| {
        let key = DecodingKey::from_jwk(jwk).ok().filter(|key| key.family() == Algorithm::EdDSA.family())?;
        Some((jwk.common.key_id.clone()?, key))
    };
    let keys: Keys = set.keys.iter().filter_map(usable).collect();
    if keys.is_empty() { Err(KeySetError::Empty) } else { Ok(keys) }
}

/// The end is checked apart, against the time that the caller gives.
fn validation() -> Validation {
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_issuer(&[ISSUER]);
    validation.set_audience(&[AUDIENCE]);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    validation.validate_exp = false;
    validation
}

impl std::fmt::Debug for Verifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let keys = self.inner.keys.read().unwrap_or_else(PoisonError::into_inner);
        f.debug_struct("Verifier").field("kids", &keys.keys()).finish_non_exhaustive()
    }
}
