//! `aris serve`: one service, or all of them, on one port.

use super::{audit, docs, limits, parts::Parts, signals};
use crate::cli::{Serve, ServiceName};
use anyhow::{Context, Result};
use service_kit::{
    health::{self, Health},
    http::{self, HttpConfig, Server},
    panics,
};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// How long the services may take to end after the last request.
const END_WITHIN: Duration = Duration::from_secs(20);

pub(crate) async fn serve(options: Serve) -> Result<()> {
    panics::end_the_process();
    let listener = TcpListener::bind(&options.listen)
        .await
        .with_context(|| format!("{} is not free: is something else running there?", options.listen))?;
    let shutdown = CancellationToken::new();
    let ending = shutdown.clone();
    tokio::spawn(async move {
        tokio::select! {
            () = signals::until_told_to_end() => {}
            () = signals::until_stdin_ends(), if options.until_stdin_ends => {}
        }
        tracing::info!("ending: no new requests; what was taken in is finished");
        ending.cancel();
    });
    run(&services(options.service), listener, shutdown).await
}

fn services(named: ServiceName) -> Vec<ServiceName> {
    match named {
        ServiceName::All => ServiceName::EACH.to_vec(),
        one => vec![one],
    }
}

/// Runs services behind this listener until the shutdown, and until what they took in is done.
async fn run(services: &[ServiceName], listener: TcpListener, shutdown: CancellationToken) -> Result<()> {
    let (server, config) = (Server::from_env()?, HttpConfig::from_env()?);
    let limits = limits::start(&shutdown)?;
    let (trail, writer) = audit::start(services)?;
    let parts = Parts::start(services, &shutdown).await?;
    let health = Health::new(parts.checks.clone(), shutdown.clone());
    let routes = parts.routes.clone().merge(health::routes(health)).merge(docs::routes());
    let names: Vec<_> = services.iter().map(|service| service.as_str()).collect();
    tracing::info!(services = names.join(","), address = %listener.local_addr()?, "listening");
    let config = HttpConfig { limits: Some(limits), identify: parts.identify.clone(), trail, ..config };
    server.run(listener, http::app(routes, &config), shutdown).await;
    if tokio::time::timeout(END_WITHIN, parts.stopped()).await.is_err() {
        tracing::warn!("a service did not end in time; nothing acknowledged is lost");
    }
    if let Some(writer) = writer {
        writer.end().await;
    }
    Ok(())
}
