//! The keys of a provider.

use anyhow::{Context, Result, ensure};
use jsonwebtoken::{
    Algorithm, DecodingKey,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, PublicKeyUse},
};
use serde::Deserialize;

/// Keys of one provider that are looked at.
const KEYS_MAX: usize = 64;

/// The keys that a provider signs with.
pub(super) struct KeySet(Vec<Key>);

struct Key {
    kid: Option<String>,
    /// The one algorithm that this key is good for here.
    algorithm: Algorithm,
    key: DecodingKey,
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<serde_json::Value>,
}

impl KeySet {
    /// Reads a JWKS document. Keys that are for something else, or that we do not know, are left out.
    pub(super) fn parse(json: &[u8]) -> Result<Self> {
        let document: Document = serde_json::from_slice(json).context("its keys cannot be read")?;
        let keys: Vec<Key> = document.keys.into_iter().take(KEYS_MAX).filter_map(usable).collect();
        ensure!(!keys.is_empty(), "it has no key for RS256 or ES256");
        Ok(Self(keys))
    }

    /// The key of this name for this algorithm. A token that names none means the only one.
    pub(super) fn find(&self, kid: Option<&str>, algorithm: Algorithm) -> Option<&DecodingKey> {
        let meant = |key: &&Key| key.algorithm == algorithm && kid.is_none_or(|kid| key.kid.as_deref() == Some(kid));
        let mut found = self.0.iter().filter(meant);
        match (found.next(), found.next()) {
            (Some(one), None) => Some(&one.key),
            _ => None,
        }
    }
}

fn usable(json: serde_json::Value) -> Option<Key> {
    let jwk: Jwk = serde_json::from_value(json).ok()?;
    let (algorithm, name) = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => (Algorithm::RS256, KeyAlgorithm::RS256),
        AlgorithmParameters::EllipticCurve(it) if it.curve == EllipticCurve::P256 => {
            (Algorithm::ES256, KeyAlgorithm::ES256)
        }
        _ => return None,
    };
    let signs = jwk.common.public_key_use.as_ref().is_none_or(|it| *it == PublicKeyUse::Signature);
    let means_it = jwk.common.key_algorithm.is_none_or(|it| it == name);
    let key = DecodingKey::from_jwk(&jwk).ok().filter(|_| signs && means_it)?;
    Some(Key { kid: jwk.common.key_id, algorithm, key })
}
