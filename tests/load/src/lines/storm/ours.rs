//! The product's own clients, and two gateways.

use super::{RESTAURANTS, Storm, WITHIN, count, place};
use crate::{aris::Aris, orders::id_after, process::Process, shop::Shop};
use anyhow::{Context, Result, bail, ensure};
use domain::scope::Scope;
use futures::FutureExt;
use realtime_gateway::{
    client::{ClientConfig, ClientEvent, RealtimeClient},
    frames::StreamName,
};
use std::{sync::Arc, time::Duration};
use tokio::{
    task::JoinSet,
    time::{Instant, timeout},
};
use uuid::Uuid;

/// After this time without an event nothing comes twice.
const QUIET: Duration = Duration::from_millis(500);

/// One console.
struct Screen {
    client: RealtimeClient,
    is_live: bool,
    seen: Vec<Uuid>,
}

/// Consoles that are opened at once: more connections than wait at the door of a gateway would find the other one.
const OPENED_AT_ONCE: usize = 500;

/// A storm from beginning to end.
pub(super) async fn round(aris: &mut Aris, consoles: usize) -> Result<Storm> {
    let (first, second) = (aris.installation().serve("gateway").await?, aris.installation().serve("gateway").await?);
    let mut first = first;
    let mut screens = Vec::with_capacity(consoles);
    for some in (0..consoles).collect::<Vec<_>>().chunks(OPENED_AT_ONCE) {
        let open = |console: &usize| {
            let client = connect(aris, [&first, &second], console % RESTAURANTS)?;
            Ok(Screen { client, is_live: false, seen: Vec::new() })
        };
        let opened = some.iter().map(open).collect::<Result<_>>()?;
        screens.extend(all(opened, |screen| async move { screen.live(0).await }).await?);
    }
    first.freeze()?;
    let placed = place(aris).await?;
    aris.settle().await?;
    aris.judge(&placed).await?;
    let behind = placed.len() / RESTAURANTS;
    let broken = Instant::now();
    first.kill()?;
    let screens = all(screens, move |screen| async move { screen.live(behind).await }).await?;
    let seconds = broken.elapsed().as_secs_f64();
    // What comes twice would come now.
    let screens = all(screens, |screen| async move { screen.rest().await }).await?;
    let seen: Vec<_> = screens.into_iter().map(|screen| screen.seen).collect();
    let (lost, repeated) = count(&placed, &seen);
    second.end().await?;
    Ok(Storm { seconds, lost, repeated })
}

fn connect(aris: &Aris, gateways: [&Process; 2], restaurant: usize) -> Result<RealtimeClient> {
    let (at, token) = aris.waiter(restaurant)?;
    let streams = vec![(StreamName { restaurant: at, scope: Scope::Floor }, None)];
    let urls = gateways.iter().map(|gateway| format!("ws://{}/v1/realtime", gateway.address())).collect();
    let token = Arc::new(move || {
        let token = token.clone();
        async move { Ok(token) }.boxed()
    });
    Ok(RealtimeClient::connect(ClientConfig { urls, token, device: None, streams }))
}

/// Does this for all of them at once, in the order in which they stand.
async fn all<F>(screens: Vec<Screen>, work: impl Fn(Screen) -> F) -> Result<Vec<Screen>>
where
    F: Future<Output = Result<Screen>> + Send + 'static,
{
    let mut tasks = JoinSet::new();
    for (number, screen) in screens.into_iter().enumerate() {
        let work = work(screen);
        tasks.spawn(async move { work.await.map(|screen| (number, screen)) });
    }
    let (number, mut done) = (tasks.len(), Vec::with_capacity(tasks.len()));
    let collected = async {
        while let Some(screen) = tasks.join_next().await {
            done.push(screen??);
        }
        anyhow::Ok(())
    };
    let collected = timeout(WITHIN, collected).await;
    collected.with_context(|| format!("{} of {number} consoles are not live", number - done.len()))??;
    done.sort_by_key(|(number, _)| *number);
    Ok(done.into_iter().map(|(_, screen)| screen).collect())
}

impl Screen {
    /// Waits until it is live and has seen so many events.
    async fn live(mut self, events: usize) -> Result<Self> {
        while !self.is_live || self.seen.len() < events {
            self.next().await?;
        }
        Ok(self)
    }

    /// Takes what still comes, until nothing does.
    async fn rest(mut self) -> Result<Self> {
        while let Ok(next) = timeout(QUIET, self.next()).await {
            next?;
            ensure!(self.is_live, "a console that was live lost its gateway");
        }
        Ok(self)
    }

    /// The next thing that happens.
    async fn next(&mut self) -> Result<()> {
        match self.client.next().await.context("the client has ended")? {
            ClientEvent::Live { .. } => self.is_live = true,
            ClientEvent::Event { event, .. } => {
                let order = id_after(event.get().as_bytes(), b"\"order_id\":\"");
                self.seen.push(order.context("an event without an order")?);
            }
            ClientEvent::Disconnected { .. } => self.is_live = false,
            ClientEvent::Reset { why, .. } => bail!("a console was reset: {why:?}"),
            ClientEvent::Stopped { code, reason } => bail!("a console was stopped with {code}: {reason}"),
            _ => {}
        }
        Ok(())
    }
}
