//! What a kitchen sees.

use super::{
    params::{Asked, Board, BoardParams},
    state::AppState,
};
use crate::views::kitchen_board::{
    query::{self, KitchenBoardAnswer},
    schema::{Tables, VIEW},
};
use axum::{Json, extract::State};
use chrono::Utc;
use domain::envelope::format_time;
use service_kit::{
    access::{Allowed, rights},
    problem::Problem,
};

/// The tickets of a station, or of the whole kitchen, oldest first.
#[utoipa::path(
    get, path = "/v1/restaurants/{restaurant}/kitchen-board", tag = "kitchen",
    params(("restaurant" = Uuid, Path), BoardParams),
    responses((status = 200, body = KitchenBoardAnswer)),
    extensions(
        ("x-permission" = json!("kitchen:read")),
        ("x-problems" = json!(["invalid-field", "projection-behind"]))
    )
)]
pub(super) async fn get_kitchen_board(
    State(app): State<AppState>,
    allowed: Allowed<rights::KitchenRead>,
    Asked(board): Asked<Board>,
) -> Result<Json<KitchenBoardAnswer>, Problem> {
    let feed = allowed.feed();
    let read = app.read(VIEW, feed, board.min_position, async |connection, generation| {
        query::board_rows(connection, &Tables::of(generation), feed, board.station.as_ref()).await
    });
    let (cursor, rows) = read.await?;
    Ok(Json(KitchenBoardAnswer { cursor, now: format_time(Utc::now()), tickets: query::tickets(rows) }))
}
