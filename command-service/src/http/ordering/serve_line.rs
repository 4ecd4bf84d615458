//! A line is on the table.

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

struct ServeLine {
    order: OrderId,
    line_id: LineId,
}

impl Command for ServeLine {
    fn reads(&self) -> Vec<StreamRead> {
        vec![StreamRead::Existing(self.order.into())]
    }

    fn decide(&self, facts: &Facts<'_>) -> Result<Decision, Stop> {
        let command = OrderCommand::ServeLine { line_id: self.line_id };
        Ok(done(self.order, facts.order(self.order)?.decide(command)?))
    }
}

/// Say that a line was served
///
/// It is on the table. With its last line the order is completed.
#[utoipa::path(
    post,
    path = "/v1/restaurants/{restaurant}/orders/{order}/lines/{line}/served",
    tag = "ordering",
    responses((status = 200, description = "It was served", body = Done)),
    extensions(("x-permission" = json!("line:serve")), ("x-problems" = json!(["line-not-ready"])))
)]
pub(crate) async fn serve_line(
    State(commands): State<Commands>,
    allowed: Allowed<rights::LineServe>,
    InPath(order): InPath<OrderId>,
    InPath(line_id): InPath<LineId>,
    envelope: Envelope,
    body: NoBody,
) -> Result<Answered, Problem> {
    commands.submit(allowed, envelope, &body.raw, ServeLine { order, line_id }).await
}
