//! The audit of actions of a test's installation.

use crate::{env::Env, wait::wait_for};
use action_log::{
    Row,
    table::{self, Wanted},
};
use domain::ids::TenantId;
use event_store::pool::{self, Isolation};
use service_kit::audit::Trail;
use std::time::Duration;

/// Long enough for a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// Rows that are looked at.
const ROWS_MAX: u32 = 1_000;

/// Where a service of this installation writes down who did what.
///
/// # Panics
/// Never with an environment's own address.
#[must_use]
pub fn trail(env: &Env) -> Trail {
    action_log::start(&env.access.audit).unwrap_or_else(|error| panic!("{error}")).0
}

impl Env {
    /// The newest action of this tenant, or of nobody, that is like this; waits until there is one.
    ///
    /// # Panics
    /// When there is none after a while, or MySQL is away.
    pub async fn action(&self, tenant: Option<TenantId>, what: &str, is: impl Fn(&Row) -> bool) -> Row {
        wait_for(what, PATIENCE, async || {
            let rows = self.actions(tenant).await;
            rows.iter().find(|row| is(row)).cloned().ok_or_else(|| format!("{rows:#?}"))
        })
        .await
    }

    /// The actions of this tenant, or of nobody, that are written by now; the newest first.
    ///
    /// # Panics
    /// When MySQL is away.
    pub async fn actions(&self, tenant: Option<TenantId>) -> Vec<Row> {
        let pool = pool::connect(&self.access.personal, Isolation::ReadCommitted, 1).await;
        let pool = pool.unwrap_or_else(|error| panic!("{error}"));
        let wanted = Wanted { tenant, ..Wanted::default() };
        let rows = table::list(&pool, &wanted, ROWS_MAX).await.unwrap_or_else(|error| panic!("{error}"));
        pool.close().await;
        rows
    }
}
