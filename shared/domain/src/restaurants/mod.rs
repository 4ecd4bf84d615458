//! A restaurant: its settings, stations and tables.

mod create;
mod events;
mod layout;
mod reissue_table_code;
mod restaurant;
mod time_zone;

pub use create::CreateRestaurant;
pub use events::{RestaurantCreated, RestaurantEvent, Station, Table, TableCodeReissued};
pub use layout::{LayoutError, LayoutProblem, Stations, Tables};
pub use reissue_table_code::ReissueTableCode;
pub use restaurant::{Restaurant, RestaurantCommand, Settings};
pub use time_zone::{InvalidTimeZone, TimeZoneName};
