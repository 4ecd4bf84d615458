//! Somebody who scanned the printed code of a table asks to join, or comes in with the code that the table shows.

use super::{guess::is_code, scan_with_code::scan_with_code};
use crate::{
    access::{Scanned, guest_sender},
    command::{Command, done_with, extras},
    http::answers::JoinRequested,
    submit::{Answered, Commands, Envelope},
};
use axum::{Extension, extract::State};
use domain::{
    claims::ClaimKind,
    dining::{RequestJoin, SessionCommand, SessionEvent, Standing},
    envelope::format_time,
    ids::{DinerId, SessionId},
    ordering::four_characters,
    refusal::Refusal,
};
use event_store::committer::{ClaimRead, Decision, Facts, Stop, StreamRead};
use identity::tables::{GuestPass, TableCode};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use service_kit::{
    body::OptionalBody,
    client::Client,
    problem::{Code, Problem},
};
use utoipa::ToSchema;

/// The shortest key: without a token it alone tells who asks, so it must not be one that others use too.
const KEY_BYTES_MIN: usize = 16;

/// How somebody asks.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
pub(crate) struct AskBody {
    /// What the table shows, its four digits or its long code: who knows it joins at once. Without it, they ask.
    #[schema(pattern = "^([0-9]{4}|[0-9]{12})$", example = "0417")]
    code: Option<String>,
}

struct Ask {
    code: TableCode,
    diner_id: DinerId,
}

impl Ask {
    /// Who asks, until they have an id of their own; their idempotency keys belong to it.
    fn sub(code: &TableCode) -> String {
        format!("table-{}", code.table)
    }
}

impl Command for Ask {
    fn reads(&self) -> Vec<StreamRead> {
        vec![StreamRead::Existing(self.code.restaurant.into())]
    }

    fn claims(&self) -> Vec<ClaimRead> {
        vec![ClaimRead::Key(ClaimKind::OpenSession, self.code.table.to_string())]
    }

    fn decide(&self, facts: &Facts<'_>) -> Result<Decision, Stop> {
        let session = open_session(&self.code, facts)?;
        let command = RequestJoin { diner_id: self.diner_id, now: facts.now() };
        let events = facts.session(session)?.decide(SessionCommand::RequestJoin(command))?;
        let extras = what_was_asked(&self.code, &events);
        Ok(done_with(session, events, extras))
    }
}

/// The session that goes on at the table of this code, if it is the one that counts.
pub(super) fn open_session(code: &TableCode, facts: &Facts<'_>) -> Result<SessionId, Stop> {
    // A code that was replaced is as good as none.
    if facts.restaurant()?.code_issue(code.table) != Some(code.issue) {
        return Err(Refusal::NotFound.into());
    }
    let open = facts.claim_owner(ClaimKind::OpenSession, &code.table.to_string());
    Ok(open.map(SessionId).ok_or(Refusal::NoOpenSession)?)
}

/// What came of it, for the answer.
pub(super) fn what_was_asked(code: &TableCode, events: &[SessionEvent]) -> Map<String, Value> {
    match events.first() {
        Some(SessionEvent::JoinRequested(asked)) => extras([
            ("restaurant_id", json!(code.restaurant)),
            ("session_id", json!(asked.session_id)),
            ("diner_id", json!(asked.diner_id)),
            ("state", json!(Standing::Waiting.as_str())),
            ("mark", json!(asked.mark)),
            ("expires_at", json!(format_time(asked.expires_at))),
        ]),
        Some(SessionEvent::Joined(joined)) => extras([
            ("restaurant_id", json!(code.restaurant)),
            ("session_id", json!(joined.session_id)),
            ("diner_id", json!(joined.diner_id)),
            ("state", json!(Standing::Joined.as_str())),
            ("mark", json!(four_characters(joined.diner_id.0))),
            ("number", json!(joined.number)),
        ]),
        _ => Map::new(),
    }
}

/// Ask to join
///
/// With the printed code of a table and no token. Whoever sits there and staff see it at once and answer. Who sends a
/// code that the table shows joins at once, however many wait: with the four digits, of which wrong ones are counted (5
/// from an address, then one a minute; 10 of everybody, then they change and let nobody in), or with the long code,
/// which always lets them in. The key needs at least 16 characters.
#[utoipa::path(
    post,
    path = "/v1/table-codes/{code}/join-requests",
    tag = "dining",
    security(()),
    request_body = Option<AskBody>,
    responses((status = 200, description = "They wait for an answer, or have joined", body = JoinRequested)),
    extensions(
        ("x-problems" = json!([
            "no-open-session", "join-requests-full", "session-full", "already-done", "wrong-code", "code-locked",
            "too-many-attempts"
        ]))
    )
)]
pub(crate) async fn request_join(
    State(commands): State<Commands>,
    scanned: Scanned,
    client: Option<Extension<Client>>,
    envelope: Envelope,
    OptionalBody { value: AskBody { code: typed }, raw }: OptionalBody<AskBody>,
) -> Result<Answered, Problem> {
    if envelope.key_len() < KEY_BYTES_MIN {
        let detail = "without a token the key must have at least 16 characters, such as a random UUID";
        return Err(Problem::new(Code::IdempotencyKeyInvalid).detail(detail));
    }
    let envelope = envelope.with_stand_in(&commands.tables.key);
    let Scanned { code, tenant } = scanned;
    let sub = Ask::sub(&code);
    let diner: DinerId = envelope.ids_for(code.restaurant, &sub).id("diner", 0).into();
    let client = client.map(|Extension(client)| client);
    let answered = match typed {
        None => {
            let sender = guest_sender(sub, diner, tenant, code.restaurant);
            commands.submit_from(sender, envelope, &raw, Ask { code, diner_id: diner }).await?
        }
        Some(typed) if is_code(&typed) => {
            scan_with_code(&commands, (&scanned, client), (diner, sub), (envelope, &raw), &typed).await?
        }
        Some(_) => {
            return Err(Problem::invalid_field("/code", "must be the four digits of the table, or its long code"));
        }
    };
    let Some(session) = answered.member("session_id").filter(|_| answered.is_done()) else { return Ok(answered) };
    let pass = GuestPass { restaurant: code.restaurant, session, diner };
    Ok(answered.with_secret("pass", &pass.to_text(&commands.tables.key)))
}
