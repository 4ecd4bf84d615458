//! Where the public keys come from.

use crate::config::{ConfigError, env_or};
use identity::{Verifier, verifier::KeySetError};
use std::{
    path::{Path, PathBuf},
    time::Duration,
};

/// The longest key set in bytes.
const JWKS_BYTES_MAX: u64 = 256 * 1024;
/// How long an address may take to answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// Where the public keys come from: `ARIS_JWKS_FILE`, or else `ARIS_JWKS_URL`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    /// A JWKS file.
    File(PathBuf),
    /// The address of a JWKS document, such as `http://identity:8085/.well-known/jwks.json`.
    Url(String),
}

/// The public keys cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum NoKeys {
    /// The file cannot be read, or is no key set.
    #[error(transparent)]
    Unusable(#[from] KeySetError),
    /// The address does not answer with a document.
    #[error("{url} does not answer with a key set: {cause}")]
    Address {
        /// The address.
        url: String,
        /// What happened.
        cause: String,
    },
}

impl KeySource {
    /// The source that the environment names.
    ///
    /// # Errors
    /// `Missing` when it names none.
    pub fn from_env() -> Result<Self, ConfigError> {
        match (env_or("ARIS_JWKS_FILE", ""), env_or("ARIS_JWKS_URL", "")) {
            (file, url) if file.is_empty() && url.is_empty() => Err(ConfigError::Missing("ARIS_JWKS_FILE")),
            (file, url) if file.is_empty() => Ok(Self::Url(url)),
            (file, _) => Ok(Self::File(file.into())),
        }
    }

    /// A verifier with the keys of now. An address that does not answer yet gives one without keys.
    pub(super) async fn first_verifier(&self) -> Result<Verifier, NoKeys> {
        match self.read().await {
            Ok(json) => Ok(Verifier::from_jwks(&json)?),
            Err(error @ NoKeys::Address { .. }) => {
                tracing::warn!(%error, "no token is taken until the public keys are there");
                Ok(Verifier::without_keys())
            }
            Err(error) => Err(error),
        }
    }

    pub(super) async fn read(&self) -> Result<String, NoKeys> {
        match self {
            Self::File(path) => {
                let text = tokio::fs::read_to_string(path).await;
                Ok(text.map_err(|source| KeySetError::File { path: path.display().to_string(), source })?)
            }
            Self::Url(url) => {
                let cause = |error: reqwest::Error| error.without_url().to_string();
                let address = |cause| NoKeys::Address { url: url.clone(), cause };
                let client = reqwest::Client::builder()
                    .timeout(ANSWER_WITHIN)
                    .redirect(reqwest::redirect::Policy::none())
                    .build()
                    .map_err(|error| address(cause(error)))?;
                let answer = client.get(url).send().await.and_then(reqwest::Response::error_for_status);
                let answer = answer.map_err(|error| address(cause(error)))?;
                if answer.content_length().is_none_or(|bytes| bytes > JWKS_BYTES_MAX) {
                    return Err(address("the answer has no length, or is too long".to_owned()));
                }
                answer.text().await.map_err(|error| address(cause(error)))
            }
        }
    }
}

impl From<PathBuf> for KeySource {
    fn from(path: PathBuf) -> Self {
        Self::File(path)
    }
}

impl From<&PathBuf> for KeySource {
    fn from(path: &PathBuf) -> Self {
        Self::File(path.clone())
    }
}

impl From<&Path> for KeySource {
    fn from(path: &Path) -> Self {
        Self::File(path.to_path_buf())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_file_that_is_not_there_is_told_and_an_address_that_is_not_may_come() {
        let missing = KeySource::from(Path::new("no/such/file")).first_verifier().await;
        assert!(missing.unwrap_err().to_string().contains("no/such/file"));
        let later = KeySource::Url("http://127.0.0.1:9/jwks.json".to_owned()).first_verifier().await.unwrap();
        assert!(!later.has_keys());
    }
}
