//! Keys and tokens: only the identity-service makes them, and tools and tests.

use crate::claims::Claims;
use aws_lc_rs::signature::Ed25519KeyPair;
use base64::{Engine, engine::general_purpose::STANDARD};
use jsonwebtoken::{
    Algorithm, EncodingKey, Header,
    jwk::{Jwk, JwkSet, PublicKeyUse, ThumbprintHash},
};
use serde::Serialize;

/// What can go wrong with a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The text is no Ed25519 private key in PEM (PKCS#8).
    #[error("this is no Ed25519 private key in PEM")]
    Malformed,
    /// The machine has no randomness to make a key from, or the key cannot sign.
    #[error("a key cannot be made or used")]
    Unusable,
}

/// A private key that signs tokens.
#[derive(Clone)]
pub struct SigningKey {
    key: EncodingKey,
    public: Jwk,
    kid: String,
}

impl SigningKey {
    /// A new key.
    ///
    /// # Errors
    /// `Unusable` where there is no randomness.
    pub fn generate() -> Result<Self, KeyError> {
        let pair = Ed25519KeyPair::generate().map_err(|_| KeyError::Unusable)?;
        let der = pair.to_pkcs8v1().map_err(|_| KeyError::Unusable)?;
        Self::new(EncodingKey::from_ed_der(der.as_ref()))
    }

    /// A key from its PEM (PKCS#8), as [`Self::to_pem`] and `openssl genpkey` write it.
    ///
    /// # Errors
    /// `Malformed`.
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        Self::new(EncodingKey::from_ed_pem(pem.as_bytes()).map_err(|_| KeyError::Malformed)?)
    }

    fn new(key: EncodingKey) -> Result<Self, KeyError> {
        let mut public = Jwk::from_encoding_key(&key, Algorithm::EdDSA).map_err(|_| KeyError::Malformed)?;
        let kid = public.thumbprint(ThumbprintHash::SHA256).map_err(|_| KeyError::Malformed)?;
        public.common.key_id = Some(kid.clone());
        public.common.public_key_use = Some(PublicKeyUse::Signature);
        Ok(Self { key, public, kid })
    }

    /// The private key as PEM. Keep it secret.
    #[must_use]
    pub fn to_pem(&self) -> String {
        let base64 = STANDARD.encode(self.key.as_bytes());
        format!("-----BEGIN PRIVATE KEY-----\n{base64}\n-----END PRIVATE KEY-----\n")
    }

    /// The name of the key in token headers: the SHA-256 thumbprint of its public half (RFC 7638).
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The public half as a JWKS document, which services verify with.
    #[must_use]
    pub fn jwks_json(&self) -> String {
        key_set([self])
    }

    /// A token with these claims.
    ///
    /// # Errors
    /// `Unusable` when the key cannot sign.
    pub fn sign(&self, claims: &Claims) -> Result<String, KeyError> {
        self.sign_any(claims)
    }

    /// A token with whatever claims, also senseless ones; for tests of verifiers.
    ///
    /// # Errors
    /// `Unusable` when the key cannot sign.
    pub fn sign_any(&self, claims: &impl Serialize) -> Result<String, KeyError> {
        let header = Header { kid: Some(self.kid.clone()), ..Header::new(Algorithm::EdDSA) };
        jsonwebtoken::encode(&header, claims, &self.key).map_err(|_| KeyError::Unusable)
    }
}

/// The public halves of these keys as one JWKS document.
#[must_use]
pub fn key_set<'a>(keys: impl IntoIterator<Item = &'a SigningKey>) -> String {
    let keys = keys.into_iter().map(|key| key.public.clone()).collect();
    // Plain data cannot fail to encode.
    serde_json::to_string_pretty(&JwkSet { keys }).unwrap_or_default()
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKey").field("kid", &self.kid).finish_non_exhaustive()
    }
}
