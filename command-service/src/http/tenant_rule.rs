//! Commands about a tenant differ in what they ask; how they are decided is the same.

use crate::{
    access::Caller,
    command::{Command, created, done, extras},
    submit::Commands,
};
use domain::{
    claims::{ClaimChange, ClaimKind},
    ids::{MemberId, RestaurantId, TenantId},
    refusal::Refusal,
    tenants::{Tenant, TenantCommand, TenantRequest},
};
use event_store::committer::{ClaimRead, Decision, Facts, Stop, StreamRead};
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
    /// What the address of whom it invites is claimed by.
    address: Option<String>,
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
        let command = TenantCommand { holds, request };
        Self { tenant, member, command, unknown_restaurant: None, made: None, address: None }
    }

    /// It makes this, which is found in that list.
    pub(super) fn making(self, list: &'static str, member: &'static str, id: impl Into<Uuid>) -> Self {
        Self { made: Some(Made { list, member, id: id.into() }), ..self }
    }

    /// It invites somebody whose address is claimed by this.
    pub(super) fn at_address(self, claim: String) -> Self {
        Self { address: Some(claim), ..self }
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

    /// The command with who has the address now, and who has it afterwards.
    fn with_address(&self, mut command: TenantCommand, facts: &Facts<'_>) -> (TenantCommand, Vec<(Uuid, ClaimChange)>) {
        let claims = match (&mut command.request, &self.address) {
            (TenantRequest::Invite(invite), Some(address)) => {
                invite.address_of = facts.claim_owner(ClaimKind::MemberAddress, address).map(MemberId);
                take_address(invite.member_id, address)
            }
            (TenantRequest::Forget(member, _), _) => facts.release_all_of(ClaimKind::MemberAddress, member.0),
            _ => Vec::new(),
        };
        (command, claims)
    }
}

/// The member has this address from now on. Whoever had it before is nobody any more, or the rule says no.
pub(super) fn take_address(member: MemberId, address: &str) -> Vec<(Uuid, ClaimChange)> {
    let release = ClaimChange::Release(ClaimKind::MemberAddress, address.to_owned());
    let take = ClaimChange::Take(ClaimKind::MemberAddress, address.to_owned());
    vec![(member.0, release), (member.0, take)]
}

impl Command for TenantRule {
    fn reads(&self) -> Vec<StreamRead> {
        vec![StreamRead::Existing(self.tenant.into())]
    }

    fn claims(&self) -> Vec<ClaimRead> {
        match (&self.command.request, &self.address) {
            (TenantRequest::Invite(_), Some(address)) => {
                vec![ClaimRead::Key(ClaimKind::MemberAddress, address.clone())]
            }
            (TenantRequest::Forget(..), _) => vec![ClaimRead::Prefix(ClaimKind::MemberAddress, String::new())],
            _ => Vec::new(),
        }
    }

    fn decide(&self, facts: &Facts<'_>) -> Result<Decision, Stop> {
        let tenant = facts.tenant(self.tenant)?;
        if let Some(restaurant) = self.unknown_restaurant {
            return Err(Refusal::UnknownRestaurant(restaurant).into());
        }
        let (command, claims) = self.with_address(self.as_it_stands(tenant)?, facts);
        let events = tenant.decide(command)?;
        let decision = match &self.made {
            None => done(self.tenant, events),
            Some(Made { list, member, id }) => {
                let ids: [(&str, Value); 2] = [("tenant_id", json!(self.tenant)), (member, json!(id))];
                created(self.tenant, events, format!("/v1/{list}"), extras(ids))
            }
        };
        Ok(Decision { claims, ..decision })
    }
}
