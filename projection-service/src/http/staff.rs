//! Who works for the tenant of the token, roles, and keys of machines.

use super::{
    params::{Asked, ById, ByIdParams},
    state::AppState,
};
use crate::read::Stand;
use axum::{Json, extract::State};
use domain::{
    envelope::format_time,
    ids::{ApiKeyId, MemberId, RoleId},
    staff::{ApiKey, Member, Permission, PermissionSet, Role},
};
use serde::Serialize;
use service_kit::{
    access::{AllowedEverywhere, rights},
    audit::Attempt,
    problem::Problem,
};
use utoipa::ToSchema;
use uuid::Uuid;

/// Members in the order of their ids.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MemberList {
    cursor: Stand,
    items: Vec<MemberRow>,
    /// The `after` of the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<Uuid>,
}

/// Somebody who works for the tenant.
#[derive(Serialize, ToSchema)]
pub(super) struct MemberRow {
    member_id: Uuid,
    /// Absent once they were forgotten.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// Absent once they were forgotten.
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    /// invited, active, deactivated or forgotten.
    state: &'static str,
    /// Their roles, and where they count: `"everywhere"`, `{"restaurant": id}` or `{"group": id}`.
    #[schema(value_type = Vec<Object>)]
    assignments: serde_json::Value,
}

/// Never printed: it holds what is personal.
impl std::fmt::Debug for MemberRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemberRow").field("member_id", &self.member_id).finish_non_exhaustive()
    }
}

/// Who works there, with names and addresses.
///
/// Who looks is written down before anything is shown.
#[utoipa::path(
    get, path = "/v1/staff", tag = "staff",
    params(ByIdParams),
    responses((status = 200, body = MemberList)),
    extensions(
        ("x-permission" = json!("staff:read")),
        ("x-problems" = json!(["not-found", "invalid-field", "bad-cursor", "projection-behind"]))
    )
)]
pub(super) async fn list_staff(
    State(app): State<AppState>,
    allowed: AllowedEverywhere<rights::StaffRead>,
    attempt: Attempt,
    Asked(page): Asked<ById>,
) -> Result<Json<MemberList>, Problem> {
    let tenant = allowed.principal.tenant();
    let at = app.tenant(tenant, page.min_position).await?;
    let roster = at.roster().ok_or_else(Problem::not_found)?;
    let (rows, next) = page.page(roster.members.iter().map(|(id, member)| (*id, member)));
    let mut people = app.people.read((&allowed.principal, Permission::StaffRead), &attempt, &rows).await?;
    let row = |(id, member): (MemberId, &Member)| {
        let personal = people.remove(&id).unwrap_or_default();
        let assignments = serde_json::json!(member.assignments);
        MemberRow {
            member_id: id.0,
            name: personal.name,
            email: personal.email,
            state: member.state.as_str(),
            assignments,
        }
    };
    Ok(Json(MemberList { cursor: at.cursor.into(), items: rows.into_iter().map(row).collect(), next }))
}

/// Roles in the order of their ids.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RoleList {
    cursor: Stand,
    items: Vec<RoleRow>,
    /// The `after` of the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<Uuid>,
}

/// A role.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RoleRow {
    role_id: Uuid,
    name: String,
    /// The template that it was made from.
    #[serde(skip_serializing_if = "Option::is_none")]
    template: Option<String>,
    permissions: Vec<&'static str>,
    /// Whether nobody is given it any more.
    is_retired: bool,
}

/// Roles, retired ones included.
#[utoipa::path(
    get, path = "/v1/roles", tag = "staff",
    params(ByIdParams),
    responses((status = 200, body = RoleList)),
    extensions(
        ("x-permission" = json!("staff:read")),
        ("x-problems" = json!(["not-found", "invalid-field", "bad-cursor", "projection-behind"]))
    )
)]
pub(super) async fn list_roles(
    State(app): State<AppState>,
    allowed: AllowedEverywhere<rights::StaffRead>,
    Asked(page): Asked<ById>,
) -> Result<Json<RoleList>, Problem> {
    let at = app.tenant(allowed.principal.tenant(), page.min_position).await?;
    let roster = at.roster().ok_or_else(Problem::not_found)?;
    let (rows, next) = page.page(roster.roles.iter().map(|(id, role)| (*id, role)));
    let row = |(id, role): (RoleId, &Role)| RoleRow {
        role_id: id.0,
        name: role.name.clone(),
        template: role.template.clone(),
        permissions: names(role.permissions),
        is_retired: role.is_retired,
    };
    Ok(Json(RoleList { cursor: at.cursor.into(), items: rows.into_iter().map(row).collect(), next }))
}

/// Keys of machines in the order of their ids.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ApiKeyList {
    cursor: Stand,
    items: Vec<ApiKeyRow>,
    /// The `after` of the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<Uuid>,
}

/// The key of a machine, without its secret.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ApiKeyRow {
    key_id: Uuid,
    name: String,
    restaurant_id: Uuid,
    permissions: Vec<&'static str>,
    /// Requests that it may send in a minute.
    per_minute: u32,
    /// Whether it is worthless.
    is_revoked: bool,
    /// When it was last exchanged for a token, which is good for 15 minutes; absent where it never was.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_used_at: Option<String>,
    /// The address that it was last used from.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_used_from: Option<String>,
}

/// Keys of machines, revoked ones included.
#[utoipa::path(
    get, path = "/v1/api-keys", tag = "staff",
    params(ByIdParams),
    responses((status = 200, body = ApiKeyList)),
    extensions(
        ("x-permission" = json!("staff:read")),
        ("x-problems" = json!(["not-found", "invalid-field", "bad-cursor", "projection-behind"]))
    )
)]
pub(super) async fn list_api_keys(
    State(app): State<AppState>,
    allowed: AllowedEverywhere<rights::StaffRead>,
    Asked(page): Asked<ById>,
) -> Result<Json<ApiKeyList>, Problem> {
    let tenant = allowed.principal.tenant();
    let at = app.tenant(tenant, page.min_position).await?;
    let roster = at.roster().ok_or_else(Problem::not_found)?;
    let (rows, next) = page.page(roster.api_keys.iter().map(|(id, key)| (*id, key)));
    let ids: Vec<ApiKeyId> = rows.iter().map(|(id, _)| *id).collect();
    let mut uses = app.people.last_uses(tenant, &ids).await?;
    let row = |(id, key): (ApiKeyId, &ApiKey)| {
        let (used_at, used_from) = uses.remove(&id).map(|used| (used.at, used.from)).unzip();
        ApiKeyRow {
            key_id: id.0,
            name: key.name.clone(),
            restaurant_id: key.restaurant_id.0,
            permissions: names(key.permissions),
            per_minute: key.per_minute,
            is_revoked: key.is_revoked,
            last_used_at: used_at.map(format_time),
            last_used_from: used_from.flatten(),
        }
    };
    Ok(Json(ApiKeyList { cursor: at.cursor.into(), items: rows.into_iter().map(row).collect(), next }))
}

fn names(permissions: PermissionSet) -> Vec<&'static str> {
    permissions.iter().map(Permission::as_str).collect()
}
