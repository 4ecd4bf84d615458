//! The guests have left.

use crate::{
    command::{Command, done},
    http::answers::Done,
    submit::{Answered, Commands, Envelope},
};
use axum::extract::State;
use domain::{
    claims::ClaimKind,
    dining::{CloseSession, SessionCommand},
    ids::{OrderId, SessionId},
};
use event_store::committer::{ClaimRead, Decision, Facts, Stop, StreamRead};
use service_kit::{
    access::{Allowed, rights},
    body::NoBody,
    ids::InPath,
    problem::Problem,
};

struct Close {
    session: SessionId,
}

impl Close {
    /// What the claims of all open orders of the session start with.
    fn open_orders(&self) -> String {
        format!("{}/", self.session)
    }
}

impl Command for Close {
    fn reads(&self) -> Vec<StreamRead> {
        vec![StreamRead::Existing(self.session.into())]
    }

    fn claims(&self) -> Vec<ClaimRead> {
        vec![ClaimRead::Prefix(ClaimKind::OpenOrder, self.open_orders())]
    }

    fn decide(&self, facts: &Facts<'_>) -> Result<Decision, Stop> {
        let open_orders = facts.claim_owners(ClaimKind::OpenOrder, &self.open_orders());
        let command = CloseSession { open_orders: open_orders.into_iter().map(OrderId).collect() };
        Ok(done(self.session, facts.session(self.session)?.decide(SessionCommand::Close(command))?))
    }
}

/// Close a session
///
/// The table is free again. Not while orders of the session are open.
#[utoipa::path(
    post,
    path = "/v1/restaurants/{restaurant}/sessions/{session}/close",
    tag = "dining",
    responses((status = 200, description = "It was closed", body = Done)),
    extensions(
        ("x-permission" = json!("session:close")),
        ("x-problems" = json!(["session-closed", "orders-open"]))
    )
)]
pub(crate) async fn close_session(
    State(commands): State<Commands>,
    allowed: Allowed<rights::SessionClose>,
    InPath(session): InPath<SessionId>,
    envelope: Envelope,
    body: NoBody,
) -> Result<Answered, Problem> {
    commands.submit(allowed, envelope, &body.raw, Close { session }).await
}
