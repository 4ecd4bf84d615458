//! Reading the version texts of the servers.

use std::fmt;

/// A version of a server, as far as the product cares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// First number.
    pub major: u32,
    /// Second number.
    pub minor: u32,
    /// Third number; 0 where the text has none.
    pub patch: u32,
}

/// The oldest MySQL that the product runs on.
pub(crate) const LEAST_MYSQL: Version = Version::new(8, 4, 0);
/// The oldest NATS server that the product runs on (batched direct get).
pub(crate) const LEAST_NATS: Version = Version::new(2, 11, 0);

impl Version {
    pub(crate) const fn new(major: u32, minor: u32, patch: u32) -> Self {
        Self { major, minor, patch }
    }

    /// Reads the numbers at the start of `text`: `8.4.5-0ubuntu1` is 8.4.5, `9.7` is 9.7.0.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let mut parts = text[..end].split('.').map(str::parse);
        let major = parts.next()?.ok()?;
        let minor = parts.next()?.ok()?;
        let patch = parts.next().and_then(Result::ok).unwrap_or(0);
        Some(Self::new(major, minor, patch))
    }

    /// Reads the version of a Debian package: `1:9.7.4-2` is 9.7.4.
    pub(crate) fn parse_package(text: &str) -> Option<Self> {
        Self::parse(text.split_once(':').map_or(text, |(_, rest)| rest))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

/// Judges what `mysqld --version` printed; the error says why that server will not do.
pub(crate) fn judge_mysqld(text: &str) -> Result<Version, String> {
    let line = text.lines().find(|l| l.contains("Ver ")).unwrap_or_default();
    // Debian's `mysqld` is MariaDB: same protocol, different locks, JSON and replication.
    if text.to_ascii_lowercase().contains("mariadb") {
        return Err(format!("is MariaDB, not MySQL ({})", line.trim()));
    }
    let version = line
        .split_once("Ver ")
        .and_then(|(_, rest)| Version::parse(rest.trim_start()))
        .ok_or_else(|| format!("printed no version that can be read: {:?}", text.trim()))?;
    at_least(version, LEAST_MYSQL)
}

/// Judges what `nats-server --version` printed; the error says why that server will not do.
pub(crate) fn judge_nats(text: &str) -> Result<Version, String> {
    let version = text
        .split_whitespace()
        .find_map(|word| Version::parse(word.trim_start_matches('v')))
        .ok_or_else(|| format!("printed no version that can be read: {:?}", text.trim()))?;
    at_least(version, LEAST_NATS)
}

fn at_least(version: Version, least: Version) -> Result<Version, String> {
    if version < least {
        return Err(format!("is version {version}, and {}.{} or newer is needed", least.major, least.minor));
    }
    Ok(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_mysql() {
        let text = "/usr/sbin/mysqld  Ver 9.7.4-2 for Linux on x86_64 ((Debian))\n";
        assert_eq!(judge_mysqld(text), Ok(Version::new(9, 7, 4)));
        let text = "/usr/sbin/mysqld  Ver 8.4.5-0ubuntu0.2 for Linux on x86_64 ((Ubuntu))";
        assert_eq!(judge_mysqld(text), Ok(Version::new(8, 4, 5)));
    }

    #[test]
    fn refuses_mariadb_whatever_its_number() {
        let text = "mysqld  Ver 10.11.14-MariaDB-0+deb12u2 for debian-linux-gnu on x86_64 (Debian 12)";
        let why = judge_mysqld(text).unwrap_err();
        assert!(why.contains("MariaDB"), "{why}");
    }

    #[test]
    fn refuses_old_mysql_and_nonsense() {
        let why = judge_mysqld("mysqld  Ver 8.0.43 for Linux on x86_64").unwrap_err();
        assert!(why.contains("8.0.43") && why.contains("8.4"), "{why}");
        assert!(judge_mysqld("hello").unwrap_err().contains("hello"));
        assert!(judge_mysqld("").is_err());
    }

    #[test]
    fn judges_nats() {
        assert_eq!(judge_nats("nats-server: v2.15.1\n"), Ok(Version::new(2, 15, 1)));
        assert_eq!(judge_nats("nats-server: 2.11.0-dev"), Ok(Version::new(2, 11, 0)));
        let why = judge_nats("nats-server: v2.9.10").unwrap_err();
        assert!(why.contains("2.9.10") && why.contains("2.11"), "{why}");
        assert!(judge_nats("nats").is_err());
    }

    #[test]
    fn reads_package_versions() {
        assert_eq!(Version::parse_package("1:9.7.4-2"), Some(Version::new(9, 7, 4)));
        assert_eq!(Version::parse_package("2.15.1-1+b3"), Some(Version::new(2, 15, 1)));
        assert_eq!(Version::parse_package("(none)"), None);
    }
}
