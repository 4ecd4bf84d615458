//! What people would pick instead: cqrs-es with mysql-es, on the same aggregate and command.
//!
//! It is measured at its best: no snapshots, a pool just as large as the concurrency without a ping
//! before each use, no TLS, no queries behind it, ordered ids, and the facts at hand for nothing.
//! It gives less than we do: no outbox, no receipt, no claim, no order among aggregates.

use crate::{
    closed_loop::{Driven, Limit, Work, drive},
    contender::{Contender, Shape},
    place_order::Wish,
    restaurant::Restaurant,
    rows::count,
    server::Server,
};
use anyhow::{Result, anyhow, ensure};
use cqrs_es::{CqrsFramework, persist::PersistedEventStore};
use domain::{
    dining::TableSession,
    ids::OrderId,
    menu::Menu,
    ordering::{Order, OrderCommand},
    restaurants,
    stream::{AggregateKind, State},
};
use mysql_es::{MysqlCqrs, MysqlEventRepository};
use sqlx::{Executor, MySqlPool, mysql::MySqlPoolOptions};
use std::{
    collections::HashMap,
    str::FromStr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};
use uuid::Uuid;

/// The table as mysql-es ships it.
const TABLE: &str = "CREATE TABLE events (
    aggregate_type varchar(255)                 NOT NULL,
    aggregate_id   varchar(255)                 NOT NULL,
    sequence       bigint CHECK (sequence >= 0) NOT NULL,
    event_type     text                         NOT NULL,
    event_version  text                         NOT NULL,
    payload        json                         NOT NULL,
    metadata       json                         NOT NULL,
    CONSTRAINT events_pk PRIMARY KEY (aggregate_type, aggregate_id, sequence)
)";

/// `CqrsFramework::execute` over `MysqlEventRepository`.
pub(crate) struct Peer {
    url: String,
    places: Arc<Vec<Place>>,
    acknowledged: u64,
}

/// A restaurant and what is known of it.
struct Place {
    ids: Restaurant,
    restaurant: restaurants::Restaurant,
    session: TableSession,
    menu: Menu,
}

impl Peer {
    pub(crate) async fn new(server: &Server, schema: &str, restaurants: usize) -> Result<Self> {
        server.empty_schema(schema).await?;
        let url = server.url(schema);
        MySqlPool::connect(&url).await?.execute(TABLE).await?;
        let places: Result<_> = (0..restaurants).map(|_| Place::new()).collect();
        Ok(Self { url, places: Arc::new(places?), acknowledged: 0 })
    }

    async fn pool(&self, connections: usize) -> Result<MySqlPool> {
        let options = MySqlPoolOptions::new()
            .max_connections(u32::try_from(connections)?)
            .min_connections(u32::try_from(connections)?)
            .test_before_acquire(false);
        Ok(options.connect_with(sqlx::mysql::MySqlConnectOptions::from_str(&self.url)?).await?)
    }
}

impl Contender for Peer {
    const NAME: &'static str = "peer";

    fn shapes(&self) -> Vec<Shape> {
        [1, 16, 64].map(Shape::at_once).into()
    }

    async fn round(&mut self, shape: Shape, limit: Limit) -> Result<Driven> {
        let pool = self.pool(shape.submitters).await?;
        let store = PersistedEventStore::new_event_store(MysqlEventRepository::new(pool.clone()));
        let framework = CqrsFramework::new(store, vec![], ());
        let guests = Guests { framework, places: self.places.clone(), next: AtomicUsize::new(0) };
        let driven = drive(Arc::new(guests), shape.submitters, limit).await?;
        self.acknowledged += driven.orders;
        let rows = count(&pool, "events").await?;
        ensure!(rows == self.acknowledged, "{rows} events are stored, {} were acknowledged", self.acknowledged);
        pool.close().await;
        Ok(driven)
    }
}

struct Guests {
    framework: MysqlCqrs<Order>,
    places: Arc<Vec<Place>>,
    next: AtomicUsize,
}

impl Work for Guests {
    async fn step(&self, _: usize) -> Result<u64> {
        let place = &self.places[self.next.fetch_add(1, Ordering::Relaxed) % self.places.len()];
        let (diner, key) = (place.ids.diner.to_string(), Uuid::now_v7().to_string());
        let mut wish = Wish::new(&place.ids, &diner, &key);
        // Ids in order of time suit its clustered index better than derived ones.
        wish.order = OrderId(Uuid::now_v7());
        let command = wish.command(&place.restaurant, &place.session, &place.menu);
        let command = command.map_err(|refusal| anyhow!("refused: {refusal:?}"))?;
        let (id, command) = (wish.order.to_string(), OrderCommand::Place(command));
        let done = self.framework.execute_with_metadata(&id, command, metadata(&diner, key)).await;
        done.map_err(|error| anyhow!("{error}"))?;
        Ok(1)
    }
}

/// The same facts as in ours.
fn metadata(diner: &str, key: String) -> HashMap<String, String> {
    HashMap::from([
        ("actor_kind".to_owned(), "guest".to_owned()),
        ("actor_id".to_owned(), diner.to_owned()),
        ("correlation_id".to_owned(), key),
        ("causation_id".to_owned(), Uuid::now_v7().to_string()),
    ])
}

impl Place {
    fn new() -> Result<Self> {
        let ids = Restaurant::new();
        let mut states: HashMap<AggregateKind, State> = HashMap::new();
        for (stream, event) in ids.opening()?.0 {
            states.entry(stream.kind).or_insert_with(|| State::absent(stream.kind)).apply(event);
        }
        let mut folded = |kind| states.remove(&kind);
        match (folded(AggregateKind::Restaurant), folded(AggregateKind::TableSession), folded(AggregateKind::Menu)) {
            (Some(State::Restaurant(restaurant)), Some(State::TableSession(session)), Some(State::Menu(menu))) => {
                Ok(Self { ids, restaurant, session, menu })
            }
            _ => Err(anyhow!("an opening makes a restaurant, a session and a menu")),
        }
    }
}
