//! Creating a restaurant, with all its stations and tables.

use crate::{
    access::{Caller, Founder},
    command::{Command, created, extras},
    http::answers::RestaurantCreated,
    refusals::location_of,
    submit::{Answered, Commands, Envelope},
};
use axum::extract::State;
use domain::{
    ids::{IdSource, RestaurantId},
    money::Currency,
    restaurants::{
        CreateRestaurant, LayoutError, Restaurant, RestaurantCommand, Station, Stations, Table, Tables, TimeZoneName,
    },
    station::StationKey,
    text::{Label, Name},
};
use event_store::committer::{Decision, Facts, Stop, StreamRead};
use serde::Deserialize;
use serde_json::json;
use service_kit::{body::JsonBody, problem::Problem};
use utoipa::ToSchema;

/// A new restaurant.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
pub(crate) struct CreateRestaurantBody {
    /// The name on the door.
    #[schema(value_type = String, max_length = 80, example = "Casa Lucía")]
    name: Name,
    /// The currency of every price.
    #[schema(value_type = String, pattern = "^[A-Z]{3}$", example = "EUR")]
    currency: Currency,
    /// The IANA name of the time zone.
    #[schema(value_type = String, example = "Europe/Madrid")]
    time_zone: TimeZoneName,
    /// Whether prices contain their tax; they do by default.
    #[serde(default = "yes")]
    prices_include_tax: bool,
    /// Where food and drinks are made; at most 32.
    stations: Vec<StationBody>,
    /// Where guests sit; at most 500.
    tables: Vec<TableBody>,
}

/// A station of a new restaurant.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
pub(crate) struct StationBody {
    /// The slug that names it everywhere, for ever.
    #[schema(value_type = String, pattern = "^[a-z0-9][a-z0-9-]{0,31}$", example = "grill")]
    key: StationKey,
    /// What people call it.
    #[schema(value_type = String, max_length = 80, example = "Grill")]
    name: Name,
}

/// A table of a new restaurant.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
pub(crate) struct TableBody {
    /// What stands on it.
    #[schema(value_type = String, max_length = 16, example = "12")]
    label: Label,
    /// How many people it seats.
    #[schema(minimum = 1, maximum = 200, example = 4)]
    seats: u16,
}

fn yes() -> bool {
    true
}

impl CreateRestaurantBody {
    fn into_command(self, ids: &IdSource) -> Result<CreateRestaurant, Problem> {
        let stations = self.stations.into_iter().map(|it| Station { key: it.key, name: it.name.into() });
        let tables = (0..).zip(self.tables).map(|(index, it)| Table {
            table_id: ids.id("table", index).into(),
            label: it.label.into(),
            seats: it.seats,
        });
        Ok(CreateRestaurant {
            name: self.name,
            currency: self.currency,
            time_zone: self.time_zone,
            prices_include_tax: self.prices_include_tax,
            menu_id: ids.id("menu", 0).into(),
            stations: Stations::parse(stations.collect()).map_err(wrong_field)?,
            tables: Tables::parse(tables.collect()).map_err(wrong_field)?,
        })
    }
}

fn wrong_field(error: LayoutError) -> Problem {
    Problem::invalid_field(error.pointer, error.problem.to_string())
}

struct Create {
    restaurant: RestaurantId,
    command: CreateRestaurant,
}

impl Command for Create {
    fn reads(&self) -> Vec<StreamRead> {
        vec![StreamRead::New(self.restaurant.into())]
    }

    fn decide(&self, facts: &Facts<'_>) -> Result<Decision, Stop> {
        let restaurant: &Restaurant = facts.restaurant_by_id(self.restaurant)?;
        let events = restaurant.decide(RestaurantCommand::Create(self.command.clone()))?;
        let tables: Vec<Table> = self.command.tables.clone().into();
        let tables = tables.iter().map(|it| json!({"table_id": it.table_id, "label": it.label}));
        let extras = extras([("menu_id", json!(self.command.menu_id)), ("tables", tables.collect())]);
        let location = location_of(self.restaurant, self.restaurant.into());
        Ok(created(self.restaurant, events, location, extras))
    }
}

/// Create a restaurant
///
/// With all its stations and tables, and an empty menu. Its id follows from the tenant, the sender
/// and the key, so that a late repeat meets the restaurant that it made.
#[utoipa::path(
    post,
    path = "/v1/restaurants",
    tag = "restaurants",
    request_body = CreateRestaurantBody,
    responses((status = 201, description = "It was created", body = RestaurantCreated)),
    extensions(("x-permission" = json!("restaurant:create")), ("x-problems" = json!(["restaurant-exists"])))
)]
pub(crate) async fn create_restaurant(
    State(commands): State<Commands>,
    Founder(principal): Founder,
    envelope: Envelope,
    body: JsonBody<CreateRestaurantBody>,
) -> Result<Answered, Problem> {
    let ids = envelope.ids_of_restaurant(principal.tenant(), principal.sub());
    let restaurant = ids.id("restaurant", 0).into();
    let command = body.value.into_command(&ids)?;
    let caller = Caller { principal, restaurant, creates_feed: true };
    commands.submit(caller, envelope, &body.raw, Create { restaurant, command }).await
}
