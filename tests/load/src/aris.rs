//! The product as a shop: all services in one process.

use crate::{
    consoles::Dialing,
    installation::Installation,
    orders::{PHONES, Placed, Request},
    ours,
    process::Process,
    processes::Usage,
    restaurant::Restaurant,
    server::Server,
    shop::Shop,
};
use anyhow::{Context, Result, ensure};
use domain::ids::{FeedId, RestaurantId};
use event_store::{
    committer::{CommitterConfig, Committers},
    pool::{self, Isolation},
    reader::EventReader,
    verify::verify_feed,
};
use serde_json::json;
use sqlx::{Executor, MySqlConnection, Row};
use std::{
    collections::{HashMap, HashSet},
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Events of one page of the judge.
const PAGE: usize = 1_000;
/// How long relay and read models may take for what was left of a round.
const SETTLED_WITHIN: Duration = Duration::from_secs(120);
/// Between two looks at it.
const LOOK: Duration = Duration::from_millis(50);

/// Our services on a schema of their own.
pub(crate) struct Aris {
    installation: Installation,
    services: Vec<(&'static str, Process)>,
    schema: String,
    admin: MySqlConnection,
    reader: EventReader,
    restaurants: Arc<[Restaurant]>,
    requests: Arc<[Request]>,
    /// Up to where each feed was judged.
    judged: HashMap<FeedId, u64>,
}

impl Aris {
    /// What a process per service is started as; nobody logs in here.
    pub(crate) const APART: [&'static str; 4] = ["command", "relay", "projection", "gateway"];
    /// One process for all.
    pub(crate) const TOGETHER: [&'static str; 1] = ["all"];

    /// These services, with these restaurants open.
    pub(crate) async fn start(
        server: &Server,
        schema: &str,
        restaurants: Arc<[Restaurant]>,
        services: &[&'static str],
    ) -> Result<Self> {
        let installation = Installation::new(server, schema).await?;
        open(installation.access().writer.clone(), &restaurants).await?;
        let reader = EventReader::new(pool::connect(&server.url(schema), Isolation::ReadCommitted, 2).await?);
        let mut judged = HashMap::new();
        for head in reader.heads(&restaurants.iter().map(|at| at.id.into()).collect::<Vec<_>>()).await? {
            judged.insert(head.feed, head.cursor.position);
        }
        let phones = (0..PHONES).flat_map(|_| restaurants.iter().enumerate());
        let request = |(number, at)| Ok(Request::new(number, at, &installation.guest(at)?));
        let requests = phones.map(request).collect::<Result<_>>()?;
        let mut this = Self {
            installation,
            services: Vec::new(),
            schema: schema.to_owned(),
            admin: server.admin().await?,
            reader,
            restaurants,
            requests,
            judged,
        };
        this.serve(services).await?;
        Ok(this)
    }

    /// Starts these services, and waits until they have done what is there to do.
    pub(crate) async fn serve(&mut self, services: &[&'static str]) -> Result<()> {
        for service in services {
            self.services.push((service, self.installation.serve(service).await?));
        }
        if self.services.is_empty() { Ok(()) } else { self.settle().await }
    }

    /// Proves that every feed is whole, ends all services and removes what they stored.
    pub(crate) async fn stop(self, server: &Server) -> Result<()> {
        for at in self.restaurants.iter() {
            let report = verify_feed(&self.reader, at.id.into()).await?;
            ensure!(report.findings.is_empty(), "feed {} is not whole: {:?}", at.id, report.findings);
        }
        for (_, process) in self.services {
            process.end().await?;
        }
        self.reader.pool().close().await;
        self.installation.stop().await?;
        server.drop_schema(&self.schema).await
    }

    /// How a console follows a restaurant through this gateway.
    pub(crate) fn console_at(&self, gateway: &Process, restaurant: usize) -> Result<Dialing> {
        let (at, token) = self.waiter(restaurant)?;
        let hello = json!({
            "t": "hello", "v": 1, "token": token, "device": "bench",
            "streams": [{"restaurant": at, "scope": "floor"}],
        });
        let stream = format!(r#""restaurant":"{}","scope":"floor""#, at);
        Ok(Dialing::Aris { address: gateway.address(), hello: hello.to_string(), stream })
    }

    /// A restaurant, and a token of somebody who may see its floor.
    pub(crate) fn waiter(&self, restaurant: usize) -> Result<(RestaurantId, String)> {
        let at = self.restaurants.get(restaurant).context("there is no such restaurant")?;
        Ok((at.id, self.installation.waiter(at)?))
    }

    /// The installation, to start more of it.
    pub(crate) fn installation(&self) -> &Installation {
        &self.installation
    }

    /// The process that tells consoles.
    pub(crate) fn gateway(&self) -> Result<&Process> {
        self.service("gateway")
    }

    fn service(&self, name: &str) -> Result<&Process> {
        let found = self.services.iter().find(|(service, _)| *service == name || *service == "all");
        Ok(&found.with_context(|| format!("no {name} service was started"))?.1)
    }

    /// The orders of a feed after the position, as they are stored.
    async fn orders_after(&self, feed: FeedId, mut position: u64) -> Result<(Vec<Uuid>, u64)> {
        let mut orders = Vec::new();
        loop {
            let page = self.reader.page(feed, position, PAGE).await?;
            if page.is_empty() {
                return Ok((orders, position));
            }
            for event in page {
                ensure!(event.cursor.position == position + 1, "feed {feed} has a hole after {position}");
                ensure!(event.event_type == "order.placed", "nobody asked for {}", event.event_type);
                orders.push(event.aggregate_id);
                position += 1;
            }
        }
    }
}

impl Shop for Aris {
    const NAME: &'static str = "ours";

    fn address(&self) -> Result<SocketAddr> {
        Ok(self.service("command")?.address())
    }

    fn requests(&self) -> Arc<[Request]> {
        Arc::clone(&self.requests)
    }

    fn console(&self, restaurant: usize) -> Result<Dialing> {
        self.console_at(self.gateway()?, restaurant)
    }

    fn usage(&self) -> Result<Usage> {
        let nats = Usage::of(self.installation.nats()?.1);
        Ok(self.services.iter().fold(nats, |sum, (_, process)| sum + process.usage()))
    }

    async fn settle(&mut self) -> Result<()> {
        let sql = format!(
            "SELECT CAST((SELECT COUNT(*) FROM `{0}`.outbox) \
               + (SELECT COUNT(*) FROM `{0}`.feed_heads h JOIN `{0}_views`.projection_checkpoints c \
                    ON c.feed_id = h.feed_id WHERE c.position < h.position) AS SIGNED)",
            self.schema
        );
        let end = Instant::now() + SETTLED_WITHIN;
        loop {
            let left: i64 = self.admin.fetch_one(sql.as_str()).await?.try_get(0)?;
            if left == 0 {
                return Ok(());
            }
            ensure!(Instant::now() < end, "{left} events or feeds are not done after {SETTLED_WITHIN:?}");
            tokio::time::sleep(LOOK).await;
        }
    }

    async fn judge(&mut self, placed: &[Placed]) -> Result<()> {
        let mut acknowledged: HashMap<usize, HashSet<Uuid>> = HashMap::new();
        for one in placed {
            ensure!(
                acknowledged.entry(one.restaurant).or_default().insert(one.order),
                "an order was acknowledged twice"
            );
        }
        for (number, at) in self.restaurants.iter().enumerate() {
            let feed = at.id.into();
            let from = self.judged.get(&feed).copied().unwrap_or_default();
            let (stored, position) = self.orders_after(feed, from).await?;
            let expected = acknowledged.remove(&number).unwrap_or_default();
            ensure!(
                stored.len() == expected.len() && stored.iter().all(|order| expected.contains(order)),
                "feed {feed} has {} orders, {} were acknowledged, or not the same ones",
                stored.len(),
                expected.len(),
            );
            self.judged.insert(feed, position);
        }
        Ok(())
    }
}

/// Opens restaurants through committers of the bench's own, which end before the services begin.
async fn open(writer: String, restaurants: &[Restaurant]) -> Result<()> {
    let shutdown = CancellationToken::new();
    let committers = Committers::start(CommitterConfig::new(writer), Arc::new(|_| {}), shutdown.clone())?;
    ours::open(&committers, restaurants).await?;
    shutdown.cancel();
    committers.stopped().await;
    Ok(())
}
