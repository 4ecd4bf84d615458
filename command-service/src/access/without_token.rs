//! Those who have no token yet: who scans a printed code, and who asked to join.

use super::GuestOfSession;
use crate::submit::{Commands, Sender};
use axum::extract::{FromRequestParts, RawPathParams};
use domain::{
    envelope::{Actor, ActorKind},
    ids::{DinerId, RestaurantId, SessionId, TenantId},
};
use http::{HeaderName, header, request::Parts};
use identity::tables::{GuestPass, TableCode};
use service_kit::{
    access::{Authenticated, Restaurants},
    audit::{Attempt, Who},
    ids::InPath,
    problem::{Code, Problem},
};

const TABLE_TOKEN: HeaderName = HeaderName::from_static("x-table-token");

/// Somebody who scanned the code in the path, which is genuine. Whether it is the table's last one, the
/// rule says.
#[derive(Clone, Copy)]
pub(crate) struct Scanned {
    pub(crate) code: TableCode,
    pub(crate) tenant: TenantId,
}

/// Somebody who asked to join, by their pass in `X-Table-Token`.
pub(crate) struct Asker {
    pub(crate) pass: GuestPass,
    pub(crate) tenant: TenantId,
}

/// Somebody who comes in: with a token that was signed for the session, or having asked.
pub(crate) enum Joiner {
    Signed(Box<GuestOfSession>),
    Asked(Asker),
}

impl FromRequestParts<Commands> for Scanned {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &Commands) -> Result<Self, Problem> {
        let parameters = RawPathParams::from_request_parts(parts, state).await.map_err(|_| Problem::not_found())?;
        let text = parameters.iter().find(|(name, _)| *name == "code").map(|(_, text)| text);
        let code = text.and_then(|text| TableCode::from_text(text, &state.tables.key));
        // Somebody made it up.
        let code = code.ok_or_else(Problem::not_theirs)?;
        let tenant = state.tenant_of(code.restaurant).await?.ok_or_else(Problem::not_found)?;
        if let Some(attempt) = parts.extensions.get::<Attempt>() {
            attempt.is_to(tenant);
            attempt.is_at(code.restaurant);
            attempt.is_about("table", code.table);
        }
        Ok(Self { code, tenant })
    }
}

impl FromRequestParts<Commands> for Asker {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &Commands) -> Result<Self, Problem> {
        let Some(pass) = pass(parts, state) else {
            // Says what is wrong with a token, if there is one.
            let Authenticated(_) = Authenticated::from_request_parts(parts, state).await?;
            return Err(Problem::new(Code::PermissionMissing).detail("only who asked to join can do this"));
        };
        let InPath(restaurant) = InPath::<RestaurantId>::from_request_parts(parts, state).await?;
        let InPath(session) = InPath::<SessionId>::from_request_parts(parts, state).await?;
        let tenant = state.tenant_of(restaurant).await?;
        let tenant = tenant.ok_or_else(Problem::not_found)?;
        let is_here = pass.restaurant == restaurant && pass.session == session;
        if let Some(attempt) = parts.extensions.get::<Attempt>() {
            // Where the pass is from elsewhere, their tenant is another.
            let tenant = is_here.then_some(tenant);
            if is_here {
                attempt.is_at(restaurant);
            }
            attempt.is_by_other(Who::without_token(ActorKind::Guest.as_str(), pass.diner.to_string(), tenant));
        }
        if !is_here {
            return Err(Problem::not_theirs());
        }
        Ok(Self { pass, tenant })
    }
}

impl FromRequestParts<Commands> for Joiner {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &Commands) -> Result<Self, Problem> {
        if pass(parts, state).is_some() {
            return Asker::from_request_parts(parts, state).await.map(Self::Asked);
        }
        GuestOfSession::from_request_parts(parts, state).await.map(|guest| Self::Signed(Box::new(guest)))
    }
}

impl Asker {
    /// The one who asked, as events and receipts name them.
    pub(crate) fn sender(&self) -> Sender {
        guest_sender(self.pass.diner.to_string(), self.pass.diner, self.tenant, self.pass.restaurant)
    }
}

/// A guest without a token, whose idempotency keys belong to `sub`.
pub(crate) fn guest_sender(sub: String, diner: DinerId, tenant: TenantId, restaurant: RestaurantId) -> Sender {
    let actor = Actor { kind: ActorKind::Guest, id: diner.to_string() };
    Sender { sub, actor, tenant, feed: restaurant.into(), creates_feed: false }
}

/// The pass of the request, if it has one and nothing else that could be meant.
fn pass(parts: &Parts, state: &Commands) -> Option<GuestPass> {
    let mut values = parts.headers.get_all(&TABLE_TOKEN).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    if parts.headers.contains_key(header::AUTHORIZATION) {
        return None;
    }
    GuestPass::from_text(value.to_str().ok()?, &state.tables.key)
}
