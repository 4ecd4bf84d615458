//! What clients get from the restaurants view.

use crate::{money::MoneyAnswer, read::Stand};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// A restaurant with its stations and tables.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RestaurantAnswer {
    /// Where the view stands.
    pub(crate) cursor: Stand,
    /// The server's clock.
    #[schema(format = DateTime)]
    pub(crate) now: String,
    /// The restaurant.
    pub(crate) id: Uuid,
    /// The name on the door.
    pub(crate) name: String,
    /// The currency of every price.
    pub(crate) currency: String,
    /// The IANA name of the time zone.
    pub(crate) time_zone: String,
    /// Where food and drinks are made.
    pub(crate) stations: Vec<StationAnswer>,
    /// Where guests sit.
    pub(crate) tables: Vec<TableAnswer>,
}

/// A station.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct StationAnswer {
    /// The slug that names it everywhere.
    pub(crate) key: String,
    /// What people call it.
    pub(crate) name: String,
}

/// A table.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TableAnswer {
    /// The table.
    pub(crate) table_id: Uuid,
    /// What stands on it.
    pub(crate) label: String,
    /// How many people it seats.
    pub(crate) seats: u16,
    /// The session of the guests who sit there now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) open_session_id: Option<Uuid>,
}

/// The menu of a restaurant.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MenuAnswer {
    /// Where the view stands.
    pub(crate) cursor: Stand,
    /// In the order in which they were added.
    pub(crate) items: Vec<Item>,
}

/// One thing on the menu.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MenuItem)]
pub(crate) struct Item {
    /// The item.
    pub(crate) item_id: Uuid,
    /// What it is called.
    pub(crate) name: String,
    /// The price of one.
    pub(crate) price: MoneyAnswer,
    /// The tax on it, in basis points.
    pub(crate) tax_rate_bp: u16,
    /// Where it is made.
    pub(crate) station: String,
    /// Whether guests can order it now.
    pub(crate) available: bool,
}

/// A table session: guests at a table.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SessionAnswer {
    /// Where the view stands.
    pub(crate) cursor: Stand,
    /// The session.
    pub(crate) session_id: Uuid,
    /// The table.
    pub(crate) table_id: Uuid,
    /// What stands on the table.
    pub(crate) table_label: String,
    /// open or closed.
    pub(crate) state: &'static str,
    /// When the guests sat down.
    #[schema(format = DateTime)]
    pub(crate) opened_at: String,
    /// When they left.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    pub(crate) closed_at: Option<String>,
    /// In the order in which they joined.
    pub(crate) diners: Vec<DinerAnswer>,
    /// Who waits to be let in, in the order in which they asked.
    pub(crate) join_requests: Vec<JoinRequest>,
}

/// Who waits to be let in, at all tables.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct JoinRequestsAnswer {
    /// Where the view stands.
    pub(crate) cursor: Stand,
    /// The server's clock.
    #[schema(format = DateTime)]
    pub(crate) now: String,
    /// In the order in which they asked, at most 100.
    pub(crate) join_requests: Vec<JoinRequest>,
}

/// Somebody who scanned the code of a table and waits to be let in.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct JoinRequest {
    /// The session.
    pub(crate) session_id: Uuid,
    /// Who they will be.
    pub(crate) diner_id: Uuid,
    /// What stands on the table.
    pub(crate) table_label: String,
    /// What their screen shows.
    pub(crate) mark: String,
    /// When they asked.
    #[schema(format = DateTime)]
    pub(crate) requested_at: String,
    /// Until when they can be let in.
    #[schema(format = DateTime)]
    pub(crate) expires_at: String,
}

/// A guest of a session: an id and a number, never a name.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Diner)]
pub(crate) struct DinerAnswer {
    /// The `sub` of their token.
    pub(crate) diner_id: Uuid,
    /// 1 for the first who joined.
    pub(crate) number: u8,
    /// When they left the others.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    pub(crate) left_at: Option<String>,
}
