//! Commands about a tenant differ in what they ask; how they are decided is the same.

use crate::{
    access::Caller,
    command::{Command, created, done, extras},
    submit::Commands,
};
use domain::{
    ids::{MemberId, RestaurantId, TenantId},
    refusal::Refusal,
    tenants::{Tenant, TenantCommand, TenantRequest},
};
use event_store::committer::{Decision, Facts, Stop, StreamRead};
use serde_json::{Value, json};
use service_kit::problem::Problem;
use uuid::Uuid;

/// One command about the tenant of its sender.
pub(super) struct TenantRule {
    tenant: TenantId,
    /// Who asks, if they are a member.
    member: Option<MemberId>,
    command: TenantCommand,
    /// Fact: a restaurant that the body names and the tenant does not have.
    unknown_restaurant: Option<RestaurantId>,
    /// What is made, if something is.
    made: Option<Made>,
}

/// What a command makes.
struct Made {
    /// Where such things are listed, such as `staff`.
    list: &'static str,
    /// What its id is called in the answer.
    member: &'static str,
    id: Uuid,
}

impl TenantRule {
    /// Asked by this caller, who may give and take what they hold.
    pub(super) fn new(caller: &Caller, request: TenantRequest) -> Self {
        let (tenant, holds) = (caller.principal.tenant(), caller.principal.grants());
        let member = caller.principal.marks().member.map(MemberId);
        Self { tenant, member, command: TenantCommand { holds, request }, unknown_restaurant: None, made: None }
    }

    /// It makes this, which is found in that list.
    pub(super) fn making(self, list: &'static str, member: &'static str, id: impl Into<Uuid>) -> Self {
        Self { made: Some(Made { list, member, id: id.into() }), ..self }
    }

    /// It names these restaurants, which must be the tenant's.
    pub(super) async fn naming(
        self,
        commands: &Commands,
        restaurants: impl IntoIterator<Item = RestaurantId>,
    ) -> Result<Self, Problem> {
        for restaurant in restaurants {
            let tenant = commands.feeds.tenant_of_restaurant(restaurant).await;
            if tenant.map_err(|error| Problem::store_unavailable(&error))? != Some(self.tenant) {
                return Ok(Self { unknown_restaurant: Some(restaurant), ..self });
            }
        }
        Ok(self)
    }

    /// The command, with no more rights than the member has by now: the token may be older than what was taken from
    /// them a moment ago. Somebody who is no member has a token of this installation's tools.
    fn as_it_stands(&self, tenant: &Tenant) -> Result<TenantCommand, Refusal> {
        let (mut command, roster) = (self.command.clone(), tenant.roster());
        let known = self.member.zip(roster).filter(|(member, roster)| roster.members.contains_key(member));
        if let Some((member, roster)) = known {
            command.holds = command.holds.within(&roster.grants_of(member));
            if let Some(needed) = command.request.permission().filter(|it| !command.holds.everywhere.has(*it)) {
                return Err(Refusal::RightsExceeded(needed));
            }
        }
        Ok(command)
    }
}

impl Command for TenantRule {
    fn reads(&self) -> Vec<StreamRead> {
        vec![StreamRead::Existing(self.tenant.into())]
    }

    fn decide(&self, facts: &Facts<'_>) -> Result<Decision, Stop> {
        let tenant = facts.tenant(self.tenant)?;
        if let Some(restaurant) = self.unknown_restaurant {
            return Err(Refusal::UnknownRestaurant(restaurant).into());
        }
        let events = tenant.decide(self.as_it_stands(tenant)?)?;
        let Some(Made { list, member, id }) = &self.made else { return Ok(done(self.tenant, events)) };
        let id: [(&str, Value); 1] = [(member, json!(id))];
        Ok(created(self.tenant, events, format!("/v1/{list}"), extras(id)))
    }
}
