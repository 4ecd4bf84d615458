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
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Restaurants that are opened at the same time before a round.
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

    /// New restaurants for each round, so that the judge knows every event in them.
    async fn open(&self) -> Result<Vec<Restaurant>> {
        let restaurants: Vec<_> = (0..self.restaurants).map(|_| Restaurant::new()).collect();
        for some in restaurants.chunks(OPENED_AT_ONCE) {
            let open = |at: &Restaurant| {
                let (committers, at) = (self.committers.clone(), at.clone());
                async move {
                    let key = Uuid::now_v7().to_string();
                    submit(&committers, &at, "staff", &key, true, Box::new(at.opening()?)).await
                }
            };
            let tasks: Vec<_> = some.iter().map(|at| tokio::spawn(open(at))).collect();
            for task in tasks {
                task.await??;
            }
        }
        Ok(restaurants)
    }
}

impl Contender for Ours {
    const NAME: &'static str = "ours";

    fn shapes(&self) -> Vec<Shape> {
        [128, 256, 512, 1_024].map(Shape::at_once).into()
    }

    async fn round(&mut self, shape: Shape, limit: Limit) -> Result<Driven> {
        let restaurants = self.open().await?;
        let feeds: Vec<_> = restaurants.iter().map(|at| at.id.into()).collect();
        let guests = Guests { committers: self.committers.clone(), restaurants, next: AtomicUsize::new(0) };
        let driven = drive(Arc::new(guests), shape.submitters, limit).await?;
        self.judge.judge(&feeds, driven.orders).await?;
        Ok(driven)
    }
}

/// Guests who order in all restaurants in turn.
struct Guests {
    committers: Committers,
    restaurants: Vec<Restaurant>,
    next: AtomicUsize,
}

impl Work for Guests {
    async fn step(&self, _: usize) -> Result<u64> {
        let at = &self.restaurants[self.next.fetch_add(1, Ordering::Relaxed) % self.restaurants.len()];
        let (principal, key) = (format!("guest:{}", at.diner), Uuid::now_v7().to_string());
        let wish = Wish::new(at, &principal, &key);
        submit(&self.committers, at, &principal, &key, false, Box::new(wish)).await?;
        Ok(1)
    }
}

/// Sends a command and accepts nothing but the answer of its first and only commit.
pub(crate) async fn submit(
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
