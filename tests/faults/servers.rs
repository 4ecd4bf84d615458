//! The servers that everything stands on: one of each kind, or a cluster of three.

use super::{
    fault::{Harm, Server},
    filler,
    ledger::Ledger,
};
use async_nats::jetstream;
use chrono::Utc;
use local_servers::ServerError;
use messaging::Namespace;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use testkit::{Cluster, Env, own_servers_with, wait_for};
use tokio::{task::JoinHandle, time::timeout};

/// How long the servers of a cluster may take to name a leader, and to have everything again.
const SETTLED_WITHIN: Duration = Duration::from_secs(300);
/// One question to the servers. Without a leader nobody answers, so a long wait would only make the measure coarse.
const ANSWER_WITHIN: Duration = Duration::from_secs(1);

pub(super) struct Servers {
    cluster: Arc<Cluster>,
    /// What was done to which of them, and not mended yet.
    harmed: Vec<(Server, usize)>,
    /// The primary's hand-over that goes on.
    hand_over: Option<JoinHandle<()>>,
}

impl Servers {
    /// One of each kind.
    pub(super) async fn single() -> Self {
        let servers = tokio::task::spawn_blocking(|| own_servers_with("faults", filler::bounded)).await.unwrap();
        Self::of(Cluster { mysql: vec![servers.mysql], nats: vec![servers.nats] })
    }

    /// Three of each kind.
    pub(super) async fn cluster() -> Self {
        Self::of(Cluster::start("faults-cluster").await)
    }

    fn of(cluster: Cluster) -> Self {
        Self { cluster: Arc::new(cluster), harmed: Vec::new(), hand_over: None }
    }

    pub(super) fn is_cluster(&self) -> bool {
        self.cluster.mysql.len() > 1
    }

    pub(super) async fn env(&self) -> Env {
        if self.is_cluster() {
            return Env::on_cluster(&self.cluster).await;
        }
        Env::on_one(&self.cluster.mysql[0], &self.cluster.nats[0]).await
    }

    pub(super) fn mysql_ports(&self) -> Vec<u16> {
        self.cluster.mysql.iter().map(local_servers::MysqlServer::port).collect()
    }

    pub(super) fn nats_ports(&self) -> Vec<u16> {
        self.cluster.nats.iter().map(local_servers::NatsServer::port).collect()
    }

    pub(super) fn nats_url(&self) -> String {
        self.cluster.nats_urls()
    }

    /// Harms the server that matters most: the primary, or the leader of the stream of events.
    pub(super) async fn harm(&mut self, server: Server, harm: Harm, space: &Namespace) {
        let place = match server {
            _ if !self.is_cluster() => 0,
            Server::Mysql => self.cluster.primary().await,
            Server::Nats => self.leader(space).await,
        };
        self.harmed.push((server, place));
        match (server, harm) {
            (Server::Mysql, Harm::HandOver) => {
                self.hand_over = Some(tokio::spawn(self.cluster.hand_over_to((place + 1) % testkit::SERVERS)));
            }
            (Server::Nats, Harm::HandOver) => self.step_down(space, place).await,
            _ => self.blocking(move |cluster| harm_one(cluster, place, server, harm)).await,
        }
    }

    /// Brings it back, and waits until a cluster is whole again: it survives one loss at a time.
    pub(super) async fn heal(&mut self, server: Server, harm: Harm, space: &Namespace) {
        let Some(at) = self.harmed.iter().position(|(harmed, _)| *harmed == server) else { return };
        let (_, place) = self.harmed.remove(at);
        if let Some(hand_over) = self.hand_over.take() {
            hand_over.await.unwrap();
        }
        self.blocking(move |cluster| heal_one(cluster, place, server, harm)).await;
        match server {
            _ if !self.is_cluster() => {}
            Server::Mysql => self.cluster.until_online(testkit::SERVERS).await,
            Server::Nats => self.until_copied(space).await,
        }
    }

    /// How long it takes from now, just after a server was harmed, until the others do its work: until a command
    /// that was sent since then is answered, or something new is in the stream.
    pub(super) async fn outage(&self, server: Server, space: &Namespace, ledger: &Ledger) -> Duration {
        let (harmed, at) = (Instant::now(), Utc::now());
        match server {
            Server::Nats => self.until_stored(space).await,
            Server::Mysql => {
                wait_for("commands are answered again", SETTLED_WITHIN, async || {
                    let since = ledger.book().acknowledged.iter().rev().any(|it| it.between.0 > at);
                    if since { Ok(()) } else { Err("none that was sent since then".to_owned()) }
                })
                .await;
            }
        }
        harmed.elapsed()
    }

    async fn blocking(&self, work: impl FnOnce(&Cluster) -> Result<(), ServerError> + Send + 'static) {
        let cluster = Arc::clone(&self.cluster);
        tokio::task::spawn_blocking(move || work(&cluster)).await.unwrap().unwrap();
    }

    async fn leader(&self, space: &Namespace) -> usize {
        wait_for("the stream has a leader", SETTLED_WITHIN, async || {
            let info = self.stream(space).await?;
            let leader = info.cluster.and_then(|cluster| cluster.leader).ok_or("it has none")?;
            self.cluster.nats.iter().position(|server| server.name() == leader).ok_or(leader)
        })
        .await
    }

    /// Has the leader of the stream leave that to another server.
    async fn step_down(&self, space: &Namespace, leader: usize) {
        let client = async_nats::connect(self.cluster.nats[leader].url()).await.unwrap();
        let subject = format!("$JS.API.STREAM.LEADER.STEPDOWN.{}", space.stream_name());
        let said = client.request(subject, "".into()).await.unwrap();
        let said: serde_json::Value = serde_json::from_slice(&said.payload).unwrap();
        assert_eq!(said["success"], true, "{said}");
    }

    /// Waits until each server has all of the stream.
    async fn until_copied(&self, space: &Namespace) {
        wait_for("each server has all of the stream", SETTLED_WITHIN, async || {
            let cluster = self.stream(space).await?.cluster.ok_or("it is in no cluster")?;
            let current = cluster.replicas.iter().filter(|it| it.current && !it.offline).count();
            let all = cluster.leader.is_some() && current + 1 == testkit::SERVERS;
            if all { Ok(()) } else { Err(format!("{:?}", cluster.replicas)) }
        })
        .await;
    }

    /// Waits until the stream is longer than when its new leader was first asked.
    async fn until_stored(&self, space: &Namespace) {
        let mut first = None;
        wait_for("something is stored in the stream", SETTLED_WITHIN, async || {
            let last = self.stream(space).await?.state.last_sequence;
            let first = *first.get_or_insert(last);
            if last > first { Ok(()) } else { Err(format!("it ends at {last}")) }
        })
        .await;
    }

    /// The stream of events, as its leader knows it.
    async fn stream(&self, space: &Namespace) -> Result<jetstream::stream::Info, String> {
        let asking = async {
            let sound = |(place, _): &(usize, _)| !self.harmed.contains(&(Server::Nats, *place));
            let (_, server) = self.cluster.nats.iter().enumerate().find(sound).ok_or("all servers are away")?;
            let client = async_nats::connect(server.url()).await.map_err(|error| error.to_string())?;
            let stream = jetstream::new(client).get_stream(space.stream_name()).await;
            stream.map(|stream| stream.cached_info().clone()).map_err(|error| error.to_string())
        };
        timeout(ANSWER_WITHIN, asking).await.unwrap_or_else(|_| Err("no answer".to_owned()))
    }
}

fn harm_one(cluster: &Cluster, place: usize, server: Server, harm: Harm) -> Result<(), ServerError> {
    match (server, harm) {
        (Server::Mysql, Harm::Kill) => cluster.mysql[place].kill_hard(),
        (Server::Mysql, _) => cluster.mysql[place].pause(),
        (Server::Nats, Harm::Freeze) => cluster.nats[place].pause(),
        (Server::Nats, _) => cluster.nats[place].kill_hard(),
    }
}

fn heal_one(cluster: &Cluster, place: usize, server: Server, harm: Harm) -> Result<(), ServerError> {
    match (server, harm) {
        (_, Harm::HandOver) => Ok(()),
        (Server::Mysql, Harm::Kill) => cluster.mysql[place].restart(),
        (Server::Mysql, _) => cluster.mysql[place].resume(),
        (Server::Nats, Harm::Freeze) => cluster.nats[place].resume(),
        (Server::Nats, Harm::Wipe) => cluster.nats[place].wipe_store_and_restart(),
        (Server::Nats, _) => cluster.nats[place].restart(),
    }
}
