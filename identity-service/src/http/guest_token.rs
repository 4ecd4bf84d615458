//! `POST /v1/auth/guest-token`

use super::state::{App, unavailable};
use crate::tokens::ACCESS_LIFETIME;
use axum::{Json, extract::State};
use chrono::Utc;
use domain::{
    dining::{Standing, TableSession},
    envelope::ActorKind,
    ids::{FeedId, TenantId},
    limits::PAGE_EVENTS_MAX,
    stream::{AggregateKind, State as Folded},
};
use http::{HeaderMap, HeaderName};
use identity::tables::GuestPass;
use serde::Serialize;
use service_kit::{
    audit::{Attempt, Who},
    problem::{Code, Problem},
};
use utoipa::ToSchema;
use uuid::Uuid;

const TABLE_TOKEN: HeaderName = HeaderName::from_static("x-table-token");
/// Behind every event; the largest that MySQL compares without a sign.
const EVERY_POSITION: u64 = u64::MAX >> 1;

/// What a guest who sits at a table has.
#[derive(Serialize, ToSchema)]
pub(super) struct GuestToken {
    /// Goes into `Authorization: Bearer …` or `X-Table-Token` of requests, and into `hello` of a socket.
    access_token: String,
    /// Always `Bearer`.
    token_type: &'static str,
    /// Seconds until it ends; ask again before, with the same pass.
    expires_in: i64,
    /// Who the guest is.
    diner_id: Uuid,
    /// The restaurant.
    restaurant_id: Uuid,
    /// The table.
    table_id: Uuid,
    /// The session, and all that the token is good for.
    session_id: Uuid,
}

/// A token for a guest
///
/// With the pass of a request to join in `X-Table-Token`. Whoever was let in gets a token for 15 minutes, and
/// another one as long as they sit there: who left, and everybody after the end, gets none.
#[utoipa::path(
    post, path = "/v1/auth/guest-token", tag = "auth",
    params(("X-Table-Token" = String, Header, description = "The pass")),
    responses((status = 200, body = GuestToken)),
    extensions(
        ("x-permission" = json!("who asked to join")),
        ("x-problems" = json!(["not-joined", "join-not-waiting", "diner-left", "session-closed"]))
    ),
    security(("guest-pass" = [])),
)]
pub(super) async fn guest_token(
    State(app): State<App>,
    attempt: Attempt,
    headers: HeaderMap,
) -> Result<Json<GuestToken>, Problem> {
    let pass = pass(&app, &headers)?;
    let (tenant, session) = session(&app, &pass).await?.ok_or_else(|| Problem::new(Code::TokenInvalid))?;
    attempt.is_by_other(Who::without_token(ActorKind::Guest.as_str(), pass.diner.to_string(), Some(tenant)));
    let now = Utc::now();
    let visit = session.visit().ok_or_else(|| Problem::new(Code::TokenInvalid))?;
    check(&session, visit.standing(pass.diner, now))?;
    let token = app.issuer.guest(tenant, &pass, visit.table_id, now);
    Ok(Json(GuestToken {
        access_token: token.map_err(|error| Problem::internal(&format_args!("{error:#}")))?,
        token_type: "Bearer",
        expires_in: ACCESS_LIFETIME.num_seconds(),
        diner_id: pass.diner.0,
        restaurant_id: pass.restaurant.0,
        table_id: visit.table_id.0,
        session_id: pass.session.0,
    }))
}

fn pass(app: &App, headers: &HeaderMap) -> Result<GuestPass, Problem> {
    let mut values = headers.get_all(TABLE_TOKEN).iter();
    let value = values.next().ok_or_else(|| Problem::new(Code::TokenMissing))?;
    let text = value.to_str().ok().filter(|_| values.next().is_none());
    text.and_then(|text| GuestPass::from_text(text, &app.table_key)).ok_or_else(|| Problem::new(Code::TokenInvalid))
}

fn check(session: &TableSession, standing: Standing) -> Result<(), Problem> {
    if !session.is_open() {
        return Err(Problem::new(Code::SessionClosed));
    }
    match standing {
        Standing::Joined => Ok(()),
        Standing::Waiting => Err(Problem::new(Code::NotJoined).detail("nobody has answered yet")),
        Standing::Left => Err(Problem::new(Code::DinerLeft)),
        Standing::Unknown => Err(Problem::new(Code::TokenInvalid)),
        ended @ (Standing::Expired | Standing::Declined) => {
            Err(Problem::new(Code::JoinNotWaiting).fact("state", ended.as_str()))
        }
    }
}

/// The session as its events say at this moment, and whose restaurant it is in. Not a view: a view may be
/// behind, and whoever left a moment ago must not get a token.
async fn session(app: &App, pass: &GuestPass) -> Result<Option<(TenantId, TableSession)>, Problem> {
    let (feed, stream) = (FeedId::from(pass.restaurant), pass.session.into());
    let (mut state, mut tenant, mut version) = (Folded::absent(AggregateKind::TableSession), None, 0);
    // Ends: the version grows with each page, and the stream of a session is short.
    loop {
        let page = app.reader.stream_page(feed, stream, version, EVERY_POSITION, PAGE_EVENTS_MAX).await;
        let page = page.map_err(unavailable)?;
        let Some(last) = page.last() else { break };
        (version, tenant) = (last.version, Some(last.tenant));
        for recorded in &page {
            state.apply(recorded.event().map_err(|error| Problem::internal(&error))?);
        }
    }
    match (tenant, state) {
        (Some(tenant), Folded::TableSession(session)) => Ok(Some((tenant, session))),
        _ => Ok(None),
    }
}
