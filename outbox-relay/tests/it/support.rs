//! An installation with a relay, and what a follower of the stream would see.

use async_nats::jetstream::{self, stream::Stream};
use domain::{envelope::RecordedEvent, ids::FeedId};
use event_store::{
    committer::{CommitterConfig, Committers},
    pool::{self, Isolation},
};
use messaging::{Namespace, Waker, envelope};
use outbox_relay::{Config, Service, start};
use sqlx::MySqlPool;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};
use testkit::{Env, Place, wait_for};
use tokio_util::sync::CancellationToken;

/// How long anything may take on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A relay of this environment, with a short lease. Nothing is polled, so only wake-ups count, where
/// `poll` is long.
pub(crate) fn config(env: &Env) -> Config {
    Config {
        namespace: Namespace::new(&env.nats_prefix),
        lease: Duration::from_secs(2),
        reconcile: Duration::from_millis(500),
        ..Config::new(env.access.relay.as_str(), env.nats_url.as_str())
    }
}

/// A relay that works until the environment is dropped or the token is cancelled.
pub(crate) async fn relay(config: Config) -> (Service, CancellationToken) {
    let stop = CancellationToken::new();
    (start(config, stop.clone()).await.unwrap(), stop)
}

/// Committers that wake the relay, as in production.
pub(crate) async fn committers(env: &Env) -> Committers {
    let client = messaging::connect(&env.nats_url, "test").await.unwrap();
    let waker = Waker::start(client, Namespace::new(&env.nats_prefix));
    let config = CommitterConfig::new(env.access.writer.clone());
    Committers::start(config, Arc::new(move |shards| waker.wake(shards)), env.shutdown.clone()).unwrap()
}

/// Places with five events each.
pub(crate) async fn places(env: &Env, committers: &Committers, count: usize) -> Vec<Place> {
    let mut places = Vec::new();
    for _ in 0..count {
        places.push(Place::create(env, committers).await);
    }
    places
}

/// Appends orders of four events each to each place, all places at the same time.
pub(crate) async fn order(places: &[Place], committers: &Committers, orders: usize) {
    let each = places.iter().map(async |place| {
        for _ in 0..orders {
            place.append(committers, place.fired_order().1).await.unwrap();
        }
    });
    futures::future::join_all(each).await;
}

/// A connection to the event schema with all rights.
pub(crate) async fn admin(env: &Env) -> MySqlPool {
    pool::connect(&env.events_admin_url(), Isolation::ReadCommitted, 2).await.unwrap()
}

/// Waits until nothing is left to publish.
pub(crate) async fn outbox_empty(env: &Env) {
    let pool = admin(env).await;
    wait_for("the outbox is empty", PATIENCE, async || {
        let (rows,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM outbox").fetch_one(&pool).await.unwrap();
        if rows == 0 { Ok(()) } else { Err(format!("{rows} rows")) }
    })
    .await;
}

/// The stream of this environment.
pub(crate) async fn stream(env: &Env) -> Result<Stream, String> {
    let client = messaging::connect(&env.nats_url, "test").await.unwrap();
    let name = Namespace::new(&env.nats_prefix).stream_name();
    jetstream::new(client).get_stream(name).await.map_err(|error| error.to_string())
}

/// Everything in the stream, in its order.
pub(crate) async fn published(env: &Env) -> Result<Vec<RecordedEvent>, String> {
    let stream = stream(env).await?;
    let state = &stream.cached_info().state;
    let mut events = Vec::new();
    for sequence in state.first_sequence.max(1)..=state.last_sequence {
        let message = stream.get_raw_message(sequence).await.map_err(|error| error.to_string())?;
        events.push(envelope::from_parts(&message.subject, &message.headers, message.payload).unwrap());
    }
    Ok(events)
}

/// What a checking follower takes from these events: each position once, in order. Fails at a hole.
pub(crate) fn followed(events: &[RecordedEvent]) -> BTreeMap<FeedId, u64> {
    let mut at = BTreeMap::new();
    for event in events {
        let last = at.entry(event.feed).or_insert(0);
        let position = event.cursor.position;
        assert!(position <= *last + 1, "{}: {position} after {last}", event.feed);
        *last = position.max(*last);
    }
    at
}

/// Waits until the stream has every feed up to these positions, without a hole.
pub(crate) async fn stream_reaches(env: &Env, heads: &BTreeMap<FeedId, u64>) -> Vec<RecordedEvent> {
    wait_for("the stream has everything", PATIENCE, async || {
        let events = published(env).await?;
        let at = followed(&events);
        if at == *heads { Ok(events) } else { Err(format!("{at:?} of {heads:?}")) }
    })
    .await
}

/// The heads of all feeds.
pub(crate) async fn heads(env: &Env) -> BTreeMap<FeedId, u64> {
    let heads = env.reader().await.all_heads(None, 1_000).await.unwrap();
    heads.into_iter().map(|head| (head.feed, head.cursor.position)).collect()
}

/// A relay on a runtime of its own, which can be frozen or killed as a process can.
pub(crate) struct OwnProcess {
    runtime: Option<tokio::runtime::Runtime>,
}

/// Ends the freezing of a process when it is dropped.
pub(crate) struct Frozen(#[expect(dead_code, reason = "dropping it is what counts")] Vec<std::sync::mpsc::Sender<()>>);

impl OwnProcess {
    const THREADS: usize = 1;

    pub(crate) fn start(config: Config) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(Self::THREADS).enable_all().build().unwrap();
        runtime.spawn(async {
            let (service, _stop) = relay(config).await;
            service.stopped().await;
        });
        Self { runtime: Some(runtime) }
    }

    /// Nothing runs in it any more, nothing is said good-bye to.
    pub(crate) fn kill(mut self) {
        self.runtime.take().unwrap().shutdown_background();
    }

    /// Nothing runs in it until the returned value is dropped.
    pub(crate) async fn freeze(&self) -> Frozen {
        let mut thaw = Vec::new();
        for _ in 0..Self::THREADS {
            let (sender, receiver) = std::sync::mpsc::channel::<()>();
            let (frozen, is_frozen) = tokio::sync::oneshot::channel();
            let receiver = Mutex::new(receiver);
            self.runtime.as_ref().unwrap().spawn(async move {
                let _ = frozen.send(());
                let _ = receiver.lock().unwrap().recv();
            });
            is_frozen.await.unwrap();
            thaw.push(sender);
        }
        Frozen(thaw)
    }
}

impl Drop for OwnProcess {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
