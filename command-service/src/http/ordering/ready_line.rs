//! A line can be carried out.

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

struct ReadyLine {
    order: OrderId,
    line_id: LineId,
}

impl Command for ReadyLine {
    fn reads(&self) -> Vec<StreamRead> {
        vec![StreamRead::Existing(self.order.into())]
    }

    fn decide(&self, facts: &Facts<'_>) -> Result<Decision, Stop> {
        let command = OrderCommand::ReadyLine { line_id: self.line_id };
        Ok(done(self.order, facts.order(self.order)?.decide(command)?))
    }
}

/// Say that a line is ready
///
/// It can be carried out. It need not have been started: a beer is poured at once.
#[utoipa::path(
    post,
    path = "/v1/restaurants/{restaurant}/orders/{order}/lines/{line}/ready",
    tag = "ordering",
    responses((status = 200, description = "It is ready", body = Done)),
    extensions(("x-permission" = json!("line:bump")), ("x-problems" = json!(["line-not-cooking"])))
)]
pub(crate) async fn ready_line(
    State(commands): State<Commands>,
    allowed: Allowed<rights::LineBump>,
    InPath(order): InPath<OrderId>,
    InPath(line_id): InPath<LineId>,
    envelope: Envelope,
    body: NoBody,
) -> Result<Answered, Problem> {
    commands.submit(allowed, envelope, &body.raw, ReadyLine { order, line_id }).await
}
