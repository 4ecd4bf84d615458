//! Money: whole minor units of one currency. Never a float.

use crate::limits::{AMOUNT_MAX, TAX_RATE_BP_MAX};
use serde::{Deserialize, Serialize, Serializer};

/// An ISO 4217 currency code: three capital letters.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(extend("pattern" = "^[A-Z]{3}$")))]
#[serde(try_from = "String")]
pub struct Currency(#[cfg_attr(feature = "schema", schemars(with = "String"))] [u8; 3]);

/// Why something is no money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Not three capital letters.
    #[error("a currency is three capital letters, such as EUR")]
    InvalidCurrency,
    /// Over 10^12 minor units, either sign.
    #[error("an amount is at most 1000000000000 minor units")]
    TooLarge,
    /// Below zero where only a price may stand.
    #[error("a price is not negative")]
    Negative,
    /// Two currencies in one sum.
    #[error("amounts of two currencies cannot be added")]
    CurrencyMismatch,
    /// A tax rate over 100 %.
    #[error("a tax rate is 0 to 10000 basis points")]
    InvalidTaxRate,
}

impl Currency {
    /// The code as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("???")
    }
}

impl TryFrom<String> for Currency {
    type Error = MoneyError;

    fn try_from(text: String) -> Result<Self, MoneyError> {
        text.parse()
    }
}

impl std::str::FromStr for Currency {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, MoneyError> {
        match text.as_bytes() {
            [a, b, c] if [a, b, c].iter().all(|byte| byte.is_ascii_uppercase()) => Ok(Self([*a, *b, *c])),
            _ => Err(MoneyError::InvalidCurrency),
        }
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl std::fmt::Display for Currency {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::fmt::Debug for Currency {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An amount of minor units (cents) of a currency, at most 10^12 of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(try_from = "RawMoney")]
pub struct Money {
    /// Minor units: 1250 is 12.50 EUR.
    #[cfg_attr(feature = "schema", schemars(range(min = -AMOUNT_MAX, max = AMOUNT_MAX)))]
    pub amount: i64,
    /// The currency of the amount.
    pub currency: Currency,
}

/// Money as it is read, before its bound is checked.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "Money", deny_unknown_fields)]
struct RawMoney {
    amount: i64,
    currency: Currency,
}

impl TryFrom<RawMoney> for Money {
    type Error = MoneyError;

    fn try_from(raw: RawMoney) -> Result<Self, MoneyError> {
        Self::new(raw.amount, raw.currency)
    }
}

impl Money {
    /// An amount within the bound.
    ///
    /// # Errors
    /// `TooLarge` beyond 10^12 minor units.
    pub fn new(amount: i64, currency: Currency) -> Result<Self, MoneyError> {
        if amount.checked_abs().is_some_and(|size| size <= AMOUNT_MAX) {
            Ok(Self { amount, currency })
        } else {
            Err(MoneyError::TooLarge)
        }
    }

    /// Nothing, in this currency.
    #[must_use]
    pub fn zero(currency: Currency) -> Self {
        Self { amount: 0, currency }
    }

    /// The sum of both.
    ///
    /// # Errors
    /// `CurrencyMismatch`, or `TooLarge`.
    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::CurrencyMismatch);
        }
        let sum = self.amount.checked_add(other.amount).ok_or(MoneyError::TooLarge)?;
        Self::new(sum, self.currency)
    }

    /// This amount so many times.
    ///
    /// # Errors
    /// `TooLarge`.
    pub fn times(self, quantity: u32) -> Result<Self, MoneyError> {
        let product = self.amount.checked_mul(i64::from(quantity)).ok_or(MoneyError::TooLarge)?;
        Self::new(product, self.currency)
    }
}

/// A tax rate in basis points: 1000 is 10 %.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(extend("maximum" = TAX_RATE_BP_MAX)))]
#[serde(try_from = "u16", into = "u16")]
pub struct TaxRate(u16);

impl TryFrom<u16> for TaxRate {
    type Error = MoneyError;

    fn try_from(basis_points: u16) -> Result<Self, MoneyError> {
        if basis_points <= TAX_RATE_BP_MAX { Ok(Self(basis_points)) } else { Err(MoneyError::InvalidTaxRate) }
    }
}

impl From<TaxRate> for u16 {
    fn from(rate: TaxRate) -> Self {
        rate.0
    }
}

impl TaxRate {
    /// The tax that is contained in `gross`: `gross · bp / (10000 + bp)`, rounded half to even.
    #[must_use]
    pub fn included_in(self, gross: Money) -> Money {
        self.share(gross, 10_000 + i128::from(self.0))
    }

    /// The tax that comes on top of `net`: `net · bp / 10000`, rounded half to even.
    #[must_use]
    pub fn on_top_of(self, net: Money) -> Money {
        self.share(net, 10_000)
    }

    fn share(self, money: Money, whole: i128) -> Money {
        let tax = divide_half_even(i128::from(money.amount) * i128::from(self.0), whole);
        // A rate is at most 100 %, so the tax is never larger than the amount itself.
        Money { amount: i64::try_from(tax).unwrap_or(money.amount), currency: money.currency }
    }
}

/// `numerator / denominator`, rounded to the nearest whole, halves to the even one.
fn divide_half_even(numerator: i128, denominator: i128) -> i128 {
    let quotient = numerator.div_euclid(denominator);
    let twice_rest = 2 * numerator.rem_euclid(denominator);
    match twice_rest.cmp(&denominator) {
        std::cmp::Ordering::Less => quotient,
        std::cmp::Ordering::Greater => quotient + 1,
        std::cmp::Ordering::Equal => quotient + quotient.rem_euclid(2),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn eur() -> Currency {
        crate::testing::eur()
    }

    fn amounts() -> impl Strategy<Value = i64> {
        prop_oneof![-AMOUNT_MAX..=AMOUNT_MAX, -1_000_i64..=1_000, Just(AMOUNT_MAX), Just(-AMOUNT_MAX), Just(0)]
    }

    fn rates() -> impl Strategy<Value = TaxRate> {
        prop_oneof![0..=TAX_RATE_BP_MAX, Just(0), Just(TAX_RATE_BP_MAX)].prop_map(|bp| TaxRate::try_from(bp).unwrap())
    }

    /// Whether `quotient` is `numerator / denominator`, rounded half to even. Says it without dividing.
    fn is_half_even(quotient: i64, numerator: i128, denominator: i128) -> bool {
        let twice_error = 2 * (i128::from(quotient) * denominator - numerator).abs();
        twice_error < denominator || (twice_error == denominator && quotient % 2 == 0)
    }

    proptest! {
        #[test]
        fn an_amount_is_accepted_exactly_within_its_bound(amount: i64) {
            prop_assert_eq!(Money::new(amount, eur()).is_ok(), i128::from(amount).abs() <= i128::from(AMOUNT_MAX));
        }

        #[test]
        fn adding_never_loses_a_unit_and_never_leaves_the_bound(a in amounts(), b in amounts()) {
            let sum = Money::new(a, eur()).unwrap().plus(Money::new(b, eur()).unwrap());
            match sum {
                Ok(sum) => prop_assert_eq!(sum.amount, a + b),
                Err(error) => {
                    prop_assert_eq!(error, MoneyError::TooLarge);
                    prop_assert!((a + b).abs() > AMOUNT_MAX);
                }
            }
        }

        #[test]
        fn the_order_in_which_amounts_are_added_does_not_matter(parts in prop::collection::vec(-1_000_000_i64..=1_000_000, 0..50)) {
            let add = |sum: Money, part: &i64| sum.plus(Money::new(*part, eur()).unwrap()).unwrap();
            let forwards = parts.iter().fold(Money::zero(eur()), add);
            let backwards = parts.iter().rev().fold(Money::zero(eur()), add);
            prop_assert_eq!(forwards, backwards);
            prop_assert_eq!(forwards.amount, parts.iter().sum::<i64>());
        }

        #[test]
        fn a_multiple_is_the_sum_of_its_parts(amount in -10_000_i64..=10_000, quantity in 0_u32..=999) {
            let one = Money::new(amount, eur()).unwrap();
            let sum = (0..quantity).try_fold(Money::zero(eur()), |sum, _| sum.plus(one)).unwrap();
            prop_assert_eq!(one.times(quantity).unwrap(), sum);
        }

        #[test]
        fn no_multiplication_overflows(amount: i64, quantity: u32) {
            // Even an amount that no constructor would have made.
            let product = Money { amount, currency: eur() }.times(quantity);
            let exact = i128::from(amount) * i128::from(quantity);
            prop_assert_eq!(product.is_ok(), exact.abs() <= i128::from(AMOUNT_MAX));
        }

        #[test]
        fn tax_is_the_exact_share_rounded_half_to_even(amount in amounts(), rate in rates()) {
            let (money, bp) = (Money::new(amount, eur()).unwrap(), i128::from(u16::from(rate)));
            let share = i128::from(amount) * bp;
            prop_assert!(is_half_even(rate.on_top_of(money).amount, share, 10_000));
            prop_assert!(is_half_even(rate.included_in(money).amount, share, 10_000 + bp));
        }

        #[test]
        fn a_refund_carries_the_tax_of_the_sale(amount in amounts(), rate in rates()) {
            let sale = Money::new(amount, eur()).unwrap();
            let refund = Money::new(-amount, eur()).unwrap();
            prop_assert_eq!(rate.included_in(refund).amount, -rate.included_in(sale).amount);
            prop_assert_eq!(rate.on_top_of(refund).amount, -rate.on_top_of(sale).amount);
        }

        #[test]
        fn tax_never_exceeds_the_amount_nor_overflows(amount: i64, rate in rates()) {
            let money = Money { amount, currency: eur() };
            for tax in [rate.on_top_of(money), rate.included_in(money)] {
                prop_assert!(tax.amount.unsigned_abs() <= amount.unsigned_abs());
            }
        }

        #[test]
        fn money_survives_json(amount in amounts()) {
            let money = Money::new(amount, eur()).unwrap();
            let json = serde_json::to_string(&money).unwrap();
            prop_assert_eq!(serde_json::from_str::<Money>(&json).unwrap(), money);
        }
    }

    #[test]
    fn halves_go_to_the_even_neighbour() {
        let rate = TaxRate::try_from(5_000).unwrap();
        for (amount, tax) in [(1, 0), (3, 2), (5, 2), (7, 4), (-1, 0), (-3, -2), (-5, -2)] {
            assert_eq!(rate.on_top_of(Money::new(amount, eur()).unwrap()).amount, tax, "{amount}");
        }
    }

    #[test]
    fn amounts_of_two_currencies_are_not_added() {
        let dollars = Money::zero("USD".parse().unwrap());
        assert_eq!(Money::zero(eur()).plus(dollars), Err(MoneyError::CurrencyMismatch));
    }

    #[test]
    fn json_is_checked_as_it_is_read() {
        for bad in [
            r#"{"amount":1000000000001,"currency":"EUR"}"#,
            r#"{"amount":1.5,"currency":"EUR"}"#,
            r#"{"amount":"1","currency":"EUR"}"#,
            r#"{"amount":1,"currency":"eur"}"#,
            r#"{"amount":1,"currency":"EURO"}"#,
            r#"{"amount":1,"currency":"EUR","cents":0}"#,
            r#"{"amount":1}"#,
        ] {
            assert!(serde_json::from_str::<Money>(bad).is_err(), "{bad}");
        }
        assert!(serde_json::from_str::<TaxRate>("10001").is_err());
        assert!(serde_json::from_str::<TaxRate>("10000").is_ok());
    }
}
