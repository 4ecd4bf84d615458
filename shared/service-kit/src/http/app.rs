//! What stands around every route.

use super::{cors, metrics, security, sound};
use crate::{
    audit::Trail,
    body,
    client::Proxies,
    config::{ConfigError, env_or},
    correlation,
    limits::{Identify, Limits},
    panics,
    problem::{Code, Problem},
};
use axum::{
    Router,
    extract::Request,
    middleware::{Next, from_fn},
    response::{IntoResponse, Response},
};
use std::any::Any;
use tower_http::catch_panic::CatchPanicLayer;

/// Settings of everything around the routes. By default nothing is counted, and nothing written down.
#[derive(Debug, Clone, Default)]
pub struct HttpConfig {
    /// Origins whose pages may call: `ARIS_CORS_ORIGINS`, separated by commas; none by default.
    pub cors_origins: Vec<String>,
    /// Whom to believe about the addresses of clients; nobody by default.
    pub proxies: Proxies,
    /// How much one caller may ask and do.
    pub limits: Option<Limits>,
    /// How the sender of a request is found out, to count for them.
    pub identify: Option<Identify>,
    /// Where it goes who did, or tried to do, what.
    pub trail: Trail,
}

impl HttpConfig {
    /// The settings from the environment, without limits and without audit.
    ///
    /// # Errors
    /// `Invalid` where an origin or the address of a proxy is none.
    pub fn from_env() -> Result<Self, ConfigError> {
        let cors_origins = cors::origins(&env_or("ARIS_CORS_ORIGINS", ""))?;
        Ok(Self { cors_origins, proxies: Proxies::from_env()?, ..Self::default() })
    }
}

/// Finishes a router: unknown addresses and methods become problems, requests are counted,
/// audited, and bounded in size and time, answers carry their correlation id and what browsers must know, and are
/// never stored; panics are answered.
///
/// Call it once, on all routes of the process.
pub fn app(routes: Router, config: &HttpConfig) -> Router {
    let counting = config.limits.clone().map(|limits| (limits, config.identify.clone()));
    let (proxies, trail) = (config.proxies.clone(), config.trail.clone());
    // The last layer is the outermost. Each costs every request about a microsecond: few do much.
    let app = routes
        .fallback(|| async { Problem::not_found() })
        .method_not_allowed_fallback(|| async { Problem::new(Code::MethodNotAllowed) })
        .layer(from_fn(body::limit))
        .layer(from_fn(contain))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn(move |request, next| sound::guard(counting.clone(), trail.clone(), request, next)))
        .layer(from_fn(metrics::count));
    let app = match cors::layer(&config.cors_origins) {
        Some(cors) => app.layer(cors),
        None => app,
    };
    app.layer(from_fn(move |request, next| security::secure(proxies.clone(), request, next)))
        .layer(from_fn(correlation::correlate))
}

/// A panic of a handler concerns its request only: it is answered, and the process goes on.
async fn contain(request: Request, next: Next) -> Response {
    panics::contained(next.run(request)).await
}

#[expect(clippy::needless_pass_by_value, reason = "the layer hands the panic over")]
fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
    Problem::internal(&format_args!("a handler panicked: {}", text.unwrap_or("no message"))).into_response()
}
