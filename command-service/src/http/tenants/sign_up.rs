//! A business signs up.

use crate::{
    command::{Command, created, extras},
    http::{answers::TenantSignedUp, tenant_rule::take_address},
    submit::{Answered, Commands, Envelope, Sender},
};
use axum::extract::State;
use domain::{
    envelope::{Actor, ActorKind},
    ids::{MemberId, TenantId},
    staff::Grants,
    tenants::{self, TenantCommand, TenantRequest},
    text::Name,
};
use event_store::committer::{Decision, Facts, Stop, StreamRead};
use personal_data::{EmailAddress, PersonName};
use serde::Deserialize;
use serde_json::json;
use service_kit::{
    audit::Attempt,
    body::JsonBody,
    problem::{Code, Problem},
};
use utoipa::ToSchema;

/// Who signs up is nobody yet.
const NOBODY: &str = "sign-up";

/// A new tenant and its first owner.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
pub(crate) struct SignUpBody {
    /// What the business is called.
    #[schema(value_type = String, max_length = 80, example = "Grupo Lucía")]
    name: Name,
    /// The name of the first owner; kept sealed.
    #[schema(value_type = String, max_length = 80, example = "Ana García")]
    owner_name: PersonName,
    /// Where their invitation is sent; kept sealed.
    #[schema(value_type = String, max_length = 254, example = "ana@example.com")]
    owner_email: EmailAddress,
}

struct SignUp {
    tenant: TenantId,
    command: tenants::SignUp,
    /// What the address of the first owner is claimed by.
    address: String,
}

impl Command for SignUp {
    fn reads(&self) -> Vec<StreamRead> {
        vec![StreamRead::New(self.tenant.into())]
    }

    fn decide(&self, facts: &Facts<'_>) -> Result<Decision, Stop> {
        // It names nobody else's rights, and gives those of an owner to who founds the tenant.
        let request = TenantRequest::SignUp(self.command.clone());
        let events = facts.tenant(self.tenant)?.decide(TenantCommand { holds: Grants::unlimited(), request })?;
        let extras = extras([("tenant_id", json!(self.tenant)), ("owner_id", json!(self.command.owner_id))]);
        let claims = take_address(self.command.owner_id, &self.address);
        Ok(Decision { claims, ..created(self.tenant, events, "/v1/tenant".to_owned(), extras) })
    }
}

/// Sign a business up
///
/// Its first owner gets an invitation by mail; there is no token yet. Where the installation does not let anybody
/// sign up, the answer is `sign-up-closed`.
#[utoipa::path(
    post,
    path = "/v1/tenants",
    tag = "tenants",
    request_body = SignUpBody,
    responses((status = 201, description = "It was signed up", body = TenantSignedUp)),
    extensions(("x-problems" = json!(["already-done"]))),
    security(())
)]
pub(crate) async fn sign_up(
    State(commands): State<Commands>,
    attempt: Attempt,
    envelope: Envelope,
    body: JsonBody<SignUpBody>,
) -> Result<Answered, Problem> {
    if !commands.people.sign_up_is_open {
        return Err(Problem::new(Code::SignUpClosed));
    }
    let SignUpBody { name, owner_name, owner_email } = body.value;
    // Two who choose the same key are two tenants; one who sends it again meets their own.
    let ids = envelope.ids_of_tenant(&commands.people.stand_in(&owner_email));
    let (tenant, owner_id) = (TenantId(ids.id("tenant", 0)), MemberId::from(ids.id("member", 0)));
    attempt.is_to(tenant);
    attempt.is_about("member", owner_id);
    attempt.keep();
    let owner = commands.people.seal(tenant, owner_id, &owner_name, &owner_email).await?;
    let address = commands.people.address_claim(tenant, &owner_email);
    let command = tenants::SignUp {
        tenant_id: tenant,
        name,
        owner_id,
        owner_name: owner.name,
        owner_email: owner.email,
        role_ids: std::array::from_fn(|index| ids.id("role", u32::try_from(index).unwrap_or_default()).into()),
    };
    let actor = Actor { kind: ActorKind::System, id: NOBODY.to_owned() };
    let sender = Sender { sub: NOBODY.to_owned(), actor, tenant, feed: tenant.into(), creates_feed: true };
    commands.submit_from(sender, envelope, &body.raw, SignUp { tenant, command, address }).await
}
