//! Texts that people write: parsed once at the edge, trusted afterwards.

use crate::limits::{NAME_CHARS_MAX, NOTE_CHARS_MAX, TABLE_LABEL_CHARS_MAX};
use serde::{Deserialize, Serialize};

/// Why a text is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Empty, or nothing but white space.
    #[error("must not be blank")]
    Blank,
    /// More characters than allowed.
    #[error("must have at most {max} characters")]
    TooLong {
        /// How many are allowed.
        max: usize,
    },
    /// A character that no screen can show.
    #[error("must not contain control characters")]
    ControlCharacter,
}

/// White space around a text is no part of it.
fn parse(text: &str, max: usize, allowed_control: &[char]) -> Result<String, TextError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(TextError::Blank);
    }
    if text.chars().count() > max {
        return Err(TextError::TooLong { max });
    }
    if text.chars().any(|c| c.is_control() && !allowed_control.contains(&c)) {
        return Err(TextError::ControlCharacter);
    }
    Ok(text.to_owned())
}

macro_rules! text {
    ($($(#[$doc:meta])* $name:ident: $max:expr, $allowed_control:expr);* $(;)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String")]
        pub struct $name(String);

        impl $name {
            /// Trims and checks a text.
            ///
            /// # Errors
            /// What is wrong with it, in words for the person who sent it.
            pub fn parse(text: &str) -> Result<Self, TextError> {
                parse(text, $max, $allowed_control).map(Self)
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = TextError;

            fn try_from(text: String) -> Result<Self, TextError> {
                Self::parse(&text)
            }
        }

        impl std::str::FromStr for $name {
            type Err = TextError;

            fn from_str(text: &str) -> Result<Self, TextError> {
                Self::parse(text)
            }
        }

        impl From<$name> for String {
            fn from(text: $name) -> Self {
                text.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

text! {
    /// What a restaurant, a station or an item is called.
    Name: NAME_CHARS_MAX, &[];
    /// A wish or a reason in words; it may have several lines.
    Note: NOTE_CHARS_MAX, &['\n'];
    /// What stands on a table.
    Label: TABLE_LABEL_CHARS_MAX, &[];
}

#[cfg(test)]
mod tests {
    use super::{Label, Name, Note, TextError};

    #[test]
    fn white_space_around_a_text_is_no_part_of_it() {
        assert_eq!(Name::parse("  Crème brûlée\n").unwrap().as_str(), "Crème brûlée");
    }

    #[test]
    fn a_blank_text_is_refused() {
        for blank in ["", " ", "\t\n", "\u{3000}"] {
            assert_eq!(Name::parse(blank), Err(TextError::Blank));
        }
    }

    #[test]
    fn length_is_counted_in_characters_not_bytes() {
        assert!(Name::parse(&"ñ".repeat(80)).is_ok());
        assert_eq!(Name::parse(&"ñ".repeat(81)), Err(TextError::TooLong { max: 80 }));
        assert!(Label::parse(&"テ".repeat(16)).is_ok());
        assert_eq!(Label::parse(&"テ".repeat(17)), Err(TextError::TooLong { max: 16 }));
        assert!(Note::parse(&"x".repeat(200)).is_ok());
        assert_eq!(Note::parse(&"x".repeat(201)), Err(TextError::TooLong { max: 200 }));
    }

    #[test]
    fn control_characters_are_refused_but_a_note_may_have_lines() {
        assert_eq!(Name::parse("a\nb"), Err(TextError::ControlCharacter));
        assert_eq!(Note::parse("a\u{7}b"), Err(TextError::ControlCharacter));
        assert!(Note::parse("no onions\nextra napkins").is_ok());
    }

    #[test]
    fn a_text_read_from_json_is_checked_too() {
        assert_eq!(serde_json::from_str::<Label>("\" 12 \"").unwrap(), Label::parse("12").unwrap());
        assert!(serde_json::from_str::<Label>("\"\"").unwrap_err().to_string().contains("must not be blank"));
    }
}
