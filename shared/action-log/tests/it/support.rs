//! An empty installation, and actions.

use action_log::{
    Row,
    table::{self, Wanted},
};
use chrono::{SubsecRound, Utc};
use domain::ids::TenantId;
use event_store::pool::{self, Isolation};
use service_kit::audit::{Action, Who};
use sqlx::MySqlPool;
use std::{net::Ipv4Addr, time::Duration};
use testkit::{Env, TcpProxy, wait_for};
use uuid::Uuid;

/// Long enough for a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Log {
    pub(crate) env: Env,
    pub(crate) tenant: TenantId,
    /// Of the user who reads.
    pub(crate) pool: MySqlPool,
}

impl Log {
    pub(crate) async fn start() -> Self {
        let env = Env::start().await;
        let pool = pool::connect(&env.access.personal, Isolation::ReadCommitted, 4).await.unwrap();
        Self { env, tenant: Uuid::now_v7().into(), pool }
    }

    pub(crate) fn wanted(&self) -> Wanted {
        Wanted { tenant: Some(self.tenant), ..Wanted::default() }
    }

    pub(crate) async fn until_there_are(&self, count: usize, wanted: Wanted) -> Vec<Row> {
        wait_for(&format!("{count} actions"), PATIENCE, async || {
            let rows = table::list(&self.pool, &wanted, 1_000).await.unwrap();
            if rows.len() >= count { Ok(rows) } else { Err(format!("{rows:?}")) }
        })
        .await
    }

    pub(crate) fn mysql_port(&self) -> u16 {
        self.address().2.parse().unwrap()
    }

    /// A proxy in front of MySQL, and the address of the user `audit` by way of it.
    pub(crate) async fn through_a_proxy(&self) -> (TcpProxy, String) {
        let (user, schema, port) = self.address();
        let proxy = TcpProxy::start(port.parse().unwrap()).await;
        let url = format!("{user}:{}/{schema}", proxy.port());
        (proxy, url)
    }

    fn address(&self) -> (&str, &str, &str) {
        let (rest, schema) = self.env.access.audit.rsplit_once('/').unwrap();
        let (user, port) = rest.rsplit_once(':').unwrap();
        (user, schema, port)
    }
}

/// Somebody of the tenant was denied this.
pub(crate) fn denial(tenant: TenantId, name: &str, action: &str) -> Action {
    let who = Who::without_token("staff", name.to_owned(), Some(tenant));
    Action { who, action: action.to_owned(), ..stranger(1) }
}

/// Nobody knows who was denied something.
pub(crate) fn stranger(number: u32) -> Action {
    Action {
        id: Uuid::now_v7(),
        at: Utc::now().trunc_subsecs(6),
        who: Who::unknown(),
        restaurant: None,
        permission: None,
        action: "GET /v1/staff".to_owned(),
        subject: String::new(),
        status: 403,
        code: "permission-missing".to_owned(),
        is_denied: true,
        remote: Some(Ipv4Addr::from_bits(number).into()),
        correlation_id: Uuid::now_v7().to_string(),
    }
}
