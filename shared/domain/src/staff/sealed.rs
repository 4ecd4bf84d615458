//! Personal data inside an event: only ever sealed.

use crate::limits::SEALED_BYTES_MAX;
use serde::{Deserialize, Serialize};

/// A name or an address that can be read only with the key of the person it is about, as base64. Rules
/// never look into it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(extend("pattern" = "^[A-Za-z0-9+/=_-]{1,1024}$")))]
#[serde(try_from = "String")]
pub struct Sealed(String);

/// A text that cannot be a sealed one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a sealed text is 1 to 1024 characters of base64")]
pub struct SealedError;

impl Sealed {
    /// The base64 text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Sealed {
    type Error = SealedError;

    fn try_from(text: String) -> Result<Self, SealedError> {
        let base64 = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=_-".contains(&byte);
        let valid = (1..=SEALED_BYTES_MAX).contains(&text.len()) && text.bytes().all(base64);
        if valid { Ok(Self(text)) } else { Err(SealedError) }
    }
}

#[cfg(test)]
mod tests {
    use super::{Sealed, SealedError};

    #[test]
    fn a_text_that_is_not_sealed_does_not_get_into_an_event() {
        for plain in ["", "ana@example.com", "Ana García", &"A".repeat(1_025)] {
            assert_eq!(Sealed::try_from(plain.to_owned()), Err(SealedError), "{plain}");
        }
        assert_eq!(Sealed::try_from("AQID+/8=".to_owned()).unwrap().as_str(), "AQID+/8=");
    }
}
