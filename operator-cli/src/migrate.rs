//! `aris migrate`

use crate::cli::Migrate;
use anyhow::{Context, Result};
use migrations::{Schemas, provision};

pub(crate) async fn run(options: Migrate) -> Result<()> {
    let schemas = Schemas {
        events: options.events_schema,
        views: options.views_schema,
        user_prefix: options.user_prefix,
        password: options.password,
    };
    provision(&options.admin_url, &schemas).await.context("the schemas could not be brought up to date")?;
    println!("schemas `{}` and `{}` are up to date", schemas.events, schemas.views);
    Ok(())
}
