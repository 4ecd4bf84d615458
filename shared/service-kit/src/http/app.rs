//! What stands around every route.

use super::{cors, metrics};
use crate::{
    body, correlation, panics,
    problem::{Code, Problem},
};
use axum::{
    Router,
    extract::Request,
    middleware::{Next, from_fn},
    response::{IntoResponse, Response},
};
use http::{HeaderValue, header};
use std::any::Any;
use tower_http::catch_panic::CatchPanicLayer;

/// Settings of everything around the routes.
#[derive(Debug, Clone, Default)]
pub struct HttpConfig {
    /// Origins whose pages may call: `ARIS_CORS_ORIGINS`, separated by commas; none by default.
    pub cors_origins: Vec<String>,
}

impl HttpConfig {
    /// The settings from the environment.
    #[must_use]
    pub fn from_env() -> Self {
        let origins = crate::config::env_or("ARIS_CORS_ORIGINS", "");
        let origins = origins.split(',').map(str::trim).filter(|origin| !origin.is_empty());
        Self { cors_origins: origins.map(str::to_owned).collect() }
    }
}

/// Finishes a router: unknown addresses and methods become problems, bodies are bounded, answers
/// carry their correlation id and are never stored, requests are counted, panics are answered.
///
/// Call it once, on all routes of the process.
pub fn app(routes: Router, config: &HttpConfig) -> Router {
    // The last layer is the outermost.
    let app = routes
        .fallback(|| async { Problem::not_found() })
        .method_not_allowed_fallback(|| async { Problem::new(Code::MethodNotAllowed) })
        .layer(from_fn(body::limit))
        .layer(from_fn(contain))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn(metrics::count))
        .layer(from_fn(no_store));
    let app = match cors::layer(&config.cors_origins) {
        Some(cors) => app.layer(cors),
        None => app,
    };
    app.layer(from_fn(correlation::correlate))
}

/// A panic of a handler concerns its request only: it is answered, and the process goes on.
async fn contain(request: Request, next: Next) -> Response {
    panics::contained(next.run(request)).await
}

/// Answers are about this moment and this person.
async fn no_store(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    response.headers_mut().entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

#[expect(clippy::needless_pass_by_value, reason = "the layer hands the panic over")]
fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
    Problem::internal(&format_args!("a handler panicked: {}", text.unwrap_or("no message"))).into_response()
}
