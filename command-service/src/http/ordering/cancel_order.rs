//! Calling an order off.

use crate::{
    access::Canceller,
    command::{Command, done},
    http::answers::Done,
    submit::{Answered, Commands, Envelope},
};
use axum::extract::State;
use domain::{
    dining::Standing,
    ids::OrderId,
    ordering::{CancelOrder, CancelReason, CancelledBy, OrderCommand},
    text::Note,
};
use event_store::committer::{Decision, Facts, Stop, StreamRead};
use identity::Guest;
use serde::Deserialize;
use service_kit::{body::JsonBody, ids::InPath, problem::Problem};
use utoipa::ToSchema;

/// Why an order is cancelled.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
pub(crate) struct CancelOrderBody {
    /// Why.
    #[schema(value_type = CancelReasonDocument)]
    reason: CancelReason,
    /// Why, in words.
    #[schema(value_type = Option<String>, max_length = 200)]
    note: Option<Note>,
}

/// Why an order is cancelled.
#[derive(Debug, serde::Serialize, ToSchema)]
#[schema(as = CancelReason)]
#[serde(rename_all = "kebab-case")]
#[expect(dead_code, reason = "only its schema is used")]
pub(crate) enum CancelReasonDocument {
    /// The guests left.
    GuestLeft,
    /// It was ordered by mistake.
    Mistake,
    /// See the note.
    Other,
}

struct Cancel {
    order: OrderId,
    guest: Option<Guest>,
    body: CancelOrderBody,
}

impl Cancel {
    fn by(&self, facts: &Facts<'_>) -> Result<CancelledBy, Stop> {
        let Some(guest) = &self.guest else { return Ok(CancelledBy::Staff) };
        let visit = facts.session(guest.session_id)?.visit();
        let standing = visit.map_or(Standing::Unknown, |visit| visit.standing(guest.diner_id, facts.now()));
        Ok(CancelledBy::Guest { session_id: guest.session_id, standing })
    }
}

impl Command for Cancel {
    fn reads(&self) -> Vec<StreamRead> {
        let session = self.guest.as_ref().map(|guest| StreamRead::Existing(guest.session_id.into()));
        std::iter::once(StreamRead::Existing(self.order.into())).chain(session).collect()
    }

    fn decide(&self, facts: &Facts<'_>) -> Result<Decision, Stop> {
        let (reason, note) = (self.body.reason, self.body.note.clone());
        let command = OrderCommand::Cancel(CancelOrder { by: self.by(facts)?, reason, note });
        Ok(done(self.order, facts.order(self.order)?.decide(command)?))
    }
}

/// Cancel an order
///
/// A guest of the session may until the restaurant takes the order; staff until its first line is
/// started.
#[utoipa::path(
    post,
    path = "/v1/restaurants/{restaurant}/orders/{order}/cancel",
    tag = "ordering",
    request_body = CancelOrderBody,
    responses((status = 200, description = "It was cancelled", body = Done)),
    extensions(("x-permission" = json!("order:cancel")), ("x-problems" = json!(["order-not-cancellable", "not-joined", "diner-left"])))
)]
pub(crate) async fn cancel_order(
    State(commands): State<Commands>,
    Canceller { guest, caller }: Canceller,
    InPath(order): InPath<OrderId>,
    envelope: Envelope,
    body: JsonBody<CancelOrderBody>,
) -> Result<Answered, Problem> {
    commands.submit(caller, envelope, &body.raw, Cancel { order, guest, body: body.value }).await
}
