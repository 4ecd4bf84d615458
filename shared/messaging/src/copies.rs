//! How often a cluster keeps what is stored.

use std::{fmt, str::FromStr};

/// How many servers of a cluster keep a stream. With three, one of them may be gone; with five, two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Copies {
    /// One: for a server by itself.
    #[default]
    One,
    /// Three, in a cluster of three or more.
    Three,
    /// Five, in a cluster of five or more.
    Five,
}

impl Copies {
    /// The number.
    #[must_use]
    pub fn number(self) -> usize {
        match self {
            Self::One => 1,
            Self::Three => 3,
            Self::Five => 5,
        }
    }
}

/// A number of copies that nobody should have: an even one survives no more than the odd one below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the number of copies is 1, 3 or 5")]
pub struct InvalidCopies;

impl FromStr for Copies {
    type Err = InvalidCopies;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let all = [Self::One, Self::Three, Self::Five];
        all.into_iter().find(|copies| copies.to_string() == text).ok_or(InvalidCopies)
    }
}

impl fmt::Display for Copies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.number().fmt(f)
    }
}

#[test]
fn only_one_three_and_five_are_numbers_of_copies() {
    for good in ["1", "3", "5"] {
        assert_eq!(good.parse::<Copies>().map(|copies| copies.to_string()), Ok(good.to_owned()));
    }
    for bad in ["", "0", "2", "4", "03", "three"] {
        assert_eq!(bad.parse::<Copies>(), Err(InvalidCopies), "{bad}");
    }
}
