//! Names of time zones.

use serde::{Deserialize, Serialize};

/// The longest name of a time zone in bytes.
const BYTES_MAX: usize = 64;

/// A text of the shape of an IANA time zone, such as `Europe/Madrid`.
///
/// Only the shape is checked: which zones exist changes several times a year, and a rule must give
/// the same answer on every machine.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct TimeZoneName(String);

/// A text that cannot be the name of a time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be the name of a time zone, such as Europe/Madrid")]
pub struct InvalidTimeZone;

impl TimeZoneName {
    /// Checks the shape of a name.
    ///
    /// # Errors
    /// When it has another shape.
    pub fn parse(text: &str) -> Result<Self, InvalidTimeZone> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_+-/".contains(&byte);
        let starts_with_letter = text.starts_with(|c: char| c.is_ascii_alphabetic());
        let valid = starts_with_letter && text.len() <= BYTES_MAX && text.bytes().all(allowed) && !text.ends_with('/');
        if valid { Ok(Self(text.to_owned())) } else { Err(InvalidTimeZone) }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for TimeZoneName {
    type Error = InvalidTimeZone;

    fn try_from(text: String) -> Result<Self, InvalidTimeZone> {
        Self::parse(&text)
    }
}

impl From<TimeZoneName> for String {
    fn from(name: TimeZoneName) -> Self {
        name.0
    }
}

#[cfg(test)]
mod tests {
    use super::TimeZoneName;

    #[test]
    fn only_texts_of_the_right_shape_are_time_zones() {
        for good in ["Europe/Madrid", "UTC", "Etc/GMT+5", "America/Argentina/Buenos_Aires", "America/Port-au-Prince"] {
            assert!(TimeZoneName::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "/Madrid", "Europe/", "Europe Madrid", "+02:00", "Européen/Paris", &"a".repeat(65)] {
            assert!(TimeZoneName::parse(bad).is_err(), "{bad}");
        }
    }
}
