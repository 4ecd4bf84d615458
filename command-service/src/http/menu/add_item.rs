//! Putting a new item on the menu.

use crate::{
    access::Caller,
    command::{Command, created, extras},
    http::{answers::ItemAdded, fields},
    refusals::location_of,
    submit::{Answered, Commands, Envelope},
};
use axum::extract::State;
use domain::{
    claims::ClaimKind,
    ids::{ItemId, RestaurantId},
    menu::{self, MenuCommand, Price, item_name_claim},
    money::TaxRate,
    station::StationKey,
    text::Name,
};
use event_store::committer::{ClaimRead, Decision, Facts, Stop, StreamRead};
use serde::Deserialize;
use serde_json::json;
use service_kit::{
    access::{Allowed, rights},
    body::JsonBody,
    problem::Problem,
};
use utoipa::ToSchema;

/// A new item.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
pub(crate) struct AddItemBody {
    /// What it is called; no other item of the menu has that name.
    #[schema(value_type = String, max_length = 80, example = "Burger")]
    name: Name,
    /// The price of one, in the restaurant's currency.
    #[serde(deserialize_with = "fields::price")]
    #[schema(value_type = fields::MoneyDocument)]
    price: Price,
    /// The tax on it, in basis points: 1000 is 10 %.
    #[schema(value_type = u16, maximum = 10_000, example = 1_000)]
    tax_rate_bp: TaxRate,
    /// The key of the station where it is made.
    #[schema(value_type = String, example = "grill")]
    station: StationKey,
}

struct AddItem {
    restaurant: RestaurantId,
    item_id: ItemId,
    body: AddItemBody,
}

impl AddItem {
    fn name_claim(&self) -> String {
        item_name_claim(self.body.name.as_str())
    }
}

impl Command for AddItem {
    fn reads(&self) -> Vec<StreamRead> {
        vec![StreamRead::Existing(self.restaurant.into())]
    }

    fn claims(&self) -> Vec<ClaimRead> {
        vec![ClaimRead::Key(ClaimKind::ItemName, self.name_claim())]
    }

    fn decide(&self, facts: &Facts<'_>) -> Result<Decision, Stop> {
        let restaurant = facts.restaurant()?;
        let settings = restaurant.active()?;
        let body = self.body.clone();
        let command = menu::AddItem {
            menu_id: settings.menu_id,
            item_id: self.item_id,
            station_exists: restaurant.has_station(&body.station),
            currency: settings.currency,
            name_taken: facts.claim_owner(ClaimKind::ItemName, &self.name_claim()).is_some(),
            name: body.name,
            price: body.price,
            tax_rate_bp: body.tax_rate_bp,
            station: body.station,
        };
        let events = facts.menu(settings.menu_id)?.decide(MenuCommand::AddItem(command))?;
        let location = location_of(self.restaurant, settings.menu_id.into());
        Ok(created(settings.menu_id, events, location, extras([("item_id", json!(self.item_id))])))
    }
}

/// Add an item to the menu
///
/// It can be ordered from then on. `id` and `version` of the answer are those of the menu.
#[utoipa::path(
    post,
    path = "/v1/restaurants/{restaurant}/menu/items",
    tag = "menu",
    request_body = AddItemBody,
    responses((status = 201, description = "It was added", body = ItemAdded)),
    extensions(
        ("x-permission" = json!("menu:write")),
        ("x-problems" = json!(["already-done", "unknown-station", "currency-mismatch", "item-name-taken", "menu-full"]))
    )
)]
pub(crate) async fn add_item(
    State(commands): State<Commands>,
    allowed: Allowed<rights::MenuWrite>,
    envelope: Envelope,
    body: JsonBody<AddItemBody>,
) -> Result<Answered, Problem> {
    let caller = Caller::from(allowed);
    let item_id = envelope.ids(&caller).id("item", 0).into();
    let command = AddItem { restaurant: caller.restaurant, item_id, body: body.value };
    commands.submit(caller, envelope, &body.raw, command).await
}
