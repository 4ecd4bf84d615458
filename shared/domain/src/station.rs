//! Stations of a kitchen: grill, bar, desserts.

use crate::limits::STATION_KEY_BYTES_MAX;
use serde::{Deserialize, Serialize};

/// The slug of a station, `[a-z0-9][a-z0-9-]{0,31}`: unique in a restaurant and immutable, so that
/// scopes, events and menu items can name it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(extend("pattern" = "^[a-z0-9][a-z0-9-]{0,31}$")))]
#[serde(try_from = "String")]
pub struct StationKey(String);

/// Why a text is no station key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a station is 1 to 32 of a-z, 0-9 and hyphen, and does not start with a hyphen")]
pub struct InvalidStation;

impl StationKey {
    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for StationKey {
    type Error = InvalidStation;

    fn try_from(text: String) -> Result<Self, InvalidStation> {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let valid = !text.is_empty()
            && text.len() <= STATION_KEY_BYTES_MAX
            && text.bytes().all(allowed)
            && !text.starts_with('-');
        if valid { Ok(Self(text)) } else { Err(InvalidStation) }
    }
}

impl std::str::FromStr for StationKey {
    type Err = InvalidStation;

    fn from_str(text: &str) -> Result<Self, InvalidStation> {
        Self::try_from(text.to_owned())
    }
}

impl From<StationKey> for String {
    fn from(key: StationKey) -> Self {
        key.0
    }
}

impl std::fmt::Display for StationKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::StationKey;

    #[test]
    fn only_slugs_are_stations() {
        for good in ["grill", "bar-2", "0", &"a".repeat(32)] {
            assert!(good.parse::<StationKey>().is_ok(), "{good}");
        }
        for bad in ["", "-grill", "Grill", "gr ill", "grill:1", "ñ", &"a".repeat(33)] {
            assert!(bad.parse::<StationKey>().is_err(), "{bad}");
        }
    }
}
