//! Guests sit down at a table.

use crate::{
    access::Caller,
    command::{Command, created},
    http::answers::Done,
    refusals::location_of,
    submit::{Answered, Commands, Envelope},
};
use axum::extract::State;
use domain::{
    claims::ClaimKind,
    dining::{OpenSession, SessionCommand},
    ids::{RestaurantId, SessionId, TableId},
};
use event_store::committer::{ClaimRead, Decision, Facts, Stop, StreamRead};
use service_kit::{
    access::{Allowed, rights},
    body::NoBody,
    ids::InPath,
    problem::Problem,
};

struct Open {
    restaurant: RestaurantId,
    table: TableId,
    session_id: SessionId,
}

impl Command for Open {
    fn reads(&self) -> Vec<StreamRead> {
        vec![StreamRead::Existing(self.restaurant.into()), StreamRead::New(self.session_id.into())]
    }

    fn claims(&self) -> Vec<ClaimRead> {
        vec![ClaimRead::Key(ClaimKind::OpenSession, self.table.to_string())]
    }

    fn decide(&self, facts: &Facts<'_>) -> Result<Decision, Stop> {
        let command = OpenSession {
            session_id: self.session_id,
            table: facts.restaurant()?.table(self.table).cloned(),
            occupied_by: facts.claim_owner(ClaimKind::OpenSession, &self.table.to_string()).map(SessionId),
        };
        let events = facts.session(self.session_id)?.decide(SessionCommand::Open(command))?;
        let location = location_of(self.restaurant, self.session_id.into());
        Ok(created(self.session_id, events, location, serde_json::Map::new()))
    }
}

/// Open a session at a table
///
/// Guests sit down. A table has at most one open session.
#[utoipa::path(
    post,
    path = "/v1/restaurants/{restaurant}/tables/{table}/sessions",
    tag = "dining",
    responses((status = 201, description = "It was opened", body = Done)),
    extensions(
        ("x-permission" = json!("session:open")),
        ("x-problems" = json!(["already-done", "table-occupied"]))
    )
)]
pub(crate) async fn open_session(
    State(commands): State<Commands>,
    allowed: Allowed<rights::SessionOpen>,
    InPath(table): InPath<TableId>,
    envelope: Envelope,
    body: NoBody,
) -> Result<Answered, Problem> {
    let caller = Caller::from(allowed);
    let session_id = envelope.ids(&caller).id("session", 0).into();
    let command = Open { restaurant: caller.restaurant, table, session_id };
    commands.submit(caller, envelope, &body.raw, command).await
}
