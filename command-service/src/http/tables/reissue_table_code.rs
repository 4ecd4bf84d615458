//! A new printed code for a table whose old one was abused.

use crate::{
    access::Caller,
    command::{Command, done_with, extras},
    http::answers::TableCodeReissued,
    submit::{Answered, Commands, Envelope},
};
use axum::extract::State;
use domain::{
    claims::ClaimKind,
    dining::{DeclineAll, Host, SessionCommand, SessionEvent, TableSession},
    ids::{RestaurantId, SessionId, TableId},
    restaurants::{ReissueTableCode, RestaurantCommand, RestaurantEvent},
};
use event_store::committer::{ClaimRead, Decision, Facts, Stop, StreamRead};
use serde_json::{Map, json};
use service_kit::{
    access::{Allowed, rights},
    body::NoBody,
    ids::InPath,
    problem::Problem,
};

struct Reissue {
    restaurant: RestaurantId,
    table_id: TableId,
}

impl Command for Reissue {
    fn reads(&self) -> Vec<StreamRead> {
        vec![StreamRead::Existing(self.restaurant.into())]
    }

    fn claims(&self) -> Vec<ClaimRead> {
        vec![ClaimRead::Key(ClaimKind::OpenSession, self.table_id.to_string())]
    }

    fn decide(&self, facts: &Facts<'_>) -> Result<Decision, Stop> {
        let command = RestaurantCommand::ReissueTableCode(ReissueTableCode { table_id: self.table_id });
        let events = facts.restaurant()?.decide(command)?;
        let extras = match events.first() {
            Some(RestaurantEvent::TableCodeReissued(it)) => extras([("issue", json!(it.issue))]),
            _ => Map::new(),
        };
        let mut decision = done_with(self.restaurant, events, extras);
        if let Some(session) = facts.claim_owner(ClaimKind::OpenSession, &self.table_id.to_string()).map(SessionId) {
            // Who asked with the old code waits no longer: the new one begins with all places free.
            let told = told_no(facts.session(session)?, facts);
            decision.events.extend(told.into_iter().map(|event| (session.into(), event.into())));
        }
        Ok(decision)
    }
}

/// Whoever waits is told no; nobody where nobody waits.
fn told_no(session: &TableSession, facts: &Facts<'_>) -> Vec<SessionEvent> {
    let command = SessionCommand::DeclineAll(DeclineAll { by: Host::Staff, now: facts.now() });
    session.decide(command).unwrap_or_default()
}

/// Replace the printed code of a table
///
/// The old one is worthless at once; print the new one. Who asked with it and waits is told no.
#[utoipa::path(
    post,
    path = "/v1/restaurants/{restaurant}/tables/{table}/code/reissue",
    tag = "tables",
    responses((status = 200, description = "The table has a new code", body = TableCodeReissued)),
    extensions(("x-permission" = json!("table:write")), ("x-problems" = json!([])))
)]
pub(crate) async fn reissue_table_code(
    State(commands): State<Commands>,
    allowed: Allowed<rights::TableWrite>,
    InPath(table_id): InPath<TableId>,
    envelope: Envelope,
    body: NoBody,
) -> Result<Answered, Problem> {
    let caller = Caller::from(allowed);
    let command = Reissue { restaurant: caller.restaurant, table_id };
    commands.submit(caller, envelope, &body.raw, command).await
}
