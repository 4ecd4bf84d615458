//! `aris migrate`

use crate::cli::Migrate;
use anyhow::{Context, Result};
use event_store::pool::primary_url;
use migrations::{Schemas, provision};
use std::time::Duration;

/// How long the servers of a group may take to say which of them is the primary.
const FOUND_WITHIN: Duration = Duration::from_secs(10);

pub(crate) async fn run(options: Migrate) -> Result<()> {
    let schemas = Schemas {
        events: options.events_schema,
        views: options.views_schema,
        identity: options.identity_schema,
        user_prefix: options.user_prefix,
        password: options.password,
    };
    let admin_url = primary_url(&options.admin_url, FOUND_WITHIN).await.context("ARIS_ADMIN_URL")?;
    provision(&admin_url, &schemas).await.context("the schemas could not be brought up to date")?;
    let Schemas { events, views, identity, .. } = &schemas;
    println!("schemas `{events}`, `{views}` and `{identity}` are up to date");
    Ok(())
}
