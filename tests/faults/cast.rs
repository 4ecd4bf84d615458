//! Everything that runs, and what can be done to it.

use super::fault::{Fault, Network, Role, Server};
use crate::installation::{Installation, Service, free_port};
use std::{sync::Arc, time::Duration};
use testkit::{Env, Servers, TcpProxy, own_servers};

/// Several times the lease of relay and projection in these installations (2 s).
const FROZEN: Duration = Duration::from_secs(5);
/// How long a server or a way to it is away.
const AWAY: Duration = Duration::from_secs(3);

/// The processes, their servers, and a proxy in front of each server.
pub(super) struct Cast {
    pub(super) installation: Installation,
    servers: Arc<Servers>,
    mysql: TcpProxy,
    nats: TcpProxy,
    services: Vec<(Role, u16, Option<Service>)>,
}

impl Cast {
    /// Two command-services, relays and projection-services, and three gateways.
    pub(super) async fn start() -> Self {
        let servers = tokio::task::spawn_blocking(|| Arc::new(own_servers("faults"))).await.unwrap();
        let mut env = Env::on(&servers).await;
        let (mysql, nats) = (TcpProxy::start(servers.mysql.port()).await, TcpProxy::start(servers.nats.port()).await);
        env.nats_url = format!("nats://127.0.0.1:{}", nats.port());
        let mut installation = Installation::with(env);
        installation.mysql_port = Some(mysql.port());
        let mut services = Vec::new();
        for role in Role::ALL {
            for _ in 0..role.count() {
                let port = free_port();
                services.push((role, port, Some(installation.serve_at(role.name(), port).await)));
            }
        }
        Self { installation, servers, mysql, nats, services }
    }

    fn of(&self, role: Role) -> impl Iterator<Item = u16> {
        self.services.iter().filter(move |(it, ..)| *it == role).map(|(_, port, _)| *port)
    }

    pub(super) fn command(&self) -> &Service {
        self.services.iter().find_map(|(role, _, service)| service.as_ref().filter(|_| *role == Role::Command)).unwrap()
    }

    pub(super) fn command_urls(&self) -> Vec<String> {
        self.of(Role::Command).map(|port| format!("http://127.0.0.1:{port}")).collect()
    }

    pub(super) fn gateway_urls(&self) -> Vec<String> {
        self.of(Role::Gateway).map(|port| format!("ws://127.0.0.1:{port}/v1/realtime")).collect()
    }

    /// Does it, waits as long as it takes, and mends it.
    pub(super) async fn inflict(&mut self, fault: &Fault) {
        match fault {
            Fault::Kill(role, number) => self.kill(*role, *number).await,
            Fault::Freeze(role, number) => self.freeze(*role, *number).await,
            Fault::Server(server, what) => self.server(*server, *what).await,
            Fault::Way(server, fault) => {
                let proxy = if *server == Server::Mysql { &self.mysql } else { &self.nats };
                proxy.set(fault.clone());
                tokio::time::sleep(AWAY).await;
                proxy.set(testkit::Fault::None);
            }
            Fault::Cut(server) => {
                if *server == Server::Mysql {
                    self.mysql.cut()
                } else {
                    self.nats.cut()
                }
            }
        }
    }

    fn index(&self, role: Role, number: usize) -> usize {
        let all: Vec<usize> = (0..self.services.len()).filter(|index| self.services[*index].0 == role).collect();
        all[number % all.len()]
    }

    async fn kill(&mut self, role: Role, number: usize) {
        let index = self.index(role, number);
        self.services[index].2.take().unwrap().kill().await;
        let port = self.services[index].1;
        self.services[index].2 = Some(self.installation.serve_at(role.name(), port).await);
    }

    async fn freeze(&mut self, role: Role, number: usize) {
        let service = self.services[self.index(role, number)].2.as_ref().unwrap();
        service.signal("STOP").await;
        tokio::time::sleep(FROZEN).await;
        service.signal("CONT").await;
    }

    async fn server(&mut self, server: Server, what: Network) {
        let servers = Arc::clone(&self.servers);
        let work = move || {
            let wait = || std::thread::sleep(AWAY);
            match (server, what) {
                (Server::Mysql, Network::Kill) => servers.mysql.kill_hard().and_then(|()| servers.mysql.restart()),
                (Server::Mysql, _) => servers.mysql.pause().and_then(|()| {
                    wait();
                    servers.mysql.resume()
                }),
                (Server::Nats, Network::Kill) => servers.nats.kill_hard().and_then(|()| {
                    wait();
                    servers.nats.restart()
                }),
                (Server::Nats, Network::Wipe) => servers.nats.wipe_store_and_restart(),
                (Server::Nats, Network::Freeze) => servers.nats.pause().and_then(|()| {
                    wait();
                    servers.nats.resume()
                }),
            }
        };
        tokio::task::spawn_blocking(work).await.unwrap().unwrap();
    }
}
