//! How many of an item a line asks for.

use crate::limits::QUANTITY_MAX;
use serde::{Deserialize, Serialize};

/// 1 to 999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct Quantity(u32);

/// A number that is no quantity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to {QUANTITY_MAX}")]
pub struct InvalidQuantity;

impl TryFrom<u32> for Quantity {
    type Error = InvalidQuantity;

    fn try_from(number: u32) -> Result<Self, InvalidQuantity> {
        if (1..=QUANTITY_MAX).contains(&number) { Ok(Self(number)) } else { Err(InvalidQuantity) }
    }
}

impl From<Quantity> for u32 {
    fn from(quantity: Quantity) -> Self {
        quantity.0
    }
}

#[cfg(test)]
mod tests {
    use super::Quantity;

    #[test]
    fn a_line_asks_for_1_to_999() {
        for (number, valid) in [(0, false), (1, true), (999, true), (1_000, false), (u32::MAX, false)] {
            assert_eq!(Quantity::try_from(number).is_ok(), valid, "{number}");
        }
    }
}
