//! The state of a restaurant.

use super::{
    CreateRestaurant, ReissueTableCode, RestaurantEvent, Station, Table, create::create,
    reissue_table_code::reissue_table_code,
};
use crate::{
    aggregate::aggregate,
    ids::{MenuId, TableId},
    money::Currency,
    refusal::Refusal,
    station::StationKey,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The issue of the code that a table has from the start.
const FIRST_ISSUE: u32 = 1;

/// A restaurant, folded from its events.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub enum Restaurant {
    /// Nobody created it.
    #[default]
    Absent,
    /// It exists.
    Active(Settings),
}

/// What is known of a restaurant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// The name on the door.
    pub name: String,
    /// The currency of every price.
    pub currency: Currency,
    /// The IANA name of the time zone.
    pub time_zone: String,
    /// Whether prices contain their tax.
    pub prices_include_tax: bool,
    /// The menu that was made with the restaurant.
    pub menu_id: MenuId,
    /// Where food and drinks are made.
    pub stations: Vec<Station>,
    /// Where guests sit.
    pub tables: Vec<Table>,
    /// Tables whose printed code is not their first, and which one it is.
    pub code_issues: BTreeMap<TableId, u32>,
}

/// What can be asked of a restaurant.
#[derive(Debug, Clone, PartialEq)]
pub enum RestaurantCommand {
    /// Create it.
    Create(CreateRestaurant),
    /// Give a table a new printed code.
    ReissueTableCode(ReissueTableCode),
}

aggregate!(Restaurant, "restaurant", RestaurantCommand, RestaurantEvent);

impl Restaurant {
    /// Decides one command: the events that follow from it, or why not.
    ///
    /// # Errors
    /// The rule that says no.
    pub fn decide(&self, command: RestaurantCommand) -> Result<Vec<RestaurantEvent>, Refusal> {
        match command {
            RestaurantCommand::Create(command) => create(self, command),
            RestaurantCommand::ReissueTableCode(command) => reissue_table_code(self, &command),
        }
    }

    pub(super) fn fold(&mut self, event: RestaurantEvent) {
        match event {
            RestaurantEvent::Created(it) => {
                *self = Self::Active(Settings {
                    name: it.name,
                    currency: it.currency,
                    time_zone: it.time_zone,
                    prices_include_tax: it.prices_include_tax,
                    menu_id: it.menu_id,
                    stations: it.stations,
                    tables: it.tables,
                    code_issues: BTreeMap::new(),
                });
            }
            RestaurantEvent::TableCodeReissued(it) => {
                if let Self::Active(settings) = self {
                    settings.code_issues.insert(it.table_id, it.issue);
                }
            }
        }
    }

    /// The settings of a restaurant that exists.
    ///
    /// # Errors
    /// `NotFound` when nobody created it.
    pub fn active(&self) -> Result<&Settings, Refusal> {
        self.settings().ok_or(Refusal::NotFound)
    }

    fn settings(&self) -> Option<&Settings> {
        match self {
            Self::Absent => None,
            Self::Active(settings) => Some(settings),
        }
    }

    /// Whether it exists.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.settings().is_some()
    }

    /// The name on the door.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.settings().map(|it| it.name.as_str())
    }

    /// The currency of every price.
    #[must_use]
    pub fn currency(&self) -> Option<Currency> {
        self.settings().map(|it| it.currency)
    }

    /// The IANA name of the time zone.
    #[must_use]
    pub fn time_zone(&self) -> Option<&str> {
        self.settings().map(|it| it.time_zone.as_str())
    }

    /// Whether prices contain their tax.
    #[must_use]
    pub fn prices_include_tax(&self) -> Option<bool> {
        self.settings().map(|it| it.prices_include_tax)
    }

    /// The menu.
    #[must_use]
    pub fn menu_id(&self) -> Option<MenuId> {
        self.settings().map(|it| it.menu_id)
    }

    /// Where food and drinks are made.
    #[must_use]
    pub fn stations(&self) -> &[Station] {
        self.settings().map_or(&[], |it| &it.stations)
    }

    /// Whether there is such a station.
    #[must_use]
    pub fn has_station(&self, key: &StationKey) -> bool {
        self.stations().iter().any(|station| station.key == *key)
    }

    /// Where guests sit.
    #[must_use]
    pub fn tables(&self) -> &[Table] {
        self.settings().map_or(&[], |it| &it.tables)
    }

    /// The table with this id.
    #[must_use]
    pub fn table(&self, id: TableId) -> Option<&Table> {
        self.tables().iter().find(|table| table.table_id == id)
    }

    /// Which issue of this table's printed code counts; nothing where there is no such table.
    #[must_use]
    pub fn code_issue(&self, id: TableId) -> Option<u32> {
        self.table(id)?;
        Some(self.settings()?.code_issues.get(&id).copied().unwrap_or(FIRST_ISSUE))
    }

    /// About how many bytes this takes in memory.
    #[must_use]
    pub fn size_estimate(&self) -> usize {
        let texts = self.name().map_or(0, str::len) + self.time_zone().map_or(0, str::len);
        let station = |it: &Station| size_of::<Station>() + it.key.as_str().len() + it.name.len();
        let table = |it: &Table| size_of::<Table>() + it.label.len();
        let issues = self.settings().map_or(0, |it| it.code_issues.len());
        size_of::<Self>()
            + texts
            + issues * size_of::<(TableId, u32)>()
            + self.stations().iter().map(station).sum::<usize>()
            + self.tables().iter().map(table).sum::<usize>()
    }
}
