//! New codes for a table.

use crate::{
    access::SessionHost,
    command::{Command, done},
    http::answers::Done,
    submit::{Answered, Commands, Envelope},
};
use axum::extract::State;
use domain::{
    dining::{Host, RotateCode, SessionCommand},
    ids::SessionId,
};
use event_store::committer::{Decision, Facts, Stop, StreamRead};
use service_kit::{body::NoBody, problem::Problem};

struct Rotate {
    session: SessionId,
    by: Host,
}

impl Command for Rotate {
    fn reads(&self) -> Vec<StreamRead> {
        vec![StreamRead::Existing(self.session.into())]
    }

    fn decide(&self, facts: &Facts<'_>) -> Result<Decision, Stop> {
        let command = SessionCommand::RotateCode(RotateCode { by: self.by });
        Ok(done(self.session, facts.session(self.session)?.decide(command)?))
    }
}

/// Show other codes
///
/// By staff, or by whoever sits at the table. The old ones let nobody in any more; the new ones do, also
/// after somebody guessed. A visit has at most five sets of four digits, after that the long code alone.
#[utoipa::path(
    post,
    path = "/v1/restaurants/{restaurant}/sessions/{session}/code/rotate",
    tag = "dining",
    responses((status = 200, description = "The codes changed", body = Done)),
    extensions(
        ("x-permission" = json!("session:approve")),
        ("x-problems" = json!(["session-closed", "not-joined", "diner-left", "code-locked"]))
    )
)]
pub(crate) async fn rotate_code(
    State(commands): State<Commands>,
    SessionHost { host, session, caller }: SessionHost,
    envelope: Envelope,
    body: NoBody,
) -> Result<Answered, Problem> {
    commands.submit(caller, envelope, &body.raw, Rotate { session, by: host }).await
}
