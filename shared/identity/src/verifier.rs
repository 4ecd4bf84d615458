//! Whether a token is true.

use crate::{
    claims::{AUDIENCE, Claims, ISSUER},
    principal::Principal,
};
use chrono::{DateTime, Duration, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header, jwk::JwkSet};
use std::{
    collections::HashMap,
    path::Path,
    sync::{Arc, PoisonError, RwLock},
};

/// How long a token is taken after its end, because clocks differ.
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

/// Verifies tokens. Cheap to clone; clones share what they remember.
///
/// A token that was found true is remembered, so that a till that sends the same one a hundred times
/// a minute costs one signature check. Its end is checked every time.
#[derive(Clone)]
pub struct Verifier {
    inner: Arc<Inner>,
}

struct Inner {
    keys: HashMap<String, DecodingKey>,
    validation: Validation,
    known: RwLock<HashMap<Box<str>, Principal>>,
}

impl Verifier {
    /// A verifier with the public keys of this JWKS document.
    ///
    /// # Errors
    /// `Malformed` or `Empty`.
    pub fn from_jwks(json: &str) -> Result<Self, KeySetError> {
        let set: JwkSet = serde_json::from_str(json).map_err(KeySetError::Malformed)?;
        let usable = |jwk: &jsonwebtoken::jwk::Jwk| {
            let key = DecodingKey::from_jwk(jwk).ok().filter(|key| key.family() == Algorithm::EdDSA.family())?;
            Some((jwk.common.key_id.clone()?, key))
        };
        let keys: HashMap<_, _> = set.keys.iter().filter_map(usable).collect();
        if keys.is_empty() {
            return Err(KeySetError::Empty);
        }
        Ok(Self { inner: Arc::new(Inner { keys, validation: validation(), known: RwLock::default() }) })
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
    /// `Invalid` or `Expired`; a forged token is never called expired.
    pub fn verify(&self, token: &str, now: DateTime<Utc>) -> Result<Principal, TokenError> {
        let principal = match self.remembered(token) {
            Some(principal) => principal,
            None => self.check(token)?,
        };
        if principal.expires_at() + LEEWAY <= now {
            return Err(TokenError::Expired);
        }
        Ok(principal)
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
        let key = header.kid.and_then(|kid| self.inner.keys.get(&kid)).ok_or(TokenError::Invalid)?;
        let claims = decode::<Claims>(token, key, &self.inner.validation).map_err(|_| TokenError::Invalid)?.claims;
        let principal = Principal::try_from(claims).map_err(|_| TokenError::Invalid)?;
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
        f.debug_struct("Verifier").field("kids", &self.inner.keys.keys()).finish_non_exhaustive()
    }
}
