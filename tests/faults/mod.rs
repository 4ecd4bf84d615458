//! The judge: an installation of many processes under load, faults drawn from a seed, and after each one
//! a comparison of everything that was promised with everything that is there.
//!
//! `make faults MINUTES=20 SEED=7`; without a seed one is drawn and printed. A short run is part of
//! `make test`.
//!
//! - [`cast`]: the processes and the servers, with a proxy in front of each server.
//! - [`fault`]: what can happen to them. [`guests`]: who orders, and what they were told.
//! - [`screens`]: consoles, and what they applied. [`verdict`]: the comparison.

mod cast;
mod fault;
mod guests;
mod screens;
mod verdict;

use crate::restaurant::Restaurant;
use cast::Cast;
use fault::Fault;
use guests::Guests;
use rand::{RngExt, SeedableRng, rngs::StdRng};
use screens::Screens;
use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

/// How long the run in `make test` takes, in minutes; with the recoveries it is about twice that.
const MINUTES: f64 = 0.5;
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

#[tokio::test(flavor = "multi_thread")]
async fn nothing_promised_is_lost_whatever_is_killed_frozen_or_cut() {
    let seed = setting("ARIS_FAULTS_SEED").unwrap_or_else(|| u64::from(rand::random::<u32>()));
    let minutes: f64 = setting("ARIS_FAULTS_MINUTES").unwrap_or(MINUTES);
    println!("faults for {minutes} minutes; again with: make faults MINUTES={minutes} SEED={seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let mut cast = Cast::start().await;
    let mut places = Vec::new();
    for number in 0..RESTAURANTS {
        places.push(Arc::new(Restaurant::open(&cast.installation, cast.command(), &format!("Casa-{number}")).await));
    }
    let guests = Guests::start(&places, &cast.command_urls(), seed);
    let screens = Screens::start(&cast, &places);
    let (mut faults, mut longest) = (BTreeMap::<&str, u32>::new(), Duration::ZERO);
    let end = Instant::now() + Duration::from_secs_f64(minutes * 60.0);
    let mut round = 0;
    while Instant::now() < end {
        round += 1;
        let fault = Fault::draw(&mut random);
        *faults.entry(fault.name()).or_default() += 1;
        tokio::time::sleep(CALM).await;
        println!("{round:>4} {fault:?}");
        cast.inflict(&fault).await;
        let healed = Instant::now();
        // Every so often nothing is let to settle in between.
        if random.random_bool(0.25) {
            continue;
        }
        guests.pause().await;
        verdict::judge(&cast.installation, &places, &guests, &screens).await;
        longest = longest.max(healed.elapsed());
        guests.go_on();
    }
    guests.pause().await;
    verdict::judge(&cast.installation, &places, &guests, &screens).await;
    report(&guests, &screens, &faults, longest);
}

fn report(guests: &Guests, screens: &Screens, faults: &BTreeMap<&str, u32>, longest: Duration) {
    let told = guests.told();
    println!(
        "commands: {} sent, {} acknowledged, {} tries without an answer, {} repeats with the same answer",
        told.sent,
        told.acknowledged.len(),
        told.unknown,
        told.repeated
    );
    println!("screens: {} events applied over {} connections", screens.applied(), screens.connections());
    println!("faults: {}", faults.iter().map(|(name, count)| format!("{count} {name}")).collect::<Vec<_>>().join(", "));
    println!("lost 0, repeated 0, reordered 0; longest recovery {:.1} s", longest.as_secs_f64());
}
