//! The judge: an installation of many processes under load, faults drawn from a seed, and after each one
//! a comparison of everything that was promised with everything that is there.
//!
//! `make faults MINUTES=20 SEED=7`; without a seed one is drawn and printed. A short run is part of
//! `make test`. With `CLUSTER=1` there are three MySQL servers in a group and three NATS servers in a cluster, and
//! it is whole servers that die.
//!
//! - [`cast`]: the processes and the [`servers`], with a proxy on every [`way`](ways) between two of them.
//! - [`fault`]: what can happen to them; [`clock`]: processes whose clock is wrong.
//! - [`parties`]: guests and staff at each [table](party); [`messenger`] sends what they want and [`ledger`] keeps what
//!   they were told; [`model`] is what the read models must show because of it.
//! - [`readers`]: who looks while everything breaks. [`screens`] and [`sse`]: what consoles applied.
//! - [`verdict`]: the comparison; [`compare`], [`shown`] and [`violation`]: what it can find.
//! - `windows`: beside the drawn faults, each window between two awaits, hit on purpose.
//! - [`consoles`]: five hundred consoles that lose their gateway at once.

mod cast;
mod clock;
mod compare;
mod consoles;
mod fault;
mod filler;
mod house;
mod ledger;
mod messenger;
mod model;
mod parties;
mod party;
mod readers;
mod screens;
mod servers;
mod shown;
mod sse;
mod verdict;
mod violation;
mod ways;
#[cfg(feature = "armable")]
mod windows;

use cast::Cast;
use fault::Fault;
use house::House;
use ledger::Ledger;
use parties::Parties;
use rand::{RngExt, SeedableRng, rngs::StdRng};
use readers::Readers;
use screens::Screens;
use servers::Servers;
use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};
use violation::Violation;

/// How long the run in `make test` takes, in minutes; with the recoveries it is about twice that.
const MINUTES: f64 = 0.5;
/// How long the run of a cluster takes, in minutes.
const MINUTES_OF_CLUSTER: f64 = 10.0;
/// Restaurants that are open.
const RESTAURANTS: usize = 3;
/// Orders flow undisturbed for this long before the next fault.
const CALM: Duration = Duration::from_millis(500);

fn setting<T: std::str::FromStr>(name: &str) -> Option<T> {
    std::env::var(name)
        .ok()
        .filter(|text| !text.is_empty())
        .map(|text| text.parse().unwrap_or_else(|_| panic!("{name}={text} is no number")))
}

/// Everybody who takes part in a run.
struct Run {
    cast: Cast,
    ledger: Arc<Ledger>,
    houses: Vec<Arc<House>>,
    parties: Parties,
    _readers: Readers,
    screens: Screens,
    faults: BTreeMap<&'static str, Seen>,
    longest: Duration,
}

/// What was seen of one kind of fault.
#[derive(Default)]
struct Seen {
    times: u32,
    /// From the moment when it was mended until everything was as promised, at most.
    recovery: Duration,
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_promised_is_lost_whatever_is_killed_frozen_or_cut() {
    let seed = setting("ARIS_FAULTS_SEED").unwrap_or_else(|| u64::from(rand::random::<u32>()));
    let minutes: f64 = setting("ARIS_FAULTS_MINUTES").unwrap_or(MINUTES);
    println!("faults for {minutes} minutes; again with: make faults MINUTES={minutes} SEED={seed}");
    play(minutes, seed, Servers::single().await, Fault::draw_round).await;
}

/// Takes minutes for each server that dies, so `make faults CLUSTER=1` runs it.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "two clusters of three servers: make faults CLUSTER=1"]
async fn nothing_promised_is_lost_when_whole_servers_of_a_cluster_die() {
    let seed = setting("ARIS_FAULTS_SEED").unwrap_or_else(|| u64::from(rand::random::<u32>()));
    let minutes: f64 = setting("ARIS_FAULTS_MINUTES").unwrap_or(MINUTES_OF_CLUSTER);
    println!(
        "faults of a cluster for {minutes} minutes; again with: make faults CLUSTER=1 MINUTES={minutes} SEED={seed}"
    );
    play(minutes, seed, Servers::cluster().await, Fault::draw_round_of_cluster).await;
}

/// Round after round, until the time is over or a promise is broken.
async fn play(minutes: f64, seed: u64, servers: Servers, draw: impl Fn(&mut StdRng) -> Vec<Fault>) {
    let mut random = StdRng::seed_from_u64(seed);
    let mut run = Run::start(seed, servers).await;
    let end = Instant::now() + Duration::from_secs_f64(minutes * 60.0);
    let mut round = 0;
    while Instant::now() < end && run.ledger.violations().is_empty() {
        round += 1;
        let faults = draw(&mut random);
        tokio::time::sleep(CALM).await;
        println!("{round:>4} {}", faults.iter().map(Fault::to_string).collect::<Vec<_>>().join(" and "));
        // Every so often nothing is let to settle in between.
        run.round(&faults, random.random_bool(0.8)).await;
    }
    run.judge().await;
    run.report();
    let violations = run.ledger.violations();
    assert!(violations.is_empty(), "{} violations; again with the same SEED={seed}", violations.len());
}

impl Run {
    async fn start(seed: u64, servers: Servers) -> Self {
        let cast = Cast::start(servers).await;
        let ledger = Arc::new(Ledger::default());
        let mut houses = Vec::new();
        for number in 0..RESTAURANTS {
            houses.push(Arc::new(House::open(&cast, &ledger, number).await));
        }
        let parties = Parties::start(&cast, &houses, &ledger, seed);
        let readers = Readers::start(&cast, &houses, &ledger, seed);
        let screens = Screens::start(&cast, &houses, &ledger);
        Self {
            cast,
            ledger,
            houses,
            parties,
            _readers: readers,
            screens,
            faults: BTreeMap::new(),
            longest: Duration::ZERO,
        }
    }

    async fn round(&mut self, faults: &[Fault], settle: bool) {
        for fault in faults {
            self.faults.entry(fault.name()).or_default().times += 1;
            if matches!(fault, Fault::Clock(..)) {
                self.ledger.a_clock_was_wrong();
            }
        }
        let died = self.cast.inflict(faults, &self.ledger, &self.parties).await;
        died.into_iter().for_each(|it| self.ledger.accuse(Violation::broken(it)));
        if settle {
            let recovery = self.judge().await;
            println!("     all answered and as promised after {:.1} s", recovery.as_secs_f64());
            for fault in faults {
                let seen = self.faults.entry(fault.name()).or_default();
                seen.recovery = seen.recovery.max(recovery);
            }
        }
    }

    /// Gives how long it took until every command was answered and everything was as promised.
    async fn judge(&mut self) -> Duration {
        let healed = Instant::now();
        self.parties.pause().await;
        let answered = healed.elapsed();
        let recovery = answered + verdict::judge(&self.cast, &self.houses, &self.ledger, &self.screens).await;
        self.longest = self.longest.max(recovery);
        self.parties.go_on();
        recovery
    }

    fn injected(&self) -> u32 {
        self.faults.values().map(|seen| seen.times).sum()
    }

    /// What was done and what was found: by kind, counted, and each violation by name.
    fn report(&self) {
        let counts = self.ledger.counts();
        println!(
            "commands: {} sent, {} acknowledged, {} refused by a rule, {} tries without an answer (unknown, sent again)",
            counts.sent, counts.acknowledged, counts.refused, counts.unknown
        );
        println!(
            "repeats: {} with the same answer, {} twins at once, {} keys refused for another request",
            counts.repeats, counts.twins, counts.reused
        );
        println!(
            "reads: {} answered, {} not answered, {} of strangers answered 404",
            counts.reads, counts.reads_unanswered, counts.strangers
        );
        println!("screens: {} events applied over {} connections", self.screens.applied(), self.screens.connections());
        println!(
            "faults: {} (how often, what, and the longest until all was answered and as promised)",
            self.injected()
        );
        for (name, Seen { times, recovery }) in &self.faults {
            println!("{times:>5} {name:<24} {:>5.1} s", recovery.as_secs_f64());
        }
        for (name, outage) in &self.cast.outages {
            println!("      {name}: the others did its work after {:.1} s at most", outage.as_secs_f64());
        }
        let violations = self.ledger.violations();
        violations.iter().for_each(|violation| println!("VIOLATION {violation}"));
        println!("{}; longest recovery {:.1} s", violation::tally(&violations), self.longest.as_secs_f64());
    }
}
