//! Serves the gateway's echo until it is killed; prints its address first. See `make conformance`.

use std::net::Ipv4Addr;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    println!("{}", listener.local_addr()?);
    service_kit::http::serve(listener, realtime_gateway::conformance::echo(), CancellationToken::new()).await;
    Ok(())
}
