//! Somebody who asked to join is let in.

use crate::{
    access::SessionHost,
    command::{Command, done_with},
    http::{answers::SessionJoined, dining::join_session::who_joined},
    submit::{Answered, Commands, Envelope},
};
use axum::extract::State;
use domain::{
    dining::{AnswerJoin, Host, SessionCommand},
    ids::{DinerId, SessionId},
};
use event_store::committer::{Decision, Facts, Stop, StreamRead};
use service_kit::{body::NoBody, ids::InPath, problem::Problem};

struct Approve {
    session: SessionId,
    diner_id: DinerId,
    by: Host,
}

impl Command for Approve {
    fn reads(&self) -> Vec<StreamRead> {
        vec![StreamRead::Existing(self.session.into())]
    }

    fn decide(&self, facts: &Facts<'_>) -> Result<Decision, Stop> {
        let command = AnswerJoin { diner_id: self.diner_id, by: self.by, now: facts.now() };
        let events = facts.session(self.session)?.decide(SessionCommand::ApproveJoin(command))?;
        let extras = who_joined(&events);
        Ok(done_with(self.session, events, extras))
    }
}

/// Let somebody in
///
/// By staff, or by whoever sits at the table. They are a diner from now on.
#[utoipa::path(
    post,
    path = "/v1/restaurants/{restaurant}/sessions/{session}/join-requests/{diner}/approve",
    tag = "dining",
    responses((status = 200, description = "They joined", body = SessionJoined)),
    extensions(
        ("x-permission" = json!("session:approve")),
        ("x-problems" = json!(["session-closed", "not-joined", "diner-left", "join-not-waiting", "session-full"]))
    )
)]
pub(crate) async fn approve_join(
    State(commands): State<Commands>,
    SessionHost { host, session, caller }: SessionHost,
    InPath(diner_id): InPath<DinerId>,
    envelope: Envelope,
    body: NoBody,
) -> Result<Answered, Problem> {
    commands.submit(caller, envelope, &body.raw, Approve { session, diner_id, by: host }).await
}
