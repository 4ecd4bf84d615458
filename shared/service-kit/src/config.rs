//! Settings from the environment.

use messaging::{Copies, Namespace};
use std::{env, fmt};

/// A setting that must be there is not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The variable is not set, or empty.
    #[error("{0} is not set")]
    Missing(&'static str),
    /// The variable has a value that makes no sense.
    #[error("{name} is `{value}`, which is no {expected}")]
    Invalid {
        /// The variable.
        name: &'static str,
        /// Its value.
        value: String,
        /// What it should be.
        expected: &'static str,
    },
}

/// The variable, or a default where it is not set or empty.
#[must_use]
pub fn env_or(name: &'static str, default: &str) -> String {
    set(name).unwrap_or_else(|| default.to_owned())
}

/// The variable.
///
/// # Errors
/// `Missing`.
pub fn env_required(name: &'static str) -> Result<String, ConfigError> {
    set(name).ok_or(ConfigError::Missing(name))
}

/// The variable as a number (or whatever can be read from a text), or a default.
///
/// # Errors
/// `Invalid`.
pub fn env_parsed<T: std::str::FromStr>(
    name: &'static str,
    default: T,
    expected: &'static str,
) -> Result<T, ConfigError> {
    match set(name) {
        None => Ok(default),
        Some(value) => value.parse().map_err(|_| ConfigError::Invalid { name, value, expected }),
    }
}

/// Where this installation's messages are on NATS: `ARIS_NATS_PREFIX`, nothing by default, and
/// `ARIS_NATS_REPLICAS`, the copies that a cluster keeps, 1 by default.
///
/// # Errors
/// `Invalid`.
pub fn namespace() -> Result<Namespace, ConfigError> {
    let copies = env_parsed("ARIS_NATS_REPLICAS", Copies::One, "number of copies: 1, 3 or 5")?;
    Ok(Namespace::new(&env_or("ARIS_NATS_PREFIX", "")).with_copies(copies))
}

fn set(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// A text that is never printed: an address with a password in it, say.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The text itself.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests {
    use super::{ConfigError, Secret, env_parsed, env_required};

    #[test]
    fn a_secret_is_never_printed() {
        let secret = Secret::from("mysql://u:password@h/db");
        assert_eq!(format!("{secret:?}"), "[redacted]");
        assert!(secret.expose().contains("password"));
    }

    #[test]
    fn a_setting_that_must_be_there_is_asked_for_by_name() {
        assert_eq!(env_required("ARIS_NO_SUCH"), Err(ConfigError::Missing("ARIS_NO_SUCH")));
        assert_eq!(env_parsed("ARIS_NO_SUCH", 7_u16, "port"), Ok(7));
    }
}
