//! A connection that comes back by itself.

use async_nats::{Client, ConnectOptions, Event, ServerAddr, connection::State};
use std::{
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

/// How long [`connect`] waits for the first connection before it goes on in the background.
const INITIAL_WAIT: Duration = Duration::from_secs(5);
/// How often the wait looks.
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// One attempt to connect.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(2);
/// A peer that is gone without a word is noticed after two of these.
const PING_EVERY: Duration = Duration::from_secs(10);
/// Shortest longest pause between attempts.
const RECONNECT_BASE: Duration = Duration::from_millis(10);
/// Longest pause between attempts.
const RECONNECT_CAP: Duration = Duration::from_secs(2);
/// Commands that may wait for the socket; beyond it publishers wait.
const COMMANDS_MAX: usize = 4_096;
/// Messages that may wait for a subscriber; beyond it they are dropped and counted, and the
/// subscriber's position check finds the hole.
const SUBSCRIPTION_MAX: usize = 65_536;

/// An address that cannot be one of a NATS server.
#[derive(Debug, thiserror::Error)]
#[error("`{address}` is no address of a NATS server")]
pub struct InvalidAddress {
    address: String,
    source: std::io::Error,
}

/// Connects to NATS (`url`: one address, or several with commas) under a name that operators see.
///
/// Tries for ever in the background, with growing, jittered pauses. This call returns when the
/// first connection stands, but after 5 s in any case; ask [`is_connected`].
///
/// # Errors
/// Only when an address is malformed; a server that is away is no error.
pub async fn connect(url: &str, name: &str) -> Result<Client, InvalidAddress> {
    let addresses = parse(url)?;
    let connecting = ConnectOptions::new()
        .name(name)
        .retry_on_initial_connect()
        .connection_timeout(ATTEMPT_TIMEOUT)
        .ping_interval(PING_EVERY)
        .client_capacity(COMMANDS_MAX)
        .subscription_capacity(SUBSCRIPTION_MAX)
        .reconnect_delay_callback(reconnect_delay)
        .event_callback(|event| async move { count(&event) })
        .connect(addresses);
    let client = connecting
        .await
        .map_err(|source| InvalidAddress { address: without_secrets(url), source: std::io::Error::other(source) })?;
    let patience = Instant::now() + INITIAL_WAIT;
    while !is_connected(&client) && Instant::now() < patience {
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Ok(client)
}

/// Whether the connection stands now.
#[must_use]
pub fn is_connected(client: &Client) -> bool {
    client.connection_state() == State::Connected
}

/// How often the connection was made: more than before means that what was in flight is lost.
#[must_use]
pub fn times_connected(client: &Client) -> u64 {
    client.statistics().connects.load(Ordering::Relaxed)
}

/// What may be shown of an address: the part after user and password.
fn without_secrets(address: &str) -> String {
    address.rsplit('@').next().unwrap_or_default().to_owned()
}

fn parse(url: &str) -> Result<Vec<ServerAddr>, InvalidAddress> {
    url.split(',')
        .map(|address| {
            let address = address.trim();
            address.parse().map_err(|source| InvalidAddress { address: without_secrets(address), source })
        })
        .collect()
}

/// Exponential with full jitter: clients that lost the same server do not come back at once.
fn reconnect_delay(attempts: usize) -> Duration {
    if attempts <= 1 {
        return Duration::ZERO;
    }
    let doublings = u32::try_from(attempts - 1).unwrap_or(u32::MAX);
    let ceiling = RECONNECT_BASE.saturating_mul(2_u32.saturating_pow(doublings)).min(RECONNECT_CAP);
    ceiling.mul_f64(rand::random::<f64>())
}

fn count(event: &Event) {
    match event {
        Event::Connected => metrics::counter!("nats_connects_total").increment(1),
        Event::Disconnected => metrics::counter!("nats_disconnects_total").increment(1),
        Event::SlowConsumer(_) => metrics::counter!("nats_messages_dropped_total").increment(1),
        Event::ServerError(error) => tracing::warn!(%error, "NATS reports an error"),
        Event::ClientError(error) => tracing::warn!(%error, "the NATS client reports an error"),
        Event::LameDuckMode | Event::Draining | Event::Closed => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_addresses_are_taken() {
        assert_eq!(parse("nats://a:1, nats://b:2").unwrap().len(), 2);
        assert!(parse("http://a:1").is_err());
    }

    #[test]
    fn pauses_grow_but_stay_bounded() {
        assert_eq!(reconnect_delay(1), Duration::ZERO);
        assert!(reconnect_delay(2) <= 2 * RECONNECT_BASE);
        assert!((3..100).all(|attempts| reconnect_delay(attempts) <= RECONNECT_CAP));
    }
}
