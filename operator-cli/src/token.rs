//! `aris token`

use crate::{
    cli::{Token, TokenHolder},
    local::{DemoRestaurant, Endpoints, existing_signing_key},
};
use anyhow::{Context, Result, bail};
use chrono::{Duration, Utc};
use domain::ids::{RestaurantId, SessionId, TableId, TenantId};
use identity::{
    Claims, SigningKey,
    claims::At,
    roles::{TEMPLATES, permissions_of},
};
use reqwest::StatusCode;
use serde::Deserialize;
use std::path::Path;
use uuid::Uuid;

pub(crate) async fn run(options: Token) -> Result<()> {
    let local = &options.place.local;
    let key = existing_signing_key(local)?;
    let token = match options.holder {
        TokenHolder::Staff { role, restaurant, tenant, hours } => {
            let tenant = tenant.map_or_else(|| Ok(DemoRestaurant::read(local)?.tenant_id), anyhow::Ok)?;
            staff(&key, tenant, restaurant, &role, Duration::hours(hours.into()))?
        }
        TokenHolder::Guest { session, restaurant, hours } => {
            guest_of_running(local, &key, session, restaurant, Duration::hours(hours.into())).await?
        }
    };
    println!("{token}");
    Ok(())
}

fn role_names() -> String {
    TEMPLATES.map(|(name, _)| name).join(", ")
}

/// A token for somebody with this role, at a restaurant or everywhere.
pub(crate) fn staff(
    key: &SigningKey,
    tenant: TenantId,
    restaurant: Option<RestaurantId>,
    role: &str,
    lifetime: Duration,
) -> Result<String> {
    let Some(permissions) = permissions_of(role) else {
        bail!("there is no role `{role}`; roles are {}", role_names());
    };
    let at = restaurant.map_or(At::Everywhere, At::Restaurant);
    let claims = Claims::staff(format!("demo-{role}"), tenant, &[role], &[(at, permissions)], Utc::now(), lifetime);
    Ok(key.sign(&claims)?)
}

/// A token for a new guest at this table.
pub(crate) fn guest(
    key: &SigningKey,
    tenant: TenantId,
    restaurant: RestaurantId,
    at: (TableId, SessionId),
    lifetime: Duration,
) -> Result<String> {
    let claims = Claims::guest(Uuid::now_v7().into(), tenant, restaurant, at, Utc::now(), lifetime);
    Ok(key.sign(&claims)?)
}

/// A session that was opened just now is in the view a moment later.
const SHOWN_WITHIN: std::time::Duration = std::time::Duration::from_secs(5);
/// Between two looks.
const LOOK_EVERY: std::time::Duration = std::time::Duration::from_millis(100);

#[derive(Deserialize)]
struct Session {
    table_id: TableId,
}

async fn guest_of_running(
    local: &Path,
    key: &SigningKey,
    session: SessionId,
    restaurant: Option<RestaurantId>,
    lifetime: Duration,
) -> Result<String> {
    let demo = DemoRestaurant::read(local)?;
    let restaurant = restaurant.unwrap_or(demo.restaurant_id);
    let reception = staff(key, demo.tenant_id, None, "reception", Duration::minutes(1))?;
    let url = format!("{}/v1/restaurants/{restaurant}/sessions/{session}", Endpoints::read(local)?.projection);
    let Session { table_id } = find(&url, &reception).await?;
    guest(key, demo.tenant_id, restaurant, (table_id, session), lifetime)
}

/// What the local installation says of the session at this address.
async fn find(url: &str, token: &str) -> Result<Session> {
    let (client, end) = (reqwest::Client::new(), std::time::Instant::now() + SHOWN_WITHIN);
    loop {
        let answer = client.get(url).bearer_auth(token).send().await;
        let answer = answer.context("the local installation does not answer: is `aris up` running?")?;
        match answer.status() {
            status if status.is_success() => return Ok(answer.json().await?),
            StatusCode::NOT_FOUND if std::time::Instant::now() < end => tokio::time::sleep(LOOK_EVERY).await,
            StatusCode::NOT_FOUND => bail!("there is no such session: {url} is not found"),
            status => bail!("{url} answered {status}: {}", answer.text().await.unwrap_or_default()),
        }
    }
}
