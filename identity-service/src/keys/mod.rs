//! The private keys: `.pem` files in a folder, and a `jwks.json` beside them for those who verify.
//!
//! A key's name says when it was made (`signing-<seconds>.pem`; `signing.pem` was there from the
//! start), and everything else follows from that: it signs once every verifier has had the time to read
//! it, until a newer one does; it is taken away when no token of it can live any more. So several
//! processes agree without a word, and a rotation logs nobody out.

use anyhow::{Context, Result, bail};
use chrono::{DateTime, Duration, Utc};
use identity::{SigningKey, keys::key_set};
use std::{
    fs::OpenOptions,
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

/// How long verifiers have to read a new key before it signs; they look every 30 s.
pub const SIGNS_AFTER: Duration = Duration::minutes(2);
/// How long a key is still verified with after a newer one has begun to sign: longer than any token of
/// this service lives.
pub const GOES_AFTER: Duration = Duration::hours(24);
/// Keys of a folder; who rotates every hour does not need more.
const KEYS_MAX: usize = 32;

/// A folder with keys.
#[derive(Debug, Clone)]
pub struct KeyFolder(PathBuf);

/// The keys of a folder, oldest first.
#[derive(Debug, Clone)]
pub struct KeyRing(Vec<StampedKey>);

/// A key, and when it was made.
#[derive(Debug, Clone)]
pub struct StampedKey {
    /// When it was made.
    pub made_at: DateTime<Utc>,
    /// The key.
    pub key: SigningKey,
    file: PathBuf,
}

/// What a key is good for now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// Verifiers learn of it; it will sign.
    Announced,
    /// New tokens are signed with it.
    Signs,
    /// Older tokens of it still count.
    Verifies,
    /// No token of it can live any more.
    Gone,
}

impl KeyFolder {
    /// The folder at this path.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// The file with the public halves.
    #[must_use]
    pub fn jwks_file(&self) -> PathBuf {
        self.0.join("jwks.json")
    }

    /// The keys that are there, without those that are gone.
    ///
    /// # Errors
    /// When the folder cannot be read, a key is damaged, or there is none.
    pub fn load(&self, now: DateTime<Utc>) -> Result<KeyRing> {
        let mut keys = Vec::new();
        let entries = std::fs::read_dir(&self.0).with_context(|| format!("{} cannot be read", self.0.display()))?;
        for entry in entries.flatten() {
            if let Some(made_at) = made_at(&entry.path()) {
                let file = entry.path();
                let pem =
                    std::fs::read_to_string(&file).with_context(|| format!("{} cannot be read", file.display()))?;
                let key = SigningKey::from_pem(&pem).with_context(|| format!("{} is damaged", file.display()))?;
                keys.push(StampedKey { made_at, key, file });
            }
        }
        if keys.is_empty() || keys.len() > KEYS_MAX {
            bail!(
                "{} has {} keys (`aris keys rotate` makes one); 1 to {KEYS_MAX} are taken",
                self.0.display(),
                keys.len()
            );
        }
        keys.sort_by_key(|it| it.made_at);
        let mut ring = KeyRing(keys);
        let uses: Vec<_> = (0..ring.0.len()).map(|index| ring.use_of(index, now)).collect();
        let mut uses = uses.into_iter();
        ring.0.retain(|_| uses.next() != Some(Use::Gone));
        Ok(ring)
    }

    /// The same, and brings the file of the public halves up to date: a key that is gone is verified with no more.
    ///
    /// # Errors
    /// As [`Self::load`], and when nothing can be written.
    pub fn refresh(&self, now: DateTime<Utc>) -> Result<KeyRing> {
        let ring = self.load(now)?;
        self.publish(&ring)?;
        Ok(ring)
    }

    /// The same; makes the folder and its first key where there is none.
    ///
    /// # Errors
    /// As [`Self::load`], and when nothing can be written.
    pub fn load_or_make(&self, now: DateTime<Utc>) -> Result<KeyRing> {
        std::fs::create_dir_all(&self.0).with_context(|| format!("{} cannot be made", self.0.display()))?;
        if !std::fs::read_dir(&self.0)?.flatten().any(|entry| made_at(&entry.path()).is_some()) {
            // Somebody else may do the same: the file that is there first is taken.
            let _ = write_new(&self.0.join("signing.pem"), &SigningKey::generate()?.to_pem());
        }
        self.refresh(now)
    }

    /// Adds a key, which signs after [`SIGNS_AFTER`], and deletes those that are gone.
    ///
    /// # Errors
    /// When the folder cannot be read or written.
    pub fn rotate(&self, now: DateTime<Utc>) -> Result<KeyRing> {
        let before = self.load_or_make(now)?;
        if before.uses(now).any(|(_, use_)| use_ == Use::Announced) {
            bail!("a new key is on its way already: it signs within {} minutes", SIGNS_AFTER.num_minutes());
        }
        let file = self.0.join(format!("signing-{}.pem", now.timestamp()));
        write_new(&file, &SigningKey::generate()?.to_pem()).with_context(|| format!("{}", file.display()))?;
        let ring = self.load(now)?;
        for entry in std::fs::read_dir(&self.0)?.flatten() {
            let path = entry.path();
            if made_at(&path).is_some() && ring.0.iter().all(|it| it.file != path) {
                std::fs::remove_file(&path).with_context(|| format!("{} cannot be removed", path.display()))?;
            }
        }
        self.publish(&ring)?;
        Ok(ring)
    }

    /// Writes the public halves as a whole, if they are not what stands there.
    fn publish(&self, ring: &KeyRing) -> Result<()> {
        let (file, jwks) = (self.jwks_file(), ring.jwks_json());
        if std::fs::read_to_string(&file).is_ok_and(|there| there == jwks) {
            return Ok(());
        }
        let draft = file.with_extension(format!("draft-{}", std::process::id()));
        std::fs::write(&draft, jwks).with_context(|| format!("{} cannot be written", draft.display()))?;
        std::fs::rename(&draft, &file).with_context(|| format!("{} cannot be written", file.display()))
    }
}

impl KeyRing {
    /// The key that signs now.
    #[must_use]
    pub fn signing(&self, now: DateTime<Utc>) -> &SigningKey {
        &self.0[self.signing_index(now)].key
    }

    /// Each key with its use, oldest first.
    pub fn uses(&self, now: DateTime<Utc>) -> impl Iterator<Item = (&StampedKey, Use)> {
        self.0.iter().enumerate().map(move |(index, key)| (key, self.use_of(index, now)))
    }

    /// The public halves as a JWKS document.
    #[must_use]
    pub fn jwks_json(&self) -> String {
        key_set(self.0.iter().map(|it| &it.key))
    }

    /// The newest that everybody knows; at the very start the only one there is.
    fn signing_index(&self, now: DateTime<Utc>) -> usize {
        self.0.iter().rposition(|it| it.made_at + SIGNS_AFTER <= now).unwrap_or(0)
    }

    fn use_of(&self, index: usize, now: DateTime<Utc>) -> Use {
        let signing = self.signing_index(now);
        let superseded = self.0.get(index + 1).map(|next| next.made_at + SIGNS_AFTER);
        match superseded {
            _ if index == signing => Use::Signs,
            _ if index > signing => Use::Announced,
            Some(since) if since + GOES_AFTER <= now => Use::Gone,
            _ => Use::Verifies,
        }
    }
}

/// When the key of this name was made; `None` where it is no key.
fn made_at(path: &Path) -> Option<DateTime<Utc>> {
    let name = path.file_name()?.to_str()?.strip_suffix(".pem")?;
    let seconds = if name == "signing" { 0 } else { name.strip_prefix("signing-")?.parse().ok()? };
    DateTime::from_timestamp(seconds, 0)
}

/// A file that only its owner reads.
fn write_new(path: &Path, text: &str) -> std::io::Result<()> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests;
