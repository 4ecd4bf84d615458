//! What stands around every route.

use super::{cors, metrics, security, sound};
use crate::{
    body,
    client::Proxies,
    config::{ConfigError, env_or},
    correlation,
    limits::{self, Identify, Limits},
    panics,
    problem::{Code, Problem},
};
use axum::{
    Router,
    extract::Request,
    middleware::{Next, from_fn},
    response::{IntoResponse, Response},
};
use http::{HeaderValue, header};
use std::{any::Any, net::SocketAddr};
use tower_http::catch_panic::CatchPanicLayer;

/// Settings of everything around the routes. By default nothing is counted.
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
}

impl HttpConfig {
    /// The settings from the environment, without limits.
    ///
    /// # Errors
    /// `Invalid` where an origin or the address of a proxy is none.
    pub fn from_env() -> Result<Self, ConfigError> {
        let cors_origins = cors::origins(&env_or("ARIS_CORS_ORIGINS", ""))?;
        Ok(Self { cors_origins, proxies: Proxies::from_env()?, ..Self::default() })
    }
}

/// Finishes a router: unknown addresses and methods become problems, requests are counted and
/// bounded in size and time, answers carry their correlation id and what browsers must know, and are
/// never stored; panics are answered.
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
        .layer(from_fn(sound::in_time));
    let app = match config.limits.clone() {
        Some(limits) => {
            let identify = config.identify.clone();
            app.layer(from_fn(move |request, next| limits::charge(limits.clone(), identify.clone(), request, next)))
        }
        None => app,
    };
    let app = app.layer(from_fn(sound::sound)).layer(from_fn(metrics::count)).layer(from_fn(no_store));
    let app = match cors::layer(&config.cors_origins) {
        Some(cors) => app.layer(cors),
        None => app,
    };
    let proxies = config.proxies.clone();
    app.layer(from_fn(security::secure))
        .layer(from_fn(move |request, next| know_client(proxies.clone(), request, next)))
        .layer(from_fn(correlation::correlate))
}

/// Finds out whose address a request has; requests that came over no connection have none.
async fn know_client(proxies: Proxies, mut request: Request, next: Next) -> Response {
    if let Some(peer) = request.extensions().get::<SocketAddr>() {
        let client = proxies.client(peer.ip(), request.headers());
        request.extensions_mut().insert(client);
    }
    next.run(request).await
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
