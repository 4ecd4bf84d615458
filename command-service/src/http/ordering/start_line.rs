//! A cook begins a line.

use crate::{
    command::{Command, done},
    http::answers::Done,
    submit::{Answered, Commands, Envelope},
};
use axum::extract::State;
use domain::{
    ids::{LineId, OrderId},
    ordering::OrderCommand,
};
use event_store::committer::{Decision, Facts, Stop, StreamRead};
use service_kit::{
    access::{Allowed, rights},
    body::NoBody,
    ids::InPath,
    problem::Problem,
};

struct StartLine {
    order: OrderId,
    line_id: LineId,
}

impl Command for StartLine {
    fn reads(&self) -> Vec<StreamRead> {
        vec![StreamRead::Existing(self.order.into())]
    }

    fn decide(&self, facts: &Facts<'_>) -> Result<Decision, Stop> {
        let command = OrderCommand::StartLine { line_id: self.line_id };
        Ok(done(self.order, facts.order(self.order)?.decide(command)?))
    }
}

/// Start a line
///
/// A cook works on it from now on; the order can no longer be cancelled.
#[utoipa::path(
    post,
    path = "/v1/restaurants/{restaurant}/orders/{order}/lines/{line}/start",
    tag = "ordering",
    responses((status = 200, description = "It was started", body = Done)),
    extensions(("x-permission" = json!("line:bump")), ("x-problems" = json!(["line-not-fired"])))
)]
pub(crate) async fn start_line(
    State(commands): State<Commands>,
    allowed: Allowed<rights::LineBump>,
    InPath(order): InPath<OrderId>,
    InPath(line_id): InPath<LineId>,
    envelope: Envelope,
    body: NoBody,
) -> Result<Answered, Problem> {
    commands.submit(allowed, envelope, &body.raw, StartLine { order, line_id }).await
}
