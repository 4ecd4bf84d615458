//! The restaurant does not take an order.

use crate::{
    command::{Command, done},
    http::answers::Done,
    submit::{Answered, Commands, Envelope},
};
use axum::extract::State;
use domain::{
    ids::OrderId,
    ordering::{OrderCommand, RejectOrder, RejectReason},
    text::Note,
};
use event_store::committer::{Decision, Facts, Stop, StreamRead};
use serde::Deserialize;
use service_kit::{
    access::{Allowed, rights},
    body::JsonBody,
    ids::InPath,
    problem::Problem,
};
use utoipa::ToSchema;

/// Why an order is rejected.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
pub(crate) struct RejectOrderBody {
    /// Why.
    #[schema(value_type = RejectReasonDocument)]
    reason: RejectReason,
    /// Why, in words.
    #[schema(value_type = Option<String>, max_length = 200)]
    note: Option<Note>,
}

/// Why an order is rejected.
#[derive(Debug, serde::Serialize, ToSchema)]
#[schema(as = RejectReason)]
#[serde(rename_all = "kebab-case")]
#[expect(dead_code, reason = "only its schema is used")]
pub(crate) enum RejectReasonDocument {
    /// The kitchen is closed.
    KitchenClosed,
    /// Something is sold out.
    SoldOut,
    /// See the note.
    Other,
}

struct Reject {
    order: OrderId,
    command: RejectOrder,
}

impl Command for Reject {
    fn reads(&self) -> Vec<StreamRead> {
        vec![StreamRead::Existing(self.order.into())]
    }

    fn decide(&self, facts: &Facts<'_>) -> Result<Decision, Stop> {
        let command = OrderCommand::Reject(self.command.clone());
        Ok(done(self.order, facts.order(self.order)?.decide(command)?))
    }
}

/// Reject an order
///
/// Only while it waits for the restaurant.
#[utoipa::path(
    post,
    path = "/v1/restaurants/{restaurant}/orders/{order}/reject",
    tag = "ordering",
    request_body = RejectOrderBody,
    responses((status = 200, description = "It was rejected", body = Done)),
    extensions(("x-permission" = json!("order:accept")), ("x-problems" = json!(["order-not-placed"])))
)]
pub(crate) async fn reject_order(
    State(commands): State<Commands>,
    allowed: Allowed<rights::OrderAccept>,
    InPath(order): InPath<OrderId>,
    envelope: Envelope,
    body: JsonBody<RejectOrderBody>,
) -> Result<Answered, Problem> {
    let command = RejectOrder { reason: body.value.reason, note: body.value.note };
    commands.submit(allowed, envelope, &body.raw, Reject { order, command }).await
}
