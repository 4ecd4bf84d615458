//! A member's personal data is erased.

use crate::{
    access::Caller,
    http::{answers::Done, tenant_rule::TenantRule},
    submit::{Answered, Commands, Envelope},
};
use axum::extract::State;
use domain::{
    ids::MemberId,
    tenants::{Forgetter, TenantRequest},
};
use service_kit::{
    access::{AllowedEverywhere, rights},
    body::NoBody,
    ids::InPath,
    problem::Problem,
};

/// Forget a member
///
/// Their name and address can be read by nobody any more, in no event, view or backup; and they have no roles, for
/// good. It cannot be undone.
#[utoipa::path(
    post,
    path = "/v1/staff/{member}/forget",
    tag = "staff",
    responses((status = 200, description = "They were forgotten", body = Done)),
    extensions(("x-permission" = json!("staff:write")), ("x-problems" = json!(["member-state", "last-owner"])))
)]
pub(crate) async fn forget_member(
    State(commands): State<Commands>,
    allowed: AllowedEverywhere<rights::StaffWrite>,
    InPath(member): InPath<MemberId>,
    envelope: Envelope,
    body: NoBody,
) -> Result<Answered, Problem> {
    let caller = Caller::from(allowed);
    let tenant = caller.principal.tenant();
    let rule = TenantRule::new(&caller, TenantRequest::Forget(member, Forgetter::Staff));
    let answered = commands.submit(caller, envelope, &body.raw, rule).await?;
    // After the event: who repeats the request deletes the key if this process ended in between.
    if answered.is_done() {
        commands.people.forget(tenant, member).await?;
    }
    Ok(answered)
}
