//! `/docs` and `/openapi.json`, from assets inside the binary.

use super::openapi;
use axum::{Router, response::Redirect, routing::get};
use utoipa_swagger_ui::SwaggerUi;

pub(super) fn routes() -> Router {
    let docs: Router = SwaggerUi::new("/docs").url("/openapi.json", openapi::merged()).into();
    // Who only has the address finds the way.
    docs.route("/", get(|| async { Redirect::to("/docs/") }))
}
