//! A guest joins the session with their own device.

use super::join_with_code::join_with_code;
use crate::{
    access::Joiner,
    command::{Command, done_with, extras},
    http::answers::SessionJoined,
    submit::{Answered, Commands, Envelope},
};
use axum::extract::State;
use domain::{
    dining::{JoinSession, SessionCommand, SessionEvent},
    ids::{DinerId, SessionId},
    limits::VISIT_CODE_DIGITS,
};
use event_store::committer::{Decision, Facts, Stop, StreamRead};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use service_kit::{body::OptionalBody, problem::Problem};
use utoipa::ToSchema;

/// How somebody joins.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
pub(crate) struct JoinBody {
    /// The digits that the table shows, from who asked to join; a guest with a token needs none.
    #[schema(pattern = "^[0-9]{4}$", example = "0417")]
    code: Option<String>,
}

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

/// Who joined, for the answer.
pub(super) fn who_joined(events: &[SessionEvent]) -> Map<String, Value> {
    let Some(SessionEvent::Joined(joined)) = events.first() else { return Map::new() };
    extras([("diner_id", json!(joined.diner_id)), ("number", json!(joined.number))])
}

/// Join a session
///
/// With the pass of a request to join in `X-Table-Token` and the digits that the table shows; or with a
/// guest token that was signed for this session. Only those who joined can order. Wrong digits are
/// counted: 5 of a guest and 10 of a session, then they change, and somebody must let the guest in.
#[utoipa::path(
    post,
    path = "/v1/restaurants/{restaurant}/sessions/{session}/join",
    tag = "dining",
    request_body = Option<JoinBody>,
    responses((status = 200, description = "The guest joined", body = SessionJoined)),
    extensions(
        ("x-permission" = json!("a guest of the session")),
        ("x-problems" = json!([
            "session-closed", "already-joined", "session-full", "diner-left", "wrong-code", "code-locked",
            "join-not-waiting"
        ]))
    ),
    security(("guest-pass" = []), ("token" = []), ("table-token" = []))
)]
pub(crate) async fn join_session(
    State(commands): State<Commands>,
    joiner: Joiner,
    envelope: Envelope,
    body: OptionalBody<JoinBody>,
) -> Result<Answered, Problem> {
    match (joiner, body.value.code) {
        (Joiner::Signed(signed), None) => {
            let command = Join { session: signed.session, diner_id: signed.guest.diner_id };
            commands.submit(signed.caller, envelope, &body.raw, command).await
        }
        (Joiner::Signed(_), Some(_)) => Err(Problem::invalid_field("/code", "a guest with a token needs no digits")),
        (Joiner::Asked(asker), Some(code)) if is_digits(&code) => {
            join_with_code(&commands, &asker, envelope, &body.raw, &code).await
        }
        (Joiner::Asked(_), _) => Err(Problem::invalid_field("/code", "must be the four digits of the table")),
    }
}

fn is_digits(code: &str) -> bool {
    code.len() == VISIT_CODE_DIGITS && code.bytes().all(|byte| byte.is_ascii_digit())
}
