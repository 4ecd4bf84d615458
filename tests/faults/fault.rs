//! What can happen.

use rand::{RngExt, rngs::StdRng};
use std::time::Duration;

/// A kind of process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Command,
    Relay,
    Projection,
    Gateway,
}

impl Role {
    pub(super) const ALL: [Self; 4] = [Self::Command, Self::Relay, Self::Projection, Self::Gateway];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Command => "command",
            Self::Relay => "relay",
            Self::Projection => "projection",
            Self::Gateway => "gateway",
        }
    }

    pub(super) fn count(self) -> usize {
        if self == Self::Gateway { 3 } else { 2 }
    }
}

/// A server that everything stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Server {
    Mysql,
    Nats,
}

/// What happens to a server itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Network {
    Kill,
    Freeze,
    /// Killed, and all that it stored is gone. Only NATS: MySQL is the truth.
    Wipe,
}

/// One thing that happens.
#[derive(Debug, Clone)]
pub(super) enum Fault {
    /// kill -9 of a process, and a new start.
    Kill(Role, usize),
    /// SIGSTOP for longer than any lease, then SIGCONT.
    Freeze(Role, usize),
    /// Something happens to a server.
    Server(Server, Network),
    /// Something happens to the network in front of a server, for a while.
    Way(Server, testkit::Fault),
    /// All connections to a server break.
    Cut(Server),
}

impl Fault {
    /// What happens next.
    pub(super) fn draw(random: &mut StdRng) -> Self {
        let role = Role::ALL[random.random_range(0..Role::ALL.len())];
        let number = random.random_range(0..role.count());
        let server = if random.random_bool(0.5) { Server::Mysql } else { Server::Nats };
        match random.random_range(0..12) {
            0..=2 => Self::Kill(role, number),
            3 | 4 => Self::Freeze(role, number),
            5 => Self::Server(server, Network::Kill),
            6 => Self::Server(server, Network::Freeze),
            7 => Self::Server(Server::Nats, Network::Wipe),
            8 => Self::Cut(server),
            9 => Self::Way(server, testkit::Fault::Delay(Duration::from_millis(random.random_range(5..200)))),
            10 => Self::Way(
                server,
                if random.random_bool(0.5) { testkit::Fault::HalfOpen } else { testkit::Fault::Refuse },
            ),
            _ => Self::Way(Server::Mysql, lost_commit(random.random_bool(0.5))),
        }
    }

    /// What it is called in the report.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Kill(..) => "process killed",
            Self::Freeze(..) => "process frozen",
            Self::Server(Server::Mysql, Network::Kill) => "MySQL killed",
            Self::Server(Server::Mysql, _) => "MySQL frozen",
            Self::Server(Server::Nats, Network::Kill) => "NATS killed",
            Self::Server(Server::Nats, Network::Freeze) => "NATS frozen",
            Self::Server(Server::Nats, Network::Wipe) => "NATS wiped",
            Self::Way(_, testkit::Fault::Delay(_)) => "slow network",
            Self::Way(_, testkit::Fault::HalfOpen) => "dead network",
            Self::Way(_, testkit::Fault::CutAfter { .. }) => "COMMIT without an answer",
            Self::Way(..) => "connections refused",
            Self::Cut(_) => "connections cut",
        }
    }
}

/// The connection breaks at every third COMMIT: before it reaches the server, or before its answer does.
fn lost_commit(deliver: bool) -> testkit::Fault {
    testkit::Fault::CutAfter { needle: b"COMMIT", every: 3, deliver }
}
