//! What is printed on a table, for programs.

use crate::{http::answers::TableCodeAnswer, submit::Commands};
use axum::{Json, extract::State};
use domain::ids::TableId;
use service_kit::{
    access::{Allowed, rights},
    ids::InPath,
    problem::Problem,
};

/// The printed code of a table
///
/// It is harmless: whoever has it may ask to join whoever sits there, no more.
#[utoipa::path(
    get,
    path = "/v1/restaurants/{restaurant}/tables/{table}/code",
    tag = "tables",
    responses((status = 200, description = "The code that counts", body = TableCodeAnswer)),
    extensions(("x-permission" = json!("floor:read")), ("x-problems" = json!([])))
)]
pub(crate) async fn get_table_code(
    State(commands): State<Commands>,
    allowed: Allowed<rights::FloorRead>,
    InPath(table): InPath<TableId>,
) -> Result<Json<TableCodeAnswer>, Problem> {
    let (label, code) = commands.tables.code(allowed.restaurant, table).await?;
    Ok(Json(TableCodeAnswer {
        table_id: table.0,
        label,
        issue: code.issue,
        code: code.to_text(&commands.tables.key),
        url: commands.tables.url(&code),
    }))
}
