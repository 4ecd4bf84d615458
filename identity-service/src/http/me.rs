//! `GET /v1/auth/me`

use super::state::{App, Member};
use crate::{rights::grants_by_place, tokens::Rights};
use axum::{Json, extract::State};
use domain::envelope::format_time;
use identity::Principal;
use serde::Serialize;
use service_kit::problem::Problem;
use std::collections::BTreeMap;
use utoipa::ToSchema;
use uuid::Uuid;

/// Who asks, and what they may do.
#[derive(Serialize, ToSchema)]
pub(super) struct Me {
    /// `staff`, `guest` or `machine`.
    kind: &'static str,
    /// What events and the audit name them by.
    sub: String,
    tenant_id: Uuid,
    /// The member; absent where the token does not come from a log-in.
    #[serde(skip_serializing_if = "Option::is_none")]
    member_id: Option<Uuid>,
    /// The log-in; absent as above.
    #[serde(skip_serializing_if = "Option::is_none")]
    device_id: Option<Uuid>,
    /// Where a guest sits.
    #[serde(skip_serializing_if = "Option::is_none")]
    restaurant_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    table_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_id: Option<Uuid>,
    /// The names of the roles of a member, for people; rights follow from `grants` only.
    roles: Vec<String>,
    /// Permissions by restaurant id, or `*` for every restaurant of the tenant: of a member as they are now, of any
    /// other token those that stand in it.
    grants: BTreeMap<String, Vec<String>>,
    /// The version of these rights; a token with a lower `pv` is older.
    pv: u64,
    /// When the token ends.
    expires_at: String,
}

/// Who am I, and what may I do?
///
/// Any token is told what it is; a guest and a machine, too.
#[utoipa::path(
    get, path = "/v1/auth/me", tag = "auth",
    responses((status = 200, body = Me)),
    extensions(("x-problems" = json!(["permission-missing", "member-inactive", "no-role"]))),
)]
pub(super) async fn me(State(app): State<App>, member: Member) -> Result<Json<Me>, Problem> {
    let of_token = of_token(&member.0);
    if member.0.marks().device.is_none() {
        return Ok(Json(of_token));
    }
    let device = app.device_of(&member.0).await?;
    let Rights { roles, grants, version } = app.rights_of(device.tenant, device.member).await?;
    let (member_id, device_id) = (Some(device.member), Some(device.id));
    Ok(Json(Me { member_id, device_id, roles, grants, pv: version, ..of_token }))
}

/// What stands in a token.
fn of_token(principal: &Principal) -> Me {
    let guest = if let Principal::Guest(guest) = principal { Some(guest) } else { None };
    Me {
        kind: principal.actor().kind.as_str(),
        sub: principal.sub().to_owned(),
        tenant_id: principal.tenant().0,
        member_id: None,
        device_id: None,
        restaurant_id: guest.map(|guest| guest.restaurant.0),
        table_id: guest.map(|guest| guest.table_id.0),
        session_id: guest.map(|guest| guest.session_id.0),
        roles: Vec::new(),
        grants: grants_by_place(&principal.grants()),
        pv: principal.marks().pv,
        expires_at: format_time(principal.expires_at()),
    }
}
