//! WebSockets, opened the same way towards everyone.

use anyhow::{Context, Result};
use std::{net::SocketAddr, time::Duration};
use tokio::{
    net::TcpStream,
    time::{Instant, sleep, timeout},
};
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{
        self,
        client::IntoClientRequest,
        http::{HeaderValue, StatusCode},
        protocol::WebSocketConfig,
    },
};

/// A socket without TLS.
pub(crate) type Socket = WebSocketStream<TcpStream>;

/// Ten thousand of them share this process: no more than a message needs.
const BUFFER_BYTES: usize = 4 * 1_024;
/// How long it may take to be let in, with all tries.
const WITHIN: Duration = Duration::from_secs(60);
/// A server that is busy is tried again after this.
const AGAIN: Duration = Duration::from_millis(100);

/// Opens a socket; one that is answered 503 is tried again.
pub(crate) async fn dial(address: SocketAddr, path: &str, protocol: Option<&'static str>) -> Result<Socket> {
    let end = Instant::now() + WITHIN;
    loop {
        let opened = timeout(WITHIN, attempt(address, path, protocol)).await.context("a socket does not open")?;
        match opened {
            Ok(socket) => return Ok(socket),
            Err(tungstenite::Error::Http(answer))
                if answer.status() == StatusCode::SERVICE_UNAVAILABLE && Instant::now() < end => {}
            Err(error) => return Err(error).with_context(|| format!("a socket at {address}{path}")),
        }
        sleep(AGAIN).await;
    }
}

async fn attempt(
    address: SocketAddr,
    path: &str,
    protocol: Option<&'static str>,
) -> Result<Socket, tungstenite::Error> {
    let mut request = format!("ws://{address}{path}").into_client_request()?;
    if let Some(protocol) = protocol {
        request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static(protocol));
    }
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let config = WebSocketConfig::default().read_buffer_size(BUFFER_BYTES).write_buffer_size(0);
    Ok(client_async_with_config(request, stream, Some(config)).await?.0)
}
