//! The restaurant takes an order: its lines go to their stations.

use crate::{
    command::{Command, done},
    http::answers::Done,
    submit::{Answered, Commands, Envelope},
};
use axum::extract::State;
use domain::{ids::OrderId, ordering::OrderCommand};
use event_store::committer::{Decision, Facts, Stop, StreamRead};
use service_kit::{
    access::{Allowed, rights},
    body::NoBody,
    ids::InPath,
    problem::Problem,
};

struct AcceptOrder {
    order: OrderId,
}

impl Command for AcceptOrder {
    fn reads(&self) -> Vec<StreamRead> {
        vec![StreamRead::Existing(self.order.into())]
    }

    fn decide(&self, facts: &Facts<'_>) -> Result<Decision, Stop> {
        Ok(done(self.order, facts.order(self.order)?.decide(OrderCommand::Accept)?))
    }
}

/// Accept an order
///
/// Each of its lines goes to its station.
#[utoipa::path(
    post,
    path = "/v1/restaurants/{restaurant}/orders/{order}/accept",
    tag = "ordering",
    responses((status = 200, description = "It was accepted", body = Done)),
    extensions(("x-permission" = json!("order:accept")), ("x-problems" = json!(["order-not-placed"])))
)]
pub(crate) async fn accept_order(
    State(commands): State<Commands>,
    allowed: Allowed<rights::OrderAccept>,
    InPath(order): InPath<OrderId>,
    envelope: Envelope,
    body: NoBody,
) -> Result<Answered, Problem> {
    commands.submit(allowed, envelope, &body.raw, AcceptOrder { order }).await
}
