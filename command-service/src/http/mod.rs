//! Every command, in one table.

mod answers;
mod dining;
mod document;
mod fields;
mod menu;
mod ordering;
mod restaurants;

use crate::submit::Commands;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes of this service and their part of the document.
pub(crate) fn router() -> OpenApiRouter<Commands> {
    OpenApiRouter::new()
        .routes(routes!(restaurants::create_restaurant::create_restaurant))
        .routes(routes!(menu::add_item::add_item))
        .routes(routes!(menu::withdraw_item::withdraw_item))
        .routes(routes!(menu::restore_item::restore_item))
        .routes(routes!(dining::open_session::open_session))
        .routes(routes!(dining::join_session::join_session))
        .routes(routes!(dining::close_session::close_session))
        .routes(routes!(ordering::place_order::place_order))
        .routes(routes!(ordering::accept_order::accept_order))
        .routes(routes!(ordering::reject_order::reject_order))
        .routes(routes!(ordering::cancel_order::cancel_order))
        .routes(routes!(ordering::start_line::start_line))
        .routes(routes!(ordering::ready_line::ready_line))
        .routes(routes!(ordering::serve_line::serve_line))
}

/// The part of the OpenAPI document that this service answers.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    let mut api = router().into_openapi();
    document::complete(&mut api);
    api
}
