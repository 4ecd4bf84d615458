//! `GET /v1/auth/me`

use super::state::{App, Member};
use crate::tokens::Rights;
use axum::{Json, extract::State};
use serde::Serialize;
use service_kit::problem::Problem;
use std::collections::BTreeMap;
use utoipa::ToSchema;
use uuid::Uuid;

/// Who asks, and what they may do now.
#[derive(Serialize, ToSchema)]
pub(super) struct Me {
    member_id: Uuid,
    tenant_id: Uuid,
    device_id: Uuid,
    /// The names of the roles, for people; rights follow from `grants` only.
    roles: Vec<String>,
    /// Permissions by restaurant id, or `*` for every restaurant of the tenant.
    grants: BTreeMap<String, Vec<String>>,
    /// The version of these rights; a token with a lower `pv` is older.
    pv: u64,
}

/// Who am I, and what may I do?
#[utoipa::path(
    get, path = "/v1/auth/me", tag = "auth",
    responses((status = 200, body = Me)),
    extensions(("x-problems" = json!(["permission-missing", "member-inactive", "no-role"]))),
)]
pub(super) async fn me(State(app): State<App>, member: Member) -> Result<Json<Me>, Problem> {
    let device = app.device_of(&member.0).await?;
    let Rights { roles, grants, version } = app.rights_of(device.tenant, device.member).await?;
    Ok(Json(Me {
        member_id: device.member,
        tenant_id: device.tenant.0,
        device_id: device.id,
        roles,
        grants,
        pv: version,
    }))
}
