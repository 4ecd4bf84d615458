//! A restaurant: its settings, stations and tables.

mod create;
mod events;
mod layout;
mod restaurant;
mod time_zone;

pub use create::CreateRestaurant;
pub use events::{RestaurantCreated, RestaurantEvent, Station, Table};
pub use layout::{LayoutError, LayoutProblem, Stations, Tables};
pub use restaurant::{Restaurant, RestaurantCommand, Settings};
pub use time_zone::{InvalidTimeZone, TimeZoneName};
