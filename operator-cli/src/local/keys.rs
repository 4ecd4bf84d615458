//! The key that signs the tokens of a local installation.

use super::{secret::read_or_make, write_whole};
use anyhow::{Context, Result};
use identity::SigningKey;
use personal_data::MasterKey;
use std::path::{Path, PathBuf};

/// The signing key; made on the first call, together with the file that services check tokens with.
pub(crate) fn signing_key(local: &Path) -> Result<SigningKey> {
    let folder = local.join("keys");
    std::fs::create_dir_all(&folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    let pem = read_or_make(&folder.join("signing.pem"), || Ok(SigningKey::generate()?.to_pem()))?;
    let key = SigningKey::from_pem(&pem).context("keys/signing.pem is damaged; remove it to make a new one")?;
    let jwks = key.jwks_json();
    if std::fs::read_to_string(jwks_file(local)).ok().as_ref() != Some(&jwks) {
        write_whole(&jwks_file(local), &jwks)?;
    }
    Ok(key)
}

/// The signing key of an installation that was started before.
pub(crate) fn existing_signing_key(local: &Path) -> Result<SigningKey> {
    // The place tells it first, in words that help.
    super::read(&local.join("keys/signing.pem"))?;
    signing_key(local)
}

/// The file with the master key that wraps the keys of people; made on the first call.
pub(crate) fn master_key_file(local: &Path) -> Result<PathBuf> {
    let folder = local.join("keys");
    std::fs::create_dir_all(&folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    let path = folder.join("master.key");
    read_or_make(&path, || MasterKey::generate().context("the machine has no randomness"))?;
    Ok(path)
}

/// The file with the public key.
pub(crate) fn jwks_file(local: &Path) -> PathBuf {
    local.join("keys/jwks.json")
}
