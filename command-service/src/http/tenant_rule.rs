//! Commands about a tenant differ in what they ask; how they are decided is the same.

use crate::{
    access::Caller,
    command::{Command, created, done, extras},
    submit::Commands,
};
use domain::{
    ids::{RestaurantId, TenantId},
    refusal::Refusal,
    tenants::{TenantCommand, TenantRequest},
};
use event_store::committer::{Decision, Facts, Stop, StreamRead};
use serde_json::{Value, json};
use service_kit::problem::Problem;
use uuid::Uuid;

/// One command about the tenant of its sender.
pub(super) struct TenantRule {
    tenant: TenantId,
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
        Self { tenant, command: TenantCommand { holds, request }, unknown_restaurant: None, made: None }
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
        let events = tenant.decide(self.command.clone())?;
        let Some(Made { list, member, id }) = &self.made else { return Ok(done(self.tenant, events)) };
        let id: [(&str, Value); 1] = [(member, json!(id))];
        Ok(created(self.tenant, events, format!("/v1/{list}"), extras(id)))
    }
}
