//! What can happen.

use super::clock;
use rand::{RngExt, rngs::StdRng};
use std::{fmt, time::Duration};

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

    /// Where its ways lead.
    fn ends(self) -> &'static [End] {
        // Nobody asks a relay anything.
        if self == Self::Relay { &[End::Mysql, End::Nats] } else { &[End::Mysql, End::Nats, End::Clients] }
    }
}

/// A process: what it is, and which of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Who(pub(super) Role, pub(super) usize);

/// Where a way of a process leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Mysql,
    Nats,
    /// Guests, staff, consoles, readers.
    Clients,
}

/// A server that everything stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Server {
    Mysql,
    Nats,
}

/// What happens to a server itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Harm {
    /// kill -9, and a new start on the same data.
    Kill,
    /// SIGSTOP, SIGCONT.
    Freeze,
    /// Killed, and all that it stored is gone. Only NATS: MySQL is the truth.
    Wipe,
    /// Another server is made the primary, or the leader of the stream, while all of them run. Only in a cluster.
    HandOver,
    /// It can store nothing more. Only NATS: what MySQL says then is tested with the committer.
    Full,
}

/// What happens to a way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trouble {
    /// All connections break.
    Cut,
    /// All connections go silent, for ever; nobody is told.
    Vanish,
    /// Something is wrong for a while.
    Lasting(testkit::Fault),
}

/// One thing that happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    /// kill -9 of a process, and a new start.
    Kill(Who),
    /// SIGSTOP for longer than any lease, then SIGCONT.
    Freeze(Who),
    /// A process runs for a while with a clock that is wrong by so many seconds.
    Clock(Who, i64),
    /// Something happens to a server.
    Server(Server, Harm),
    /// Something happens to the network between two parts; without a process, to the ways of all of a kind.
    Way(Role, Option<usize>, End, Trouble),
}

/// One hour, in seconds.
const HOUR: i64 = 3_600;

impl Fault {
    /// What happens next: one thing, or two at once.
    pub(super) fn draw_round(random: &mut StdRng) -> Vec<Self> {
        let first = Self::draw(random);
        let mut faults = vec![first];
        if random.random_bool(0.3) {
            let second = Self::draw(random);
            if second.may_join(&faults[0]) {
                faults.push(second);
            }
        }
        faults
    }

    /// What happens next to a cluster: a whole server, at times together with a process. Nothing that keeps all
    /// processes from the servers that are left: then nobody could do the work of the one that is not.
    pub(super) fn draw_round_of_cluster(random: &mut StdRng) -> Vec<Self> {
        let first = match random.random_range(0..10) {
            0..=2 => Self::Server(Server::Mysql, Harm::Kill),
            3 => Self::Server(Server::Mysql, Harm::Freeze),
            4 => Self::Server(Server::Mysql, Harm::HandOver),
            5..=7 => Self::Server(Server::Nats, Harm::Kill),
            8 => Self::Server(Server::Nats, Harm::HandOver),
            _ => Self::Server(Server::Nats, Harm::Freeze),
        };
        let role = Role::ALL[random.random_range(0..Role::ALL.len())];
        let who = Who(role, random.random_range(0..role.count()));
        match random.random_range(0..6) {
            0 => vec![first, Self::Kill(who)],
            1 => vec![first, Self::Freeze(who)],
            _ => vec![first],
        }
    }

    fn draw(random: &mut StdRng) -> Self {
        let role = Role::ALL[random.random_range(0..Role::ALL.len())];
        let who = Who(role, random.random_range(0..role.count()));
        match random.random_range(0..20) {
            0..=3 => Self::Kill(who),
            4..=6 => Self::Freeze(who),
            7 => Self::Server(Server::Mysql, if random.random_bool(0.5) { Harm::Kill } else { Harm::Freeze }),
            8 => Self::Server(Server::Nats, if random.random_bool(0.5) { Harm::Kill } else { Harm::Freeze }),
            9 => Self::Server(Server::Nats, Harm::Wipe),
            10 => Self::Server(Server::Nats, Harm::Full),
            11 if clock::can_be_wrong() => Self::Clock(who, if random.random_bool(0.5) { HOUR } else { -HOUR }),
            11 | 12 => Self::Way(Role::Command, None, End::Mysql, lost_commit(random.random_bool(0.5))),
            _ => Self::draw_way(random, who),
        }
    }

    fn draw_way(random: &mut StdRng, Who(role, number): Who) -> Self {
        let ends = role.ends();
        let end = ends[random.random_range(0..ends.len())];
        let number = random.random_bool(0.7).then_some(number);
        let trouble = match random.random_range(0..8) {
            0 | 1 => Trouble::Cut,
            2 => Trouble::Vanish,
            3 | 4 => Trouble::Lasting(testkit::Fault::Delay(Duration::from_millis(random.random_range(5..200)))),
            5 | 6 => Trouble::Lasting(testkit::Fault::HalfOpen),
            _ => Trouble::Lasting(testkit::Fault::Refuse),
        };
        Self::Way(role, number, end, trouble)
    }

    /// Two things cannot both happen to the same process or server: which of them would end first?
    fn may_join(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Server(one, _), Self::Server(two, _)) => one != two,
            (Self::Way(one, _, at, _), Self::Way(two, _, also, _)) => (one, at) != (two, also),
            _ => self.process().is_none() || self.process() != other.process(),
        }
    }

    fn process(&self) -> Option<Who> {
        match self {
            Self::Kill(who) | Self::Freeze(who) | Self::Clock(who, _) => Some(*who),
            Self::Server(..) | Self::Way(..) => None,
        }
    }

    /// What it is called in the report.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Kill(_) => "process killed",
            Self::Freeze(_) => "process frozen",
            Self::Clock(..) => "clock wrong by an hour",
            Self::Server(Server::Mysql, Harm::Kill) => "MySQL killed",
            Self::Server(Server::Mysql, Harm::HandOver) => "MySQL handed over",
            Self::Server(Server::Mysql, _) => "MySQL frozen",
            Self::Server(Server::Nats, Harm::Kill) => "NATS killed",
            Self::Server(Server::Nats, Harm::Freeze) => "NATS frozen",
            Self::Server(Server::Nats, Harm::HandOver) => "NATS handed over",
            Self::Server(Server::Nats, Harm::Wipe) => "NATS wiped",
            Self::Server(Server::Nats, Harm::Full) => "NATS disk full",
            Self::Way(.., Trouble::Cut) => "connections cut",
            Self::Way(.., Trouble::Vanish) => "connections gone silent",
            Self::Way(.., Trouble::Lasting(fault)) => match fault {
                testkit::Fault::Delay(_) => "network slow",
                testkit::Fault::HalfOpen => "network half open",
                testkit::Fault::CutAfter { .. } => "COMMIT without an answer",
                testkit::Fault::Refuse | testkit::Fault::None => "connections refused",
            },
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kill(Who(role, number)) | Self::Freeze(Who(role, number)) => {
                write!(f, "{}: {} {number}", self.name(), role.name())
            }
            Self::Clock(Who(role, number), seconds) => {
                write!(f, "{}: {} {number}, {seconds} s", self.name(), role.name())
            }
            Self::Server(..) => f.write_str(self.name()),
            Self::Way(role, number, end, trouble) => {
                let which = number.map_or_else(|| "all".to_owned(), |number| number.to_string());
                write!(f, "{}: {} {which} ↔ {end:?}", self.name(), role.name())?;
                if let Trouble::Lasting(testkit::Fault::Delay(delay)) = trouble {
                    write!(f, ", {delay:?}")?;
                }
                Ok(())
            }
        }
    }
}

/// The connection breaks at every third COMMIT: before it reaches the server, or before its answer does.
fn lost_commit(deliver: bool) -> Trouble {
    Trouble::Lasting(testkit::Fault::CutAfter { needle: b"\x03COMMIT", every: 3, deliver })
}

#[test]
fn every_kind_is_drawn_and_the_same_seed_draws_the_same() {
    use rand::SeedableRng;
    let draw = || {
        let mut random = StdRng::seed_from_u64(7);
        (0..2_000).flat_map(|_| Fault::draw_round(&mut random)).collect::<Vec<_>>()
    };
    let names: std::collections::BTreeSet<_> = draw().iter().map(Fault::name).collect();
    assert_eq!(draw(), draw());
    assert!(names.len() >= 14, "{names:?}");
}
