//! Small things that processes of one kind tell each other, and that may get lost.

use crate::is_connected;
use async_nats::Client;
use bytes::Bytes;
use futures::StreamExt;
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval, sleep};

/// Pause before a subscription is tried again.
const SUBSCRIBE_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// Publishes what `tell` gives on this subject, `every` so often, and hands `hear` what others
/// publish, and what we do. Never ends; drop it to stop.
///
/// While NATS is away `tell` is asked all the same, and what it gives is thrown away: what is late is
/// worth nothing here, and nothing piles up.
pub async fn gossip(
    client: Client,
    subject: String,
    every: Duration,
    tell: impl FnMut() -> Vec<Bytes>,
    hear: impl FnMut(&[u8]),
) {
    tokio::join!(publish(&client, &subject, every, tell), listen(&client, &subject, hear));
}

async fn publish(client: &Client, subject: &str, every: Duration, mut tell: impl FnMut() -> Vec<Bytes>) {
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        for message in tell() {
            // The client would keep it for later, and at last wait.
            if !is_connected(client) {
                break;
            }
            if let Err(error) = client.publish(subject.to_owned(), message).await {
                tracing::debug!(%error, "the others were not told");
            }
        }
    }
}

async fn listen(client: &Client, subject: &str, mut hear: impl FnMut(&[u8])) {
    loop {
        match client.subscribe(subject.to_owned()).await {
            Ok(mut messages) => {
                while let Some(message) = messages.next().await {
                    hear(&message.payload);
                }
            }
            Err(error) => tracing::debug!(%error, "the others are not heard"),
        }
        sleep(SUBSCRIBE_AGAIN_AFTER).await;
    }
}
