//! Offering a withdrawn item again.

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

struct RestoreItem {
    restaurant: RestaurantId,
    item_id: ItemId,
}

impl Command for RestoreItem {
    fn reads(&self) -> Vec<StreamRead> {
        vec![StreamRead::Existing(self.restaurant.into())]
    }

    fn decide(&self, facts: &Facts<'_>) -> Result<Decision, Stop> {
        let menu_id = facts.restaurant()?.active()?.menu_id;
        let command = MenuCommand::RestoreItem(menu::RestoreItem { item_id: self.item_id });
        Ok(done(menu_id, facts.menu(menu_id)?.decide(command)?))
    }
}

/// Restore an item
///
/// It can be ordered again.
#[utoipa::path(
    post,
    path = "/v1/restaurants/{restaurant}/menu/items/{item}/restore",
    tag = "menu",
    responses((status = 200, description = "It was restored", body = Done)),
    extensions(("x-permission" = json!("menu:write")), ("x-problems" = json!(["item-available"])))
)]
pub(crate) async fn restore_item(
    State(commands): State<Commands>,
    allowed: Allowed<rights::MenuWrite>,
    InPath(item_id): InPath<ItemId>,
    envelope: Envelope,
    body: NoBody,
) -> Result<Answered, Problem> {
    let command = RestoreItem { restaurant: allowed.restaurant, item_id };
    commands.submit(allowed, envelope, &body.raw, command).await
}
