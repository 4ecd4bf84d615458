//! A guest joins the session with their own device.

use super::{guess::is_code, join_with_code::join_with_code};
use crate::{
    access::Joiner,
    command::{Command, done_with, extras},
    http::answers::SessionJoined,
    submit::{Answered, Commands, Envelope},
};
use axum::{Extension, extract::State};
use domain::{
    dining::{JoinSession, SessionCommand, SessionEvent},
    ids::{DinerId, SessionId},
};
use event_store::committer::{Decision, Facts, Stop, StreamRead};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use service_kit::{body::OptionalBody, client::Client, problem::Problem};
use utoipa::ToSchema;

/// How somebody joins.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
pub(crate) struct JoinBody {
    /// What the table shows, its four digits or its long code, from who asked to join; a guest with a token needs none.
    #[schema(pattern = "^([0-9]{4}|[0-9]{12})$", example = "0417")]
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
/// With the pass of a request to join in `X-Table-Token` and a code that the table shows; or with a guest token that
/// was signed for this session. Only those who joined can order. Wrong digits are counted: 5 from an address, then one a
/// minute; 10 of everybody, then the digits change and let nobody in. The long code always does.
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
            "join-not-waiting", "too-many-attempts"
        ]))
    ),
    security(("guest-pass" = []), ("token" = []), ("table-token" = []))
)]
pub(crate) async fn join_session(
    State(commands): State<Commands>,
    joiner: Joiner,
    client: Option<Extension<Client>>,
    envelope: Envelope,
    body: OptionalBody<JoinBody>,
) -> Result<Answered, Problem> {
    match (joiner, body.value.code) {
        (Joiner::Signed(signed), None) => {
            let command = Join { session: signed.session, diner_id: signed.guest.diner_id };
            commands.submit(signed.caller, envelope, &body.raw, command).await
        }
        (Joiner::Signed(_), Some(_)) => Err(Problem::invalid_field("/code", "a guest with a token needs no digits")),
        (Joiner::Asked(asker), Some(code)) if is_code(&code) => {
            let client = client.map(|Extension(client)| client);
            join_with_code(&commands, (&asker, client), envelope, &body.raw, &code).await
        }
        (Joiner::Asked(_), _) => {
            Err(Problem::invalid_field("/code", "must be the four digits of the table, or its long code"))
        }
    }
}
