//! What a first start makes, over the public API: a business, the people who work for it, and its restaurant.

mod api;
mod business;
mod mailbox;
mod restaurant;

use crate::local::{DemoLogins, DemoRestaurant, Endpoints};
use anyhow::Result;
use api::Api;
use local_servers::{Progress, TerminalProgress};
use std::path::Path;

/// Makes it unless this installation has one. A start that was cut off goes on where it was: every request
/// has the same key as before, and who has joined already logs in.
pub(super) async fn create(local: &Path, endpoints: &Endpoints) -> Result<()> {
    if DemoRestaurant::exists(local) {
        return Ok(());
    }
    let logins = DemoLogins::make(local)?;
    TerminalProgress.step("making the demo restaurant");
    let api = Api::new(endpoints)?;
    let owner = business::sign_up(&api, local, &logins).await?;
    let restaurant = restaurant::create(&api, &owner).await?;
    TerminalProgress.step("inviting the people who work there");
    business::hire(&api, local, &logins, &owner, restaurant.restaurant_id).await?;
    restaurant.write(local)?;
    TerminalProgress.done("the demo restaurant is open");
    Ok(())
}
