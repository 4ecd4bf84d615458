//! What became of a request to join.

use crate::{access::Asker, http::answers::JoinRequestAnswer, submit::Commands};
use axum::{
    Json,
    extract::{Query, State},
};
use chrono::{DateTime, Utc};
use domain::{
    dining::{SessionState, Standing, TableSession},
    envelope::format_time,
    ids::DinerId,
};
use identity::tables::GuestPass;
use serde::Deserialize;
use service_kit::{ids::InPath, problem::Problem};
use std::time::Duration;
use tokio::time::Instant;
use utoipa::IntoParams;

/// The longest wait for an answer, in seconds: shorter than proxies wait.
const WAIT_SECONDS_MAX: u64 = 25;
/// How often it is looked.
const LOOK_EVERY: Duration = Duration::from_millis(300);

/// How long to wait.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wait {
    /// Seconds to wait while nobody has answered, at most 25; 0 answers at once.
    #[serde(default)]
    #[param(maximum = 25)]
    wait: u64,
}

/// What became of a request to join
///
/// With the pass of who asked in `X-Table-Token`. Waits a while for an answer, if it is told to.
#[utoipa::path(
    get,
    path = "/v1/restaurants/{restaurant}/sessions/{session}/join-requests/{diner}",
    tag = "dining",
    params(Wait),
    responses((status = 200, description = "What became of it", body = JoinRequestAnswer)),
    extensions(("x-permission" = json!("who asked to join")), ("x-problems" = json!(["invalid-field"]))),
    security(("guest-pass" = []))
)]
pub(crate) async fn get_join_request(
    State(commands): State<Commands>,
    Asker { pass, .. }: Asker,
    InPath(diner): InPath<DinerId>,
    query: Result<Query<Wait>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<JoinRequestAnswer>, Problem> {
    let Query(Wait { wait }) = query.map_err(|_| Problem::invalid_field("/wait", "must be 0 to 25 seconds"))?;
    if pass.diner != diner {
        return Err(Problem::not_theirs());
    }
    // Who finds no room to wait in is answered at once, and asks again.
    let room = commands.tables.waiters.try_acquire().ok();
    let seconds = if room.is_some() { wait.min(WAIT_SECONDS_MAX) } else { 0 };
    let end = Instant::now() + Duration::from_secs(seconds);
    // Ends after `WAIT_SECONDS_MAX`.
    loop {
        let session = commands.tables.session(pass.restaurant, pass.session).await?;
        let answer = answer(&pass, &session, Utc::now()).ok_or_else(Problem::not_found)?;
        if answer.state != Standing::Waiting.as_str() || Instant::now() >= end {
            return Ok(Json(answer));
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

fn answer(pass: &GuestPass, session: &TableSession, now: DateTime<Utc>) -> Option<JoinRequestAnswer> {
    let standing = session.visit()?.standing(pass.diner, now);
    let state = match (session.is_open(), standing) {
        (_, Standing::Unknown) => return None,
        (false, _) => SessionState::Closed.as_str(),
        (true, standing) => standing.as_str(),
    };
    Some(JoinRequestAnswer {
        now: format_time(now),
        session_id: pass.session.0,
        diner_id: pass.diner.0,
        state,
        number: session.diner_number(pass.diner),
    })
}
