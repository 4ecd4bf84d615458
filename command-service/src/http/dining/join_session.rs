//! A guest joins the session with their own device.

use crate::{
    access::GuestOfSession,
    command::{Command, done_with, extras},
    http::answers::SessionJoined,
    submit::{Answered, Commands, Envelope},
};
use axum::extract::State;
use domain::{
    dining::{JoinSession, SessionCommand, SessionEvent},
    ids::{DinerId, SessionId},
};
use event_store::committer::{Decision, Facts, Stop, StreamRead};
use serde_json::{Map, Value, json};
use service_kit::{body::NoBody, problem::Problem};

struct Join {
    session: SessionId,
    diner_id: DinerId,
}

impl Command for Join {
    fn reads(&self) -> Vec<StreamRead> {
        vec![StreamRead::Existing(self.session.into())]
    }

    fn decide(&self, facts: &Facts<'_>) -> Result<Decision, Stop> {
        let command = JoinSession { diner_id: self.diner_id };
        let events = facts.session(self.session)?.decide(SessionCommand::Join(command))?;
        let extras = who_joined(&events);
        Ok(done_with(self.session, events, extras))
    }
}

fn who_joined(events: &[SessionEvent]) -> Map<String, Value> {
    let Some(SessionEvent::Joined(joined)) = events.first() else { return Map::new() };
    extras([("diner_id", json!(joined.diner_id)), ("number", json!(joined.number))])
}

/// Join a session
///
/// With a guest token of that session. Only those who joined can order.
#[utoipa::path(
    post,
    path = "/v1/restaurants/{restaurant}/sessions/{session}/join",
    tag = "dining",
    responses((status = 200, description = "The guest joined", body = SessionJoined)),
    extensions(
        ("x-permission" = json!("a guest of the session")),
        ("x-problems" = json!(["session-closed", "already-joined", "session-full"]))
    )
)]
pub(crate) async fn join_session(
    State(commands): State<Commands>,
    GuestOfSession { guest, session, caller }: GuestOfSession,
    envelope: Envelope,
    body: NoBody,
) -> Result<Answered, Problem> {
    commands.submit(caller, envelope, &body.raw, Join { session, diner_id: guest.diner_id }).await
}
