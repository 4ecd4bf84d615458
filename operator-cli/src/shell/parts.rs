//! The services of a process, started from the environment.

use crate::cli::ServiceName;
use anyhow::{Context, Result};
use axum::Router;
use futures::future::{BoxFuture, join_all};
use service_kit::{health::Check, limits::Identify};
use tokio_util::sync::CancellationToken;

/// Running services.
pub(super) struct Parts {
    pub(super) routes: Router,
    pub(super) checks: Vec<Check>,
    /// How the sender of a request is found out; all services know the same tokens.
    pub(super) identify: Option<Identify>,
    stopped: Vec<BoxFuture<'static, ()>>,
}

impl Parts {
    /// Starts these services. What one lacks in its environment is told before anything listens.
    pub(super) async fn start(services: &[ServiceName], shutdown: &CancellationToken) -> Result<Self> {
        let mut parts = Self { routes: Router::new(), checks: Vec::new(), identify: None, stopped: Vec::new() };
        for service in services {
            parts
                .add(*service, shutdown.clone())
                .await
                .with_context(|| format!("the {} service cannot start", service.as_str()))?;
        }
        Ok(parts)
    }

    async fn add(&mut self, service: ServiceName, shutdown: CancellationToken) -> Result<()> {
        macro_rules! start {
            ($service:ident) => {{
                let service = $service::start($service::Config::from_env()?, shutdown).await?;
                self.include(service.routes(), service.health());
                self.identify = self.identify.take().or_else(|| service.identify());
                self.stopped.push(Box::pin(service.stopped()));
            }};
        }
        match service {
            ServiceName::Command => start!(command_service),
            ServiceName::Projection => start!(projection_service),
            ServiceName::Gateway => start!(realtime_gateway),
            ServiceName::Relay => start!(outbox_relay),
            ServiceName::Identity => start!(identity_service),
            ServiceName::All => {}
        }
        Ok(())
    }

    fn include(&mut self, routes: Router, checks: Vec<Check>) {
        self.routes = std::mem::take(&mut self.routes).merge(routes);
        self.checks.extend(checks);
    }

    /// Waits until all services have ended; only after a shutdown.
    pub(super) async fn stopped(self) {
        join_all(self.stopped).await;
    }
}
