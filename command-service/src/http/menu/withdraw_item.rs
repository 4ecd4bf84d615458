//! Taking an item off the menu for now.

use crate::{
    command::{Command, done},
    http::answers::Done,
    submit::{Answered, Commands, Envelope},
};
use axum::extract::State;
use domain::{
    ids::{ItemId, RestaurantId},
    menu::{self, MenuCommand},
};
use event_store::committer::{Decision, Facts, Stop, StreamRead};
use service_kit::{
    access::{Allowed, rights},
    body::NoBody,
    ids::InPath,
    problem::Problem,
};

struct WithdrawItem {
    restaurant: RestaurantId,
    item_id: ItemId,
}

impl Command for WithdrawItem {
    fn reads(&self) -> Vec<StreamRead> {
        vec![StreamRead::Existing(self.restaurant.into())]
    }

    fn decide(&self, facts: &Facts<'_>) -> Result<Decision, Stop> {
        let menu_id = facts.restaurant()?.active()?.menu_id;
        let command = MenuCommand::WithdrawItem(menu::WithdrawItem { item_id: self.item_id });
        Ok(done(menu_id, facts.menu(menu_id)?.decide(command)?))
    }
}

/// Withdraw an item
///
/// It stays on the menu and cannot be ordered until it is restored.
#[utoipa::path(
    post,
    path = "/v1/restaurants/{restaurant}/menu/items/{item}/withdraw",
    tag = "menu",
    responses((status = 200, description = "It was withdrawn", body = Done)),
    extensions(("x-permission" = json!("menu:write")), ("x-problems" = json!(["item-withdrawn"])))
)]
pub(crate) async fn withdraw_item(
    State(commands): State<Commands>,
    allowed: Allowed<rights::MenuWrite>,
    InPath(item_id): InPath<ItemId>,
    envelope: Envelope,
    body: NoBody,
) -> Result<Answered, Problem> {
    let command = WithdrawItem { restaurant: allowed.restaurant, item_id };
    commands.submit(allowed, envelope, &body.raw, command).await
}
