//! Somebody who asked to join is told no.

use crate::{
    access::SessionHost,
    command::{Command, done},
    http::answers::Done,
    submit::{Answered, Commands, Envelope},
};
use axum::extract::State;
use domain::{
    dining::{AnswerJoin, Host, SessionCommand},
    ids::{DinerId, SessionId},
};
use event_store::committer::{Decision, Facts, Stop, StreamRead};
use service_kit::{body::NoBody, ids::InPath, problem::Problem};

struct Decline {
    session: SessionId,
    diner_id: DinerId,
    by: Host,
}

impl Command for Decline {
    fn reads(&self) -> Vec<StreamRead> {
        vec![StreamRead::Existing(self.session.into())]
    }

    fn decide(&self, facts: &Facts<'_>) -> Result<Decision, Stop> {
        let command = AnswerJoin { diner_id: self.diner_id, by: self.by, now: facts.now() };
        Ok(done(self.session, facts.session(self.session)?.decide(SessionCommand::DeclineJoin(command))?))
    }
}

/// Tell somebody no
///
/// By staff, or by whoever sits at the table.
#[utoipa::path(
    post,
    path = "/v1/restaurants/{restaurant}/sessions/{session}/join-requests/{diner}/decline",
    tag = "dining",
    responses((status = 200, description = "They were told no", body = Done)),
    extensions(
        ("x-permission" = json!("session:approve")),
        ("x-problems" = json!(["session-closed", "not-joined", "diner-left", "join-not-waiting"]))
    )
)]
pub(crate) async fn decline_join(
    State(commands): State<Commands>,
    SessionHost { host, session, caller }: SessionHost,
    InPath(diner_id): InPath<DinerId>,
    envelope: Envelope,
    body: NoBody,
) -> Result<Answered, Problem> {
    commands.submit(caller, envelope, &body.raw, Decline { session, diner_id, by: host }).await
}
