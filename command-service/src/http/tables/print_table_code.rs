//! What is printed on a table, for printers.

use super::qr;
use crate::submit::Commands;
use axum::{extract::State, response::IntoResponse};
use domain::ids::TableId;
use http::header;
use service_kit::{
    access::{Allowed, rights},
    ids::InPath,
    problem::Problem,
};

/// The printed code of a table as a picture
///
/// A QR code with the table's label below it, to print.
#[utoipa::path(
    get,
    path = "/v1/restaurants/{restaurant}/tables/{table}/code.svg",
    tag = "tables",
    responses((status = 200, description = "The picture", body = String, content_type = "image/svg+xml")),
    extensions(("x-permission" = json!("floor:read")), ("x-problems" = json!([])))
)]
pub(crate) async fn print_table_code(
    State(commands): State<Commands>,
    allowed: Allowed<rights::FloorRead>,
    InPath(table): InPath<TableId>,
) -> Result<impl IntoResponse, Problem> {
    let (label, code) = commands.tables.code(allowed.restaurant, table).await?;
    let svg = qr::svg(&commands.tables.url(&code), &label).map_err(|error| Problem::internal(&error))?;
    Ok(([(header::CONTENT_TYPE, "image/svg+xml"), (header::CACHE_CONTROL, "no-store")], svg))
}
