//! The restaurant, its menu, its sessions.

use super::{
    params::{Asked, AtLeast, MinPosition},
    state::{AppState, unavailable},
};
use crate::views::restaurants::{
    query::{self, JoinRequestsAnswer, MenuAnswer, RestaurantAnswer, SessionAnswer},
    schema::{Tables, VIEW},
};
use axum::{Json, extract::State};
use chrono::Utc;
use domain::{envelope::format_time, ids::SessionId};
use identity::{Permission, Principal};
use service_kit::{
    access::{Access, Allowed, rights},
    ids::InPath,
    problem::Problem,
};

/// A restaurant with its stations and tables, and who sits where.
#[utoipa::path(
    get, path = "/v1/restaurants/{restaurant}", tag = "restaurants",
    params(("restaurant" = Uuid, Path), MinPosition),
    responses((status = 200, body = RestaurantAnswer)),
    extensions(("x-problems" = json!(["invalid-field", "projection-behind"])))
)]
pub(super) async fn get_restaurant(
    State(app): State<AppState>,
    access: Access,
    Asked(AtLeast(min_position)): Asked<AtLeast>,
) -> Result<Json<RestaurantAnswer>, Problem> {
    let feed = access.feed();
    let mut at = app.snapshot(VIEW, feed, min_position).await?;
    let tables = Tables::of(at.generation());
    let row = query::restaurant_row(at.connection(), &tables, feed).await.map_err(unavailable)?;
    let row = row.ok_or_else(Problem::not_found)?;
    let tables = query::tables(at.connection(), &tables, feed).await.map_err(unavailable)?;
    let cursor = at.stand();
    at.end().await.map_err(unavailable)?;
    Ok(Json(RestaurantAnswer {
        cursor,
        now: format_time(Utc::now()),
        id: feed.0,
        name: row.name,
        currency: row.currency,
        time_zone: row.time_zone,
        stations: row.stations,
        tables,
    }))
}

/// The menu, withdrawn items included.
#[utoipa::path(
    get, path = "/v1/restaurants/{restaurant}/menu", tag = "restaurants",
    params(("restaurant" = Uuid, Path), MinPosition),
    responses((status = 200, body = MenuAnswer)),
    extensions(("x-problems" = json!(["invalid-field", "projection-behind"])))
)]
pub(super) async fn get_menu(
    State(app): State<AppState>,
    access: Access,
    Asked(AtLeast(min_position)): Asked<AtLeast>,
) -> Result<Json<MenuAnswer>, Problem> {
    let mut at = app.snapshot(VIEW, access.feed(), min_position).await?;
    let tables = Tables::of(at.generation());
    let items = query::items(at.connection(), &tables, access.feed()).await.map_err(unavailable)?;
    let cursor = at.stand();
    at.end().await.map_err(unavailable)?;
    Ok(Json(MenuAnswer { cursor, items }))
}

/// A table session and its guests. A guest sees only their own.
#[utoipa::path(
    get, path = "/v1/restaurants/{restaurant}/sessions/{session}", tag = "restaurants",
    params(("restaurant" = Uuid, Path), ("session" = Uuid, Path), MinPosition),
    responses((status = 200, body = SessionAnswer)),
    extensions(
        ("x-permission" = json!("floor:read")),
        ("x-problems" = json!(["invalid-field", "projection-behind"]))
    )
)]
pub(super) async fn get_session(
    State(app): State<AppState>,
    access: Access,
    InPath(session): InPath<SessionId>,
    Asked(AtLeast(min_position)): Asked<AtLeast>,
) -> Result<Json<SessionAnswer>, Problem> {
    match &access.principal {
        Principal::Guest(guest) if guest.session_id == session => {}
        Principal::Guest(_) => return Err(Problem::not_theirs()),
        Principal::Staff(_) | Principal::Machine(_) => access.demand(Permission::FloorRead)?,
    }
    let feed = access.feed();
    let mut at = app.snapshot(VIEW, feed, min_position).await?;
    let tables = Tables::of(at.generation());
    let row = query::session_row(at.connection(), &tables, feed, session).await.map_err(unavailable)?;
    let row = row.ok_or_else(Problem::not_found)?;
    let diners = query::diners(at.connection(), &tables, feed, session).await.map_err(unavailable)?;
    let waiting = query::join_requests(at.connection(), &tables, feed, Some(session), Utc::now()).await;
    let waiting = waiting.map_err(unavailable)?;
    let cursor = at.stand();
    at.end().await.map_err(unavailable)?;
    Ok(Json(row.answer(cursor, session, diners, waiting)))
}

/// Who waits to be let in, at all tables, the longest first.
#[utoipa::path(
    get, path = "/v1/restaurants/{restaurant}/join-requests", tag = "restaurants",
    params(("restaurant" = Uuid, Path), MinPosition),
    responses((status = 200, body = JoinRequestsAnswer)),
    extensions(
        ("x-permission" = json!("floor:read")),
        ("x-problems" = json!(["invalid-field", "projection-behind"]))
    )
)]
pub(super) async fn list_join_requests(
    State(app): State<AppState>,
    allowed: Allowed<rights::FloorRead>,
    Asked(AtLeast(min_position)): Asked<AtLeast>,
) -> Result<Json<JoinRequestsAnswer>, Problem> {
    let (feed, now) = (allowed.feed(), Utc::now());
    let mut at = app.snapshot(VIEW, feed, min_position).await?;
    let tables = Tables::of(at.generation());
    let join_requests = query::join_requests(at.connection(), &tables, feed, None, now).await.map_err(unavailable)?;
    let cursor = at.stand();
    at.end().await.map_err(unavailable)?;
    Ok(Json(JoinRequestsAnswer { cursor, now: format_time(now), join_requests }))
}
