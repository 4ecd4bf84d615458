//! What a kitchen sees.

use super::{
    params::{Asked, Board, BoardParams},
    state::{AppState, unavailable},
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
    let mut at = app.snapshot(VIEW, feed, board.min_position).await?;
    let tables = Tables::of(at.generation());
    let rows = query::board_rows(at.connection(), &tables, feed, board.station.as_ref()).await.map_err(unavailable)?;
    let cursor = at.stand();
    at.end().await.map_err(unavailable)?;
    Ok(Json(KitchenBoardAnswer { cursor, now: format_time(Utc::now()), tickets: query::tickets(rows) }))
}
