//! Somebody who scanned the printed code of a table asks to join.

use crate::{
    access::{Scanned, guest_sender},
    command::{Command, done_with, extras},
    http::answers::JoinRequested,
    submit::{Answered, Commands, Envelope},
};
use axum::extract::State;
use domain::{
    claims::ClaimKind,
    dining::{RequestJoin, SessionCommand, SessionEvent},
    envelope::format_time,
    ids::{DinerId, SessionId},
    refusal::Refusal,
};
use event_store::committer::{ClaimRead, Decision, Facts, Stop, StreamRead};
use identity::tables::{GuestPass, TableCode};
use serde_json::{Map, Value, json};
use service_kit::{
    body::NoBody,
    problem::{Code, Problem},
};

/// The shortest key: without a token it alone tells who asks, so it must not be one that others use too.
const KEY_BYTES_MIN: usize = 16;

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
        // A code that was replaced is as good as none.
        if facts.restaurant()?.code_issue(self.code.table) != Some(self.code.issue) {
            return Err(Refusal::NotFound.into());
        }
        let open = facts.claim_owner(ClaimKind::OpenSession, &self.code.table.to_string());
        let session = open.map(SessionId).ok_or(Refusal::NoOpenSession)?;
        let command = RequestJoin { diner_id: self.diner_id, now: facts.now() };
        let events = facts.session(session)?.decide(SessionCommand::RequestJoin(command))?;
        let extras = what_was_asked(&self.code, &events);
        Ok(done_with(session, events, extras))
    }
}

fn what_was_asked(code: &TableCode, events: &[SessionEvent]) -> Map<String, Value> {
    let Some(SessionEvent::JoinRequested(asked)) = events.first() else { return Map::new() };
    extras([
        ("restaurant_id", json!(code.restaurant)),
        ("session_id", json!(asked.session_id)),
        ("diner_id", json!(asked.diner_id)),
        ("mark", json!(asked.mark)),
        ("expires_at", json!(format_time(asked.expires_at))),
    ])
}

/// Ask to join
///
/// With the printed code of a table and no token. Whoever sits there and staff see it at once and answer;
/// who knows the digits of the table joins without an answer. The key needs at least 16 characters.
#[utoipa::path(
    post,
    path = "/v1/table-codes/{code}/join-requests",
    tag = "dining",
    security(()),
    responses((status = 200, description = "They wait for an answer", body = JoinRequested)),
    extensions(
        ("x-problems" = json!(["no-open-session", "join-requests-full", "session-full", "already-done"]))
    )
)]
pub(crate) async fn request_join(
    State(commands): State<Commands>,
    Scanned { code, tenant }: Scanned,
    envelope: Envelope,
    body: NoBody,
) -> Result<Answered, Problem> {
    if envelope.key_len() < KEY_BYTES_MIN {
        let detail = "without a token the key must have at least 16 characters, such as a random UUID";
        return Err(Problem::new(Code::IdempotencyKeyInvalid).detail(detail));
    }
    let envelope = envelope.with_stand_in(&commands.tables.key);
    let sub = Ask::sub(&code);
    let diner: DinerId = envelope.ids_for(code.restaurant, &sub).id("diner", 0).into();
    let sender = guest_sender(sub, diner, tenant, code.restaurant);
    let answered = commands.submit_from(sender, envelope, &body.raw, Ask { code, diner_id: diner }).await?;
    let Some(session) = answered.member("session_id").filter(|_| answered.is_done()) else { return Ok(answered) };
    let pass = GuestPass { restaurant: code.restaurant, session, diner };
    Ok(answered.with_secret("pass", &pass.to_text(&commands.tables.key)))
}
