//! The committer of the product, as the command-service drives it.

use crate::{
    closed_loop::{Driven, Limit, Work, drive},
    contender::{Contender, Shape},
    judge::Judge,
    place_order::Wish,
    restaurant::Restaurant,
    server::Server,
};
use anyhow::{Result, ensure};
use domain::envelope::{Actor, ActorKind, Metadata};
use event_store::committer::{CommitterConfig, Committers, Submission, UseCase};
use futures::future::try_join_all;
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Restaurants that are opened at the same time.
const OPENED_AT_ONCE: usize = 50;

/// Our event store behind `Committers::submit`.
pub(crate) struct Ours {
    committers: Committers,
    restaurants: usize,
    judge: Judge,
    shutdown: CancellationToken,
}

impl Ours {
    pub(crate) async fn new(server: &Server, schema: &str, restaurants: usize) -> Result<Self> {
        let access = server.product_schema(schema).await?;
        let shutdown = CancellationToken::new();
        let config = CommitterConfig::new(access.writer);
        let committers = Committers::start(config, Arc::new(|_| {}), shutdown.clone())?;
        Ok(Self { committers, restaurants, judge: Judge::new(&server.url(schema)).await?, shutdown })
    }

    /// Ends the committers and waits for it.
    pub(crate) async fn stop(self) {
        self.shutdown.cancel();
        self.committers.stopped().await;
    }
}

impl Contender for Ours {
    const NAME: &'static str = "ours";

    fn shapes(&self) -> Vec<Shape> {
        [128, 256, 512, 1_024].map(Shape::at_once).into()
    }

    async fn round(&mut self, shape: Shape, limit: Limit) -> Result<Driven> {
        // New ones for each round, so that the judge knows every event in them.
        let restaurants: Arc<[Restaurant]> = (0..self.restaurants).map(|_| Restaurant::new()).collect();
        open(&self.committers, &restaurants).await?;
        let feeds: Vec<_> = restaurants.iter().map(|at| at.id.into()).collect();
        let guests = Guests::new(&self.committers, &restaurants, 0);
        let driven = drive(Arc::new(guests), shape.submitters, limit).await?;
        self.judge.judge(&feeds, driven.orders).await?;
        Ok(driven)
    }
}

/// Guests who order in all restaurants in turn.
pub(crate) struct Guests {
    committers: Committers,
    restaurants: Arc<[Restaurant]>,
    next: AtomicUsize,
}

impl Guests {
    /// They begin with the restaurant that comes after so many orders.
    pub(crate) fn new(committers: &Committers, restaurants: &Arc<[Restaurant]>, placed: usize) -> Self {
        let restaurants = Arc::clone(restaurants);
        Self { committers: committers.clone(), restaurants, next: AtomicUsize::new(placed) }
    }
}

impl Work for Guests {
    async fn step(&self, _: usize) -> Result<u64> {
        let at = &self.restaurants[self.next.fetch_add(1, Ordering::Relaxed) % self.restaurants.len()];
        order(&self.committers, at).await?;
        Ok(1)
    }
}

/// Opens restaurants, some at a time.
pub(crate) async fn open(committers: &Committers, restaurants: &[Restaurant]) -> Result<()> {
    for some in restaurants.chunks(OPENED_AT_ONCE) {
        let opening = some.iter().map(async |at| {
            let key = Uuid::now_v7().to_string();
            submit(committers, at, "staff", &key, true, Box::new(at.opening()?)).await
        });
        try_join_all(opening).await?;
    }
    Ok(())
}

/// Places an order of the restaurant's guest.
pub(crate) async fn order(committers: &Committers, at: &Restaurant) -> Result<()> {
    let (principal, key) = (format!("guest:{}", at.diner), Uuid::now_v7().to_string());
    let wish = Wish::new(at, &principal, &key);
    submit(committers, at, &principal, &key, false, Box::new(wish)).await
}

/// Sends a command and accepts nothing but the answer of its first and only commit.
async fn submit(
    committers: &Committers,
    at: &Restaurant,
    principal: &str,
    key: &str,
    creates_feed: bool,
    use_case: Box<dyn UseCase>,
) -> Result<()> {
    let command_id = Uuid::now_v7();
    let submission = Submission {
        feed: at.id.into(),
        tenant: at.tenant,
        creates_feed,
        principal: principal.to_owned(),
        idempotency_key: key.to_owned(),
        // HTTP is not measured here; the store does not care which bytes these are.
        request_hash: [7; 32],
        command_id,
        metadata: metadata(at, command_id, key),
        use_case,
    };
    let reply = committers.submit(submission).await?;
    ensure!(reply.answer.status == 201 && !reply.replayed, "refused: {reply:?}");
    Ok(())
}

fn metadata(at: &Restaurant, command_id: Uuid, key: &str) -> Metadata {
    let actor = Actor { kind: ActorKind::Guest, id: at.diner.to_string() };
    Metadata { actor, correlation_id: key.to_owned(), causation_id: command_id, traceparent: None, means: None }
}
