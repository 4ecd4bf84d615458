//! The key that signs the tokens of a local installation.

use super::{secret::read_or_make, write_whole};
use anyhow::{Context, Result};
use identity::SigningKey;
use std::path::{Path, PathBuf};
use uuid::Uuid;

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

/// The file with the secret behind printed codes, digits and passes of guests; made on the first call.
pub(crate) fn table_key_file(local: &Path) -> Result<PathBuf> {
    let file = local.join("keys/tables");
    read_or_make(&file, || Ok(format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple())))?;
    Ok(file)
}

/// The file with the public key.
pub(crate) fn jwks_file(local: &Path) -> PathBuf {
    local.join("keys/jwks.json")
}
