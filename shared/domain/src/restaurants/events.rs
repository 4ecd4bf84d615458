//! What happens to a restaurant.

#[cfg(feature = "schema")]
use crate::limits::{NAME_CHARS_MAX, SEATS_MAX, STATIONS_MAX, TABLE_LABEL_CHARS_MAX, TABLES_MAX};
use crate::{
    claims::ClaimChange,
    event::events,
    ids::{MenuId, TableId},
    money::Currency,
    station::StationKey,
};
use serde::{Deserialize, Serialize};

events! {
    /// What happens to a restaurant.
    RestaurantEvent {
        /// The restaurant exists, with its stations and tables.
        Created(RestaurantCreated) = "restaurant.created",
        /// A table has a new printed code; the old one is worthless.
        TableCodeReissued(TableCodeReissued) = "table-code.reissued",
    }
}

/// `restaurant.created`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RestaurantCreated {
    /// The name on the door.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = NAME_CHARS_MAX)))]
    pub name: String,
    /// The currency of every price.
    pub currency: Currency,
    /// The IANA name of the time zone, such as `Europe/Madrid`.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = "^[A-Za-z][A-Za-z0-9_+/-]{0,63}$")))]
    pub time_zone: String,
    /// Whether prices contain their tax.
    pub prices_include_tax: bool,
    /// The menu that is made with the restaurant.
    pub menu_id: MenuId,
    /// Where food and drinks are made.
    #[cfg_attr(feature = "schema", schemars(length(max = STATIONS_MAX)))]
    pub stations: Vec<Station>,
    /// Where guests sit.
    #[cfg_attr(feature = "schema", schemars(length(max = TABLES_MAX)))]
    pub tables: Vec<Table>,
}

/// A station of a kitchen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Station {
    /// The slug that names it everywhere.
    pub key: StationKey,
    /// What people call it.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = NAME_CHARS_MAX)))]
    pub name: String,
}

/// A table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Table {
    /// Its id.
    pub table_id: TableId,
    /// What stands on it, such as `12` or `Terrace 3`.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = TABLE_LABEL_CHARS_MAX)))]
    pub label: String,
    /// How many people it seats.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = SEATS_MAX)))]
    pub seats: u16,
}

/// `table-code.reissued`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TableCodeReissued {
    /// The table.
    pub table_id: TableId,
    /// The issue that counts from now on; the first code of a table has 1.
    #[cfg_attr(feature = "schema", schemars(range(min = 2)))]
    pub issue: u32,
}

impl RestaurantEvent {
    pub(crate) fn claims(&self) -> Vec<ClaimChange> {
        match self {
            Self::Created(_) | Self::TableCodeReissued(_) => Vec::new(),
        }
    }
}
