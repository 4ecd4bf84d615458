//! Serving a router: bounded in connections and in time.
//!
//! axum's own `serve` waits for ever for the headers of a request and for the last connection at
//! shutdown; so this is a loop of our own over hyper.

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use std::{future::Future, io, pin::pin, sync::Arc, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Connections that are open at once; further ones wait in the kernel.
const CONNECTIONS_MAX: usize = 20_000;
/// How long the headers of a request may take to arrive; also how long a connection may idle.
const HEADERS_WITHIN: Duration = Duration::from_secs(60);
/// How long requests may take to end at shutdown.
const FINISH_WITHIN: Duration = Duration::from_secs(20);
/// Pause after the system refused a connection: it has no more file descriptors, say.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// How a router is served.
#[derive(Debug, Clone, Copy)]
pub struct Server {
    /// Connections that are open at once, sockets included until their upgrade.
    pub connections_max: usize,
    /// How long the headers of a request may take to arrive; also how long a connection may idle.
    pub headers_within: Duration,
    /// How long requests may take to end at shutdown.
    pub finish_within: Duration,
}

impl Default for Server {
    fn default() -> Self {
        Self { connections_max: CONNECTIONS_MAX, headers_within: HEADERS_WITHIN, finish_within: FINISH_WITHIN }
    }
}

/// Serves a router until `shutdown` is cancelled and the requests of that moment have ended, at
/// most for 20 seconds more. Wrap the routes with [`super::app`] first.
pub async fn serve(listener: TcpListener, router: Router, shutdown: CancellationToken) {
    Server::default().run(listener, router, shutdown).await;
}

impl Server {
    /// Like [`serve`], with other bounds.
    pub async fn run(self, listener: TcpListener, router: Router, shutdown: CancellationToken) {
        let connections = TaskTracker::new();
        let places = Arc::new(Semaphore::new(self.connections_max));
        while let Some(Ok(place)) = shutdown.run_until_cancelled(places.clone().acquire_owned()).await {
            let Some(accepted) = shutdown.run_until_cancelled(accept(&listener)).await else { break };
            let connection = self.connection(accepted, router.clone(), shutdown.clone());
            connections.spawn(async move {
                connection.await;
                drop(place);
            });
        }
        // From here on the kernel refuses, instead of letting clients wait for nobody.
        drop(listener);
        connections.close();
        if tokio::time::timeout(self.finish_within, connections.wait()).await.is_err() {
            tracing::warn!(connections = connections.len(), "requests were still running at shutdown");
        }
    }

    fn connection(
        self,
        stream: TcpStream,
        router: Router,
        shutdown: CancellationToken,
    ) -> impl Future<Output = ()> + Send + 'static {
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new()).header_read_timeout(self.headers_within);
        async move {
            let service = TowerToHyperService::new(router);
            let mut connection = pin!(http.serve_connection(TokioIo::new(stream), service).with_upgrades());
            let ended = tokio::select! {
                ended = connection.as_mut() => ended,
                () = shutdown.cancelled() => {
                    connection.as_mut().graceful_shutdown();
                    connection.await
                }
            };
            if let Err(error) = ended {
                tracing::trace!(%error, "a connection broke");
            }
        }
    }
}

/// The next connection; what the system refuses is tried again.
async fn accept(listener: &TcpListener) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                // Answers are small and whole: waiting for more bytes only makes them late.
                let _ = stream.set_nodelay(true);
                return stream;
            }
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                tracing::warn!(%error, "no connection can be accepted for now");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// The client was gone before it was accepted.
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
