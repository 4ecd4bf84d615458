//! The keys of a local installation.

use super::secret::read_or_make;
use anyhow::{Context, Result};
use chrono::Utc;
use identity::SigningKey;
use identity_service::keys::KeyFolder;
use personal_data::MasterKey;
use std::path::{Path, PathBuf};

/// The signing key; made on the first call, together with the file that services check tokens with.
pub(crate) fn signing_key(local: &Path) -> Result<SigningKey> {
    let now = Utc::now();
    Ok(KeyFolder::new(keys_dir(local)).load_or_make(now)?.signing(now).clone())
}

/// The folder of the private keys.
pub(crate) fn keys_dir(local: &Path) -> PathBuf {
    local.join("keys")
}

/// The file with the master key; made on the first call.
pub(crate) fn master_key_file(local: &Path) -> Result<PathBuf> {
    let file = local.join("master-key");
    read_or_make(&file, || MasterKey::generate().context("the machine has no randomness"))?;
    Ok(file)
}

/// The signing key of an installation that was started before.
pub(crate) fn existing_signing_key(local: &Path) -> Result<SigningKey> {
    // The place tells it first, in words that help.
    super::read(&jwks_file(local))?;
    signing_key(local)
}

/// The file with the public key.
pub(crate) fn jwks_file(local: &Path) -> PathBuf {
    local.join("keys/jwks.json")
}
