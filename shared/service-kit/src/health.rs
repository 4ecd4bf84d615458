//! Is it alive, is it ready? And the metrics, which stand beside.
//!
//! `/livez` says that the process runs; `/startupz` that it was ready once; `/readyz` that it can
//! serve now. A process that is about to end is alive but not ready.

use crate::telemetry;
use axum::{
    Json, Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use futures::future::{BoxFuture, join_all};
use serde::Serialize;
use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio_util::sync::CancellationToken;

/// How long one check may take.
const CHECK_WITHIN: Duration = Duration::from_secs(2);

/// Something that must be true for a service to be ready. Cheap to clone.
#[derive(Clone)]
pub struct Check {
    name: &'static str,
    needed: bool,
    look: Arc<dyn Fn() -> BoxFuture<'static, Result<(), String>> + Send + Sync>,
}

impl Check {
    /// A check: `Err` says in a few words why not.
    pub fn new<F, Fut>(name: &'static str, look: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), String>> + Send + 'static,
    {
        Self { name, needed: true, look: Arc::new(move || Box::pin(look())) }
    }

    /// The same, for something that the service gets along without for a while: it is told, but the
    /// service stays ready. Otherwise one broker that is away would take every instance out.
    #[must_use]
    pub fn advisory(self) -> Self {
        Self { needed: false, ..self }
    }

    async fn run(&self) -> Finding {
        let result = tokio::time::timeout(CHECK_WITHIN, (self.look)()).await;
        let detail = result.unwrap_or_else(|_| Err("no answer in time".to_owned())).err();
        Finding { name: self.name, needed: self.needed, ok: detail.is_none(), detail }
    }
}

impl std::fmt::Debug for Check {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Check").field(&self.name).finish()
    }
}

/// The health of a process. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Health {
    checks: Arc<[Check]>,
    started: Arc<AtomicBool>,
    ending: CancellationToken,
}

/// What `/readyz` and `/startupz` answer.
#[derive(Debug, Serialize)]
struct Report {
    ready: bool,
    ending: bool,
    checks: Vec<Finding>,
}

#[derive(Debug, Serialize)]
struct Finding {
    name: &'static str,
    needed: bool,
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

impl Health {
    /// The health of a process that is ready while all checks pass and `ending` is not cancelled.
    #[must_use]
    pub fn new(checks: Vec<Check>, ending: CancellationToken) -> Self {
        Self { checks: checks.into(), started: Arc::default(), ending }
    }

    /// Whether it can serve now.
    pub async fn is_ready(&self) -> bool {
        self.report().await.ready
    }

    async fn report(&self) -> Report {
        let checks = join_all(self.checks.iter().map(Check::run)).await;
        let ending = self.ending.is_cancelled();
        let ready = !ending && checks.iter().all(|finding| finding.ok || !finding.needed);
        if ready {
            self.started.store(true, Ordering::Relaxed);
        }
        Report { ready, ending, checks }
    }
}

/// `/livez`, `/readyz`, `/startupz` and `/metrics`.
pub fn routes(health: Health) -> Router {
    Router::new()
        .route("/livez", get(|| async { "alive\n" }))
        .route("/readyz", get(readyz))
        .route("/startupz", get(startupz))
        .with_state(health)
        .route("/metrics", get(metrics))
}

async fn readyz(State(health): State<Health>) -> Response {
    let report = health.report().await;
    answer(report.ready, report)
}

async fn startupz(State(health): State<Health>) -> Response {
    let report = health.report().await;
    answer(health.started.load(Ordering::Relaxed), report)
}

fn answer(good: bool, report: Report) -> Response {
    let status = if good { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(report)).into_response()
}

async fn metrics() -> Response {
    let text = telemetry::metrics_handle().map(|handle| handle.render()).unwrap_or_default();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response()
}
