//! The restaurant, its menu, its sessions.

use super::{
    params::{Asked, AtLeast, MinPosition},
    state::AppState,
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
    let read = app.read(VIEW, feed, min_position, async |connection, generation| {
        let tables = Tables::of(generation);
        let Some(row) = query::restaurant_row(connection, &tables, feed).await? else { return Ok(None) };
        Ok(Some((row, query::tables(connection, &tables, feed).await?)))
    });
    let (cursor, found) = read.await?;
    let (row, tables) = found.ok_or_else(Problem::not_found)?;
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
    let feed = access.feed();
    let read = app.read(VIEW, feed, min_position, async |connection, generation| {
        query::items(connection, &Tables::of(generation), feed).await
    });
    let (cursor, items) = read.await?;
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
    let read = app.read(VIEW, feed, min_position, async |connection, generation| {
        let tables = Tables::of(generation);
        let Some(row) = query::session_row(connection, &tables, feed, session).await? else { return Ok(None) };
        let diners = query::diners(connection, &tables, feed, session).await?;
        let waiting = query::join_requests(connection, &tables, feed, Some(session), Utc::now()).await?;
        Ok(Some((row, diners, waiting)))
    });
    let (cursor, found) = read.await?;
    let (row, diners, waiting) = found.ok_or_else(Problem::not_found)?;
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
    let read = app.read(VIEW, feed, min_position, async |connection, generation| {
        query::join_requests(connection, &Tables::of(generation), feed, None, now).await
    });
    let (cursor, join_requests) = read.await?;
    Ok(Json(JoinRequestsAnswer { cursor, now: format_time(now), join_requests }))
}
