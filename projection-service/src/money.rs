//! Money in answers.

use serde::Serialize;
use utoipa::ToSchema;

/// An amount in minor units of a currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Money)]
pub(crate) struct MoneyAnswer {
    /// Minor units: 1250 is 12.50 EUR.
    pub(crate) amount: i64,
    /// Three letters of ISO 4217.
    pub(crate) currency: String,
}
