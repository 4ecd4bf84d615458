//! What every service needs to know whose token it was sent: the public keys, and what was revoked.

mod source;

pub use source::{KeySource, NoKeys};

use crate::health::Check;
use chrono::Utc;
use identity::Verifier;
use messaging::{Bucket, Mirror};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often the keys are read again; a new key signs only when all have read it.
pub const KEYS_EVERY: Duration = Duration::from_secs(30);
/// How often at most, however many tokens come with keys that nobody knows.
const KEYS_PAUSE: Duration = Duration::from_secs(2);
/// How often revocations that can hit no token any more are dropped.
const FORGET_EVERY: Duration = Duration::from_mins(1);

/// A verifier that stays up to date. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Tokens {
    verifier: Verifier,
    mirror: Mirror,
}

impl Tokens {
    /// Reads the keys and what was revoked, and follows both until `shutdown`.
    ///
    /// A file of keys must be there. An address may answer later: until then no token is taken, and the
    /// service is not ready.
    ///
    /// # Errors
    /// `NoKeys` when the file cannot be read or has no key.
    pub async fn start(source: KeySource, revoked: Bucket, shutdown: CancellationToken) -> Result<Self, NoKeys> {
        let verifier = source.first_verifier().await?;
        let known = verifier.revocations().clone();
        let learn = move |key: &str, value: &[u8]| {
            if known.learn_text(key, value).is_err() {
                tracing::warn!(key, "a revocation cannot be read; was it written by a newer build?");
            }
        };
        let mirror = Mirror::start(revoked, learn, shutdown.clone()).await;
        let tokens = Self { verifier, mirror };
        tokio::spawn(follow_keys(source, tokens.verifier.clone(), shutdown.clone()));
        tokio::spawn(forget(tokens.verifier.clone(), shutdown));
        Ok(tokens)
    }

    /// The verifier.
    #[must_use]
    pub fn verifier(&self) -> &Verifier {
        &self.verifier
    }

    /// What must be true for a service to be ready, under these names. Not what was revoked: tokens end by themselves
    /// within minutes, and a broker that is away must not take every instance out.
    #[must_use]
    pub fn checks(&self, [keys, revoked]: [&'static str; 2]) -> Vec<Check> {
        let (verifier, mirror) = (self.verifier.clone(), self.mirror.clone());
        let keys = Check::new(keys, move || {
            let known = verifier.has_keys();
            async move { if known { Ok(()) } else { Err("the public keys could not be read yet".to_owned()) } }
        });
        let revoked = Check::new(revoked, move || {
            let complete = mirror.is_complete();
            async move { if complete { Ok(()) } else { Err("cannot be read; tokens end by themselves".to_owned()) } }
        });
        vec![keys, revoked.advisory()]
    }
}

async fn follow_keys(source: KeySource, verifier: Verifier, shutdown: CancellationToken) {
    let news = async || {
        tokio::time::sleep(KEYS_PAUSE).await;
        let _ = tokio::time::timeout(KEYS_EVERY, verifier.unknown_kid()).await;
    };
    while shutdown.run_until_cancelled(news()).await.is_some() {
        match source.read().await.and_then(|json| Ok(verifier.replace_keys(&json)?)) {
            Ok(true) => tracing::info!(?verifier, "the public keys have changed"),
            Ok(false) => {}
            Err(error) => tracing::warn!(%error, "the public keys cannot be read; the known ones stand"),
        }
    }
}

async fn forget(verifier: Verifier, shutdown: CancellationToken) {
    while shutdown.run_until_cancelled(tokio::time::sleep(FORGET_EVERY)).await.is_some() {
        verifier.revocations().forget_ended(Utc::now());
    }
}
