//! One thing on a menu.

use crate::{
    money::{Currency, Money, MoneyError, TaxRate},
    station::StationKey,
};
use serde::{Deserialize, Serialize};

/// An item as it stands on the menu now. Orders copy it, so that later changes do not touch them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MenuItem {
    /// What it is called.
    pub name: String,
    /// The price of one.
    pub price: Money,
    /// The tax on it.
    pub tax_rate_bp: TaxRate,
    /// Where it is made.
    pub station: StationKey,
    /// Whether guests can order it; false while it is withdrawn.
    pub available: bool,
}

/// The price of an item: money that is not negative, or ordering would pay the guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Price(Money);

impl Price {
    /// Checks a price.
    ///
    /// # Errors
    /// `TooLarge` or `Negative`.
    pub fn new(amount: i64, currency: Currency) -> Result<Self, MoneyError> {
        let money = Money::new(amount, currency)?;
        if money.amount < 0 { Err(MoneyError::Negative) } else { Ok(Self(money)) }
    }
}

impl TryFrom<Money> for Price {
    type Error = MoneyError;

    fn try_from(money: Money) -> Result<Self, MoneyError> {
        Self::new(money.amount, money.currency)
    }
}

impl From<Price> for Money {
    fn from(price: Price) -> Self {
        price.0
    }
}
