//! Serving a router: bounded in connections and in time.
//!
//! axum's own `serve` waits for ever for the headers of a request and for the last connection at
//! shutdown; so this is a loop of our own over hyper.

use super::{
    places::{Place, Places},
    wire::Wire,
};
use crate::{
    client::Proxies,
    config::{ConfigError, env_parsed},
};
use axum::Router;
use http::Request;
use hyper::{body::Incoming, server::conn::http1};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use std::{future::Future, io, net::SocketAddr, pin::pin, sync::Arc, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::util::MapRequest;

/// Connections that are open at once; further ones wait in the kernel.
const CONNECTIONS_MAX: usize = 20_000;
/// Connections of one address, sockets included: a dining room behind one router has some hundreds of
/// guests, each with a socket and a few connections.
const CONNECTIONS_PER_ADDRESS_MAX: usize = 4_000;
/// How long the headers of a request may take to arrive, from their first byte.
const HEADERS_WITHIN: Duration = Duration::from_secs(10);
/// How long a connection may idle: longer than load balancers keep theirs, so that they close first.
const IDLE_WITHIN: Duration = Duration::from_secs(75);
/// How long a client may read nothing of what is written to it.
const WRITE_WITHIN: Duration = Duration::from_secs(30);
/// Bytes of all headers of a request, with its first line: a token of 8 KiB and much else.
const HEAD_BYTES_MAX: usize = 32 * 1024;
/// Headers of a request.
const HEADERS_MAX: usize = 64;
/// How long requests may take to end at shutdown.
const FINISH_WITHIN: Duration = Duration::from_secs(20);
/// Pause after the system refused a connection: it has no more file descriptors, say.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// How a router is served.
#[derive(Debug, Clone)]
pub struct Server {
    /// Connections that are open at once, sockets included until their upgrade: `ARIS_CONNECTIONS_MAX`.
    pub connections_max: usize,
    /// Connections of one address that are open at once, sockets included to their end; trusted proxies
    /// may have any number: `ARIS_CONNECTIONS_PER_ADDRESS_MAX`.
    pub per_address_max: usize,
    /// The trusted proxies.
    pub proxies: Proxies,
    /// How long the headers of a request may take to arrive.
    pub headers_within: Duration,
    /// How long a connection may idle between requests.
    pub idle_within: Duration,
    /// How long a client may read nothing of what is written to it.
    pub write_within: Duration,
    /// How long requests may take to end at shutdown.
    pub finish_within: Duration,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            connections_max: CONNECTIONS_MAX,
            per_address_max: CONNECTIONS_PER_ADDRESS_MAX,
            proxies: Proxies::default(),
            headers_within: HEADERS_WITHIN,
            idle_within: IDLE_WITHIN,
            write_within: WRITE_WITHIN,
            finish_within: FINISH_WITHIN,
        }
    }
}

/// Serves a router until `shutdown` is cancelled and the requests of that moment have ended, at
/// most for 20 seconds more. Wrap the routes with [`super::app`] first.
pub async fn serve(listener: TcpListener, router: Router, shutdown: CancellationToken) {
    Server::default().run(listener, router, shutdown).await;
}

/// Describes the metrics of serving. Call it after the recorder was installed.
pub fn describe() {
    metrics::describe_counter!(
        "connections_refused_total",
        metrics::Unit::Count,
        "Connections that were closed because their address has too many"
    );
}

impl Server {
    /// The settings from the environment.
    ///
    /// # Errors
    /// `Invalid` where one of them is no number above 0, or no address of a proxy.
    pub fn from_env() -> Result<Self, ConfigError> {
        let number = |name, default: usize| -> Result<usize, ConfigError> {
            let expected = "whole number above 0";
            match env_parsed(name, default, expected)? {
                0 => Err(ConfigError::Invalid { name, value: "0".to_owned(), expected }),
                number => Ok(number),
            }
        };
        Ok(Self {
            connections_max: number("ARIS_CONNECTIONS_MAX", CONNECTIONS_MAX)?,
            per_address_max: number("ARIS_CONNECTIONS_PER_ADDRESS_MAX", CONNECTIONS_PER_ADDRESS_MAX)?,
            proxies: Proxies::from_env()?,
            ..Self::default()
        })
    }

    /// Like [`serve`], with other bounds.
    pub async fn run(self, listener: TcpListener, router: Router, shutdown: CancellationToken) {
        let connections = TaskTracker::new();
        let permits = Arc::new(Semaphore::new(self.connections_max));
        let places = Places::default();
        while let Some(Ok(permit)) = shutdown.run_until_cancelled(permits.clone().acquire_owned()).await {
            let Some((stream, peer)) = shutdown.run_until_cancelled(accept(&listener)).await else { break };
            let Some(place) = self.place(&places, peer) else {
                metrics::counter!("connections_refused_total").increment(1);
                continue;
            };
            let wire = Wire::new(stream, (self.headers_within, self.write_within), place);
            let connection = self.connection(wire, peer, router.clone(), shutdown.clone());
            connections.spawn(async move {
                connection.await;
                drop(permit);
            });
        }
        // From here on the kernel refuses, instead of letting clients wait for nobody.
        drop(listener);
        connections.close();
        if tokio::time::timeout(self.finish_within, connections.wait()).await.is_err() {
            tracing::warn!(connections = connections.len(), "requests were still running at shutdown");
        }
    }

    fn place(&self, places: &Places, peer: SocketAddr) -> Option<Place> {
        let most = if self.proxies.trusts(peer.ip()) { usize::MAX } else { self.per_address_max };
        places.take(peer.ip(), most)
    }

    fn connection(
        &self,
        wire: Wire,
        peer: SocketAddr,
        router: Router,
        shutdown: CancellationToken,
    ) -> impl Future<Output = ()> + Send + use<> {
        let mut http = http1::Builder::new();
        // Once the first byte of a head is there, the wire is stricter.
        http.timer(TokioTimer::new()).header_read_timeout(self.idle_within);
        http.max_buf_size(HEAD_BYTES_MAX).max_headers(HEADERS_MAX);
        let seen = wire.seen();
        let router = MapRequest::new(router, move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(peer);
            request.extensions_mut().insert(Arc::clone(&seen));
            request
        });
        async move {
            let service = TowerToHyperService::new(router);
            let mut connection = pin!(http.serve_connection(TokioIo::new(wire), service).with_upgrades());
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
async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                // Answers are small and whole: waiting for more bytes only makes them late.
                let _ = stream.set_nodelay(true);
                return (stream, peer);
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
