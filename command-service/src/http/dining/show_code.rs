//! The codes that a table shows to those who join it.

use crate::{access::SessionHost, http::answers::SessionCode, submit::Commands};
use axum::{Json, extract::State};
use domain::dining::Host;
use identity::tables::VisitDigits;
use service_kit::problem::{Code, Problem};

/// The codes of a session
///
/// For staff, and for whoever sits at the table: who joins later types one of them. The four digits may be locked, because
/// somebody guessed; the long code never is.
#[utoipa::path(
    get,
    path = "/v1/restaurants/{restaurant}/sessions/{session}/code",
    tag = "dining",
    responses((status = 200, description = "The codes as they are now", body = SessionCode)),
    extensions(
        ("x-permission" = json!("session:approve")),
        ("x-problems" = json!(["session-closed", "not-joined", "diner-left"]))
    )
)]
pub(crate) async fn show_code(
    State(commands): State<Commands>,
    SessionHost { host, session, caller }: SessionHost,
) -> Result<Json<SessionCode>, Problem> {
    let state = commands.tables.session(caller.restaurant, session).await?;
    let visit = state.visit().ok_or_else(Problem::not_found)?;
    if !state.is_open() {
        return Err(Problem::new(Code::SessionClosed));
    }
    if let Host::Diner(diner) = host {
        visit.seated(diner).map_err(|refusal| crate::refusals::problem(&refusal))?;
    }
    let digits = VisitDigits::of(session, visit.code, &commands.tables.key);
    let code = (!visit.code.locked).then(|| digits.expose().to_owned());
    let long_code = VisitDigits::long(session, visit.code, &commands.tables.key).expose().to_owned();
    Ok(Json(SessionCode { session_id: session.0, code, locked: visit.code.locked, long_code }))
}
