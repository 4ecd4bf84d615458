//! Somebody who did not accept their invitation yet is sent it again.

use crate::{
    access::Caller,
    http::{answers::Done, tenant_rule::TenantRule},
    submit::{Answered, Commands, Envelope},
};
use axum::extract::State;
use domain::{ids::MemberId, tenants::TenantRequest};
use service_kit::{
    access::{AllowedEverywhere, rights},
    body::NoBody,
    ids::InPath,
    problem::Problem,
};

/// Send an invitation again
///
/// With a new link, for 7 days from now; the one that was sent before is worthless. Nobody is sent more than 10.
#[utoipa::path(
    post,
    path = "/v1/staff/{member}/invitation",
    tag = "staff",
    responses((status = 200, description = "A mail is on its way", body = Done)),
    extensions(("x-permission" = json!("staff:write")), ("x-problems" = json!(["member-state", "invitations-spent"])))
)]
pub(crate) async fn renew_invitation(
    State(commands): State<Commands>,
    allowed: AllowedEverywhere<rights::StaffWrite>,
    InPath(member): InPath<MemberId>,
    envelope: Envelope,
    body: NoBody,
) -> Result<Answered, Problem> {
    let caller = Caller::from(allowed);
    let rule = TenantRule::new(&caller, TenantRequest::RenewInvitation(member));
    commands.submit(caller, envelope, &body.raw, rule).await
}
