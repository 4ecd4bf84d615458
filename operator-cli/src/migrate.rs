//! `aris migrate`

use crate::cli::Migrate;
use anyhow::{Context, Result};
use migrations::{Schemas, provision};

pub(crate) async fn run(options: Migrate) -> Result<()> {
    let schemas = Schemas {
        events: options.events_schema,
        views: options.views_schema,
        identity: options.identity_schema,
        user_prefix: options.user_prefix,
        password: options.password,
    };
    provision(&options.admin_url, &schemas).await.context("the schemas could not be brought up to date")?;
    let Schemas { events, views, identity, .. } = &schemas;
    println!("schemas `{events}`, `{views}` and `{identity}` are up to date");
    Ok(())
}
