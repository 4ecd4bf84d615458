//! A guest leaves the others.

use crate::{
    access::GuestOfSession,
    command::{Command, done},
    http::answers::Done,
    submit::{Answered, Commands, Envelope},
};
use axum::extract::State;
use domain::{
    dining::{LeaveSession, SessionCommand},
    ids::{DinerId, SessionId},
};
use event_store::committer::{Decision, Facts, Stop, StreamRead};
use service_kit::{body::NoBody, problem::Problem};

struct Leave {
    session: SessionId,
    diner_id: DinerId,
}

impl Command for Leave {
    fn reads(&self) -> Vec<StreamRead> {
        vec![StreamRead::Existing(self.session.into())]
    }

    fn decide(&self, facts: &Facts<'_>) -> Result<Decision, Stop> {
        let command = SessionCommand::Leave(LeaveSession { diner_id: self.diner_id });
        Ok(done(self.session, facts.session(self.session)?.decide(command)?))
    }
}

/// Leave a session
///
/// By a guest, for themselves. From now on they are a stranger to the table, whatever token they hold; what
/// they ordered stays.
#[utoipa::path(
    post,
    path = "/v1/restaurants/{restaurant}/sessions/{session}/leave",
    tag = "dining",
    responses((status = 200, description = "They left", body = Done)),
    extensions(
        ("x-permission" = json!("a guest of the session")),
        ("x-problems" = json!(["session-closed", "not-joined", "diner-left"]))
    )
)]
pub(crate) async fn leave_session(
    State(commands): State<Commands>,
    GuestOfSession { guest, session, caller }: GuestOfSession,
    envelope: Envelope,
    body: NoBody,
) -> Result<Answered, Problem> {
    commands.submit(caller, envelope, &body.raw, Leave { session, diner_id: guest.diner_id }).await
}
