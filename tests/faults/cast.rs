//! Everything that runs, and what can be done to it.

use super::{
    clock,
    fault::{Fault, Harm, Role, Server, Trouble, Who},
    filler,
    ledger::Ledger,
    parties::Parties,
    servers::Servers,
    ways::{Ways, ports},
};
use crate::installation::{Installation, Service, Special, free_port};
use event_store::{
    pool::{self, Isolation},
    reader::EventReader,
};
use messaging::Namespace;
use sqlx::MySqlPool;
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tokio::time::Instant;

/// More than twice the lease of relay and projection in these installations (2 s).
const FROZEN: Duration = Duration::from_secs(5);
/// How long a server or a way to it is away.
const AWAY: Duration = Duration::from_secs(3);

/// The processes, their servers, and a proxy on every way between two of them.
pub(super) struct Cast {
    pub(super) installation: Arc<Installation>,
    servers: Servers,
    space: Namespace,
    players: Vec<Player>,
    /// With these the judge looks behind the curtain.
    pub(super) reader: EventReader,
    pub(super) views: MySqlPool,
    /// In a cluster: how long nobody did the work of a server that was harmed, at most.
    pub(super) outages: BTreeMap<&'static str, Duration>,
}

/// A process and its ways.
struct Player {
    who: Who,
    port: u16,
    ways: Ways,
    service: Option<Service>,
}

impl Cast {
    /// Two command-services, relays and projection-services, and three gateways.
    pub(super) async fn start(servers: Servers) -> Self {
        let mut installation = Installation::with(servers.env().await);
        if servers.is_cluster() {
            installation.settings.push(("ARIS_NATS_REPLICAS", "3"));
        }
        let env = &installation.env;
        let space = Namespace::new(&env.nats_prefix);
        let reader = env.reader().await;
        let views = pool::connect(&env.access.projection, Isolation::RepeatableRead, 2).await.unwrap();
        let (installation, outages) = (Arc::new(installation), BTreeMap::new());
        let mut cast = Self { installation, servers, space, players: Vec::new(), reader, views, outages };
        for role in Role::ALL {
            for number in 0..role.count() {
                let port = free_port();
                let ways = Ways::new(&cast.servers.mysql_ports(), &cast.servers.nats_ports(), port).await;
                let mut player = Player { who: Who(role, number), port, ways, service: None };
                player.start(&cast.installation, Vec::new());
                cast.players.push(player);
            }
        }
        cast.until_all_ready().await;
        cast
    }

    /// Where clients find the processes of a kind: by way of their proxies.
    fn fronts(&self, role: Role) -> impl Iterator<Item = String> {
        let of = move |player: &&Player| player.who.0 == role;
        self.players.iter().filter(of).map(|player| format!("127.0.0.1:{}", player.ways.front.port()))
    }

    pub(super) fn commands(&self) -> Vec<String> {
        self.fronts(Role::Command).map(|front| format!("http://{front}")).collect()
    }

    pub(super) fn projections(&self) -> Vec<String> {
        self.fronts(Role::Projection).map(|front| format!("http://{front}")).collect()
    }

    pub(super) fn gateways(&self) -> Vec<String> {
        self.fronts(Role::Gateway).collect()
    }

    /// Begins all of it, waits as long as it takes, and mends it: first servers and ways, then processes.
    /// Gives the processes that ended although nobody killed them.
    pub(super) async fn inflict(&mut self, faults: &[Fault], ledger: &Ledger, parties: &Parties) -> Vec<String> {
        let begun = Instant::now();
        for fault in faults {
            self.begin(fault).await;
        }
        for fault in faults {
            self.until_survived(fault, ledger).await;
        }
        let hold = faults.iter().map(hold).max().unwrap_or_default();
        tokio::time::sleep_until(begun + hold).await;
        if self.servers.is_cluster() {
            // Every command has its answer while the server is still away. And it catches up undisturbed: three
            // servers that sync each commit of the others to one disk are slower than one.
            parties.pause().await;
        }
        for fault in faults {
            self.mend(fault).await;
        }
        let died = self.died();
        for fault in faults {
            self.revive(fault).await;
        }
        self.until_all_ready().await;
        parties.go_on();
        died
    }

    /// A cluster goes on without the server before it is brought back.
    async fn until_survived(&mut self, fault: &Fault, ledger: &Ledger) {
        let Fault::Server(server, _) = fault else { return };
        if self.servers.is_cluster() {
            let outage = self.servers.outage(*server, &self.space, ledger).await;
            println!("     the others do its work after {:.1} s", outage.as_secs_f64());
            let longest = self.outages.entry(fault.name()).or_default();
            *longest = outage.max(*longest);
        }
    }

    async fn begin(&mut self, fault: &Fault) {
        match fault {
            Fault::Kill(who) => self.player(*who).kill().await,
            Fault::Freeze(who) => self.player(*who).signal("STOP").await,
            Fault::Clock(who, seconds) => self.restart(*who, clock::wrong_by(*seconds)).await,
            Fault::Server(Server::Nats, Harm::Full) => filler::fill(&self.servers.nats_url()).await,
            Fault::Server(server, harm) => self.servers.harm(*server, *harm, &self.space).await,
            Fault::Way(role, number, end, trouble) => {
                for player in self.concerned(*role, *number) {
                    player.ways.break_one(*end, trouble);
                }
            }
        }
    }

    /// Ends what is wrong with a server or a way.
    async fn mend(&mut self, fault: &Fault) {
        match fault {
            Fault::Server(Server::Nats, Harm::Full) => filler::empty(&self.servers.nats_url()).await,
            Fault::Server(server, harm) => self.servers.heal(*server, *harm, &self.space).await,
            Fault::Way(role, number, end, Trouble::Lasting(_)) => {
                for player in self.concerned(*role, *number) {
                    player.ways.mend(*end);
                }
            }
            Fault::Way(..) | Fault::Kill(_) | Fault::Freeze(_) | Fault::Clock(..) => {}
        }
    }

    /// Ends what is wrong with a process.
    async fn revive(&mut self, fault: &Fault) {
        match fault {
            Fault::Kill(who) => self.restart(*who, Vec::new()).await,
            Fault::Freeze(who) => self.player(*who).signal("CONT").await,
            Fault::Clock(who, _) => self.restart(*who, Vec::new()).await,
            Fault::Server(..) | Fault::Way(..) => {}
        }
    }

    async fn restart(&mut self, who: Who, env: Vec<(&'static str, String)>) {
        let index = self.players.iter().position(|player| player.who == who).unwrap();
        self.players[index].kill().await;
        self.players[index].start(&self.installation, env);
    }

    fn player(&mut self, who: Who) -> &mut Player {
        self.players.iter_mut().find(|player| player.who == who).unwrap()
    }

    fn concerned(&self, role: Role, number: Option<usize>) -> impl Iterator<Item = &Player> {
        let concerned = move |who: Who| who.0 == role && number.is_none_or(|number| number == who.1);
        self.players.iter().filter(move |player| concerned(player.who))
    }

    async fn until_all_ready(&mut self) {
        for player in &mut self.players {
            player.service.as_mut().unwrap().until_ready().await;
        }
    }

    fn died(&mut self) -> Vec<String> {
        let ended = |player: &mut Player| {
            let status = player.service.as_mut()?.ended()?;
            Some(format!("{} {} ended by itself: {status}", player.who.0.name(), player.who.1))
        };
        self.players.iter_mut().filter_map(ended).collect()
    }
}

fn hold(fault: &Fault) -> Duration {
    match fault {
        Fault::Kill(_) | Fault::Way(.., Trouble::Cut | Trouble::Vanish) => Duration::ZERO,
        Fault::Freeze(_) => FROZEN,
        Fault::Server(..) | Fault::Way(..) | Fault::Clock(..) => AWAY,
    }
}

impl Player {
    fn start(&mut self, installation: &Installation, env: Vec<(&'static str, String)>) {
        let special = Special { mysql: ports(&self.ways.mysql), nats: ports(&self.ways.nats), env };
        self.service = Some(installation.spawn(self.who.0.name(), self.port, &special));
    }

    /// kill -9; nothing if it has ended already.
    async fn kill(&mut self) {
        if let Some(service) = self.service.take() {
            service.kill().await;
        }
    }

    async fn signal(&self, name: &str) {
        self.service.as_ref().unwrap().signal(name).await;
    }
}
