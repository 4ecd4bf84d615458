//! Fields of bodies that need more than their type.

use domain::{limits::ORDER_LINES_MAX, menu::Price, money::Money};
use serde::{Deserialize, Deserializer, de::Error};
use utoipa::ToSchema;

/// An amount of money.
#[derive(Debug, serde::Serialize, ToSchema)]
#[schema(as = Money)]
pub(crate) struct MoneyDocument {
    /// Minor units: 1250 is 12.50 EUR.
    #[schema(example = 1250, minimum = 0, maximum = 1_000_000_000_000_i64)]
    amount: i64,
    /// The currency, three capital letters.
    #[schema(example = "EUR", pattern = "^[A-Z]{3}$")]
    currency: String,
}

/// A price: money that is not negative and not beyond the bound.
pub(crate) fn price<'de, D: Deserializer<'de>>(from: D) -> Result<Price, D::Error> {
    Price::try_from(Money::deserialize(from)?).map_err(Error::custom)
}

/// 1 to 100 lines.
pub(crate) fn lines<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Vec<T>, D::Error> {
    let lines = Vec::deserialize(from)?;
    if (1..=ORDER_LINES_MAX).contains(&lines.len()) {
        Ok(lines)
    } else {
        Err(Error::custom(format_args!("must have 1 to {ORDER_LINES_MAX} entries, not {}", lines.len())))
    }
}
