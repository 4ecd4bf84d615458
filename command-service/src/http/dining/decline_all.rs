//! All who wait are told no.

use crate::{
    access::SessionHost,
    command::{Command, done},
    http::answers::Done,
    submit::{Answered, Commands, Envelope},
};
use axum::extract::State;
use domain::{
    dining::{DeclineAll, Host, SessionCommand},
    ids::SessionId,
};
use event_store::committer::{Decision, Facts, Stop, StreamRead};
use service_kit::{body::NoBody, problem::Problem};

struct Decline {
    session: SessionId,
    by: Host,
}

impl Command for Decline {
    fn reads(&self) -> Vec<StreamRead> {
        vec![StreamRead::Existing(self.session.into())]
    }

    fn decide(&self, facts: &Facts<'_>) -> Result<Decision, Stop> {
        let command = SessionCommand::DeclineAll(DeclineAll { by: self.by, now: facts.now() });
        Ok(done(self.session, facts.session(self.session)?.decide(command)?))
    }
}

/// Tell all who wait no
///
/// By staff, or by whoever sits at the table: when strangers have taken the places of those who would like to ask. Who is
/// there comes in with a code of the table meanwhile.
#[utoipa::path(
    post,
    path = "/v1/restaurants/{restaurant}/sessions/{session}/join-requests/decline",
    tag = "dining",
    responses((status = 200, description = "They may not join", body = Done)),
    extensions(
        ("x-permission" = json!("session:approve")),
        ("x-problems" = json!(["session-closed", "not-joined", "diner-left", "join-not-waiting"]))
    )
)]
pub(crate) async fn decline_all(
    State(commands): State<Commands>,
    SessionHost { host, session, caller }: SessionHost,
    envelope: Envelope,
    body: NoBody,
) -> Result<Answered, Problem> {
    commands.submit(caller, envelope, &body.raw, Decline { session, by: host }).await
}
