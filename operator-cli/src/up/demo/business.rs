//! The business that the demo restaurant belongs to, and the people who work for it: one for each role.

use super::{api::Api, mailbox};
use crate::local::DemoLogins;
use anyhow::{Context, Result};
use domain::ids::{RestaurantId, TenantId};
use identity::roles::OWNER;
use serde::Deserialize;
use serde_json::{Value, json};
use std::path::Path;
use uuid::Uuid;

/// Roles that look at the whole business.
const EVERYWHERE: [&str; 2] = ["auditor", "operator"];

/// Somebody who is logged in.
#[derive(Deserialize)]
pub(super) struct Owner {
    pub(super) access_token: String,
    pub(super) tenant_id: TenantId,
}

#[derive(Deserialize)]
struct Roles {
    items: Vec<Role>,
}

#[derive(Deserialize)]
struct Role {
    role_id: Uuid,
    name: String,
}

/// Signs the business up; its owner accepts the invitation that comes by mail.
pub(super) async fn sign_up(api: &Api, local: &Path, logins: &DemoLogins) -> Result<Owner> {
    let email = logins.email(OWNER);
    let body = json!({"name": "Grupo Aris", "owner_name": "Olga Owner", "owner_email": email});
    let _: Value = api.command(None, "/v1/tenants", "demo-business", body).await?;
    let owner = enter(api, local, &email, &logins.password).await?;
    serde_json::from_value(owner).context("a log-in answered something else than promised")
}

/// Invites one person for each other role, who accept.
pub(super) async fn hire(
    api: &Api,
    local: &Path,
    logins: &DemoLogins,
    owner: &Owner,
    restaurant: RestaurantId,
) -> Result<()> {
    let roles: Roles = api.query(&owner.access_token, "/v1/roles").await?;
    let others: Vec<_> = roles.items.iter().filter(|role| role.name != OWNER).collect();
    // All are invited before the first mail is waited for.
    for role in &others {
        let at =
            if EVERYWHERE.contains(&&*role.name) { json!("everywhere") } else { json!({"restaurant": restaurant}) };
        let body = json!({
            "name": format!("Demo {}", role.name), "email": logins.email(&role.name),
            "assignments": [{"role_id": role.role_id, "at": at}],
        });
        let key = format!("demo-staff-{}", role.name);
        let _: Value = api.command(Some(&owner.access_token), "/v1/staff", &key, body).await?;
    }
    for role in &others {
        enter(api, local, &logins.email(&role.name), &logins.password).await?;
    }
    Ok(())
}

/// Accepts the invitation, or logs in who has done so before.
async fn enter(api: &Api, local: &Path, email: &str, password: &str) -> Result<Value> {
    match api.accept(&mailbox::invitation(local, email).await?, password).await? {
        Some(entered) => Ok(entered),
        None => api.log_in(email, password).await,
    }
}
