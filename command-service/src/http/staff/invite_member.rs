//! Somebody is to work here.

use super::assignments::{self, AssignmentBody};
use crate::{
    access::Caller,
    http::{answers::MemberInvited, tenant_rule::TenantRule},
    submit::{Answered, Commands, Envelope},
};
use axum::extract::State;
use domain::{ids::MemberId, staff::Invite, tenants::TenantRequest};
use personal_data::{EmailAddress, PersonName};
use serde::Deserialize;
use service_kit::{
    access::{AllowedEverywhere, rights},
    body::JsonBody,
    problem::Problem,
};
use utoipa::ToSchema;

/// Somebody who is to work here.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
pub(crate) struct InviteBody {
    /// Their name; kept sealed.
    #[schema(value_type = String, max_length = 80, example = "Luis Pérez")]
    name: PersonName,
    /// Where the invitation is sent; kept sealed.
    #[schema(value_type = String, max_length = 254, example = "luis@example.com")]
    email: EmailAddress,
    /// The roles that they will have; at most 32, may be none.
    assignments: Vec<AssignmentBody>,
}

/// Invite somebody
///
/// They get a mail, and may do what their roles allow once they have accepted. Nobody gives what they do not hold
/// themselves. An address is that of one member of a tenant: where somebody has it, `address-taken` names the member
/// and says how they get in, such as by sending the invitation again.
#[utoipa::path(
    post,
    path = "/v1/staff",
    tag = "staff",
    request_body = InviteBody,
    responses((status = 201, description = "They were invited", body = MemberInvited)),
    extensions(("x-permission" = json!("staff:write")), ("x-problems" = json!(["already-done", "address-taken", "unknown-role", "unknown-group", "unknown-restaurant", "tenant-full"])))
)]
pub(crate) async fn invite_member(
    State(commands): State<Commands>,
    allowed: AllowedEverywhere<rights::StaffWrite>,
    envelope: Envelope,
    body: JsonBody<InviteBody>,
) -> Result<Answered, Problem> {
    let caller = Caller::from(allowed);
    let InviteBody { name, email, assignments: list } = body.value;
    let assignments = assignments::parse(list)?;
    let tenant = caller.principal.tenant();
    let member_id: MemberId = envelope.ids(&caller).id("member", 0).into();
    let person = commands.people.seal(tenant, member_id, &name, &email).await?;
    let restaurants = assignments::restaurants(&assignments);
    let invite = Invite { member_id, name: person.name, email: person.email, assignments, address_of: None };
    let rule = TenantRule::new(&caller, TenantRequest::Invite(invite)).making("staff", "member_id", member_id.0);
    let address = commands.people.address_claim(tenant, &email);
    let rule = rule.at_address(address).naming(&commands, restaurants).await?;
    commands.submit(caller, envelope, &body.raw, rule).await
}
