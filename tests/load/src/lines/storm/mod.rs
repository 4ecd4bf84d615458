//! `storm`: consoles lose their gateway to `kill -9` and come back, twenty events behind.
//!
//! Ours: the gateway is frozen, orders are placed, it is killed, and the product's own clients find the other gateway.
//! Socket.IO keeps what a connection has missed in the process that dies, so it is measured twice: with connections that
//! break while the server lives, which is what its recovery is for, and with the server killed.

mod ours;
mod socket_io;

use crate::{
    aris::Aris,
    figure::{Figure, Wanted},
    orders::Placed,
    peers::{Node, NodeProgram},
    restaurant::Restaurant,
    server::Server,
    settings::Settings,
    shop::Shop,
    stats::Series,
};
use anyhow::{Context, Result};
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};
use uuid::Uuid;

const RESTAURANTS: usize = 50;
/// Events that each console is behind.
const BEHIND: usize = 20;
/// Guests who place them.
const GUESTS: usize = 16;
/// Seconds within which all are live again.
const WANTED_SECONDS: f64 = 5.0;
/// How long the last one may take before the round has failed.
const WITHIN: Duration = Duration::from_secs(60);

/// What became of a storm.
#[derive(Debug, Clone, Copy, Default)]
struct Storm {
    /// From the break until the last console was live with all that it had missed, in seconds.
    seconds: f64,
    /// Events that a console should have seen and did not, of all consoles together.
    lost: u64,
    /// Events that a console saw once too often.
    repeated: u64,
}

/// Storms of one kind.
#[derive(Default)]
struct Storms {
    seconds: Series,
    lost: Series,
    repeated: Series,
}

impl Storms {
    fn add(&mut self, what: &str, number: usize, Storm { seconds, lost, repeated }: Storm) {
        println!(
            "  round {number:<3} {what:<24} {seconds:>6.2} s until all were live, {lost} lost, {repeated} repeated"
        );
        self.seconds.0.push(seconds);
        self.lost.0.push(lost as f64);
        self.repeated.0.push(repeated as f64);
    }
}

/// Measures the line.
pub(crate) async fn storm(server: &Server, settings: &Settings) -> Result<Vec<Figure>> {
    let consoles = if settings.quick { 1_000 } else { 5_000 };
    let restaurants: Arc<[Restaurant]> = (0..RESTAURANTS).map(|_| Restaurant::new()).collect();
    let program = NodeProgram::obtain();
    let mut aris = Aris::start(server, "storm", Arc::clone(&restaurants), &Aris::APART).await?;
    let (mut of_ours, mut alive, mut killed) = (Storms::default(), Storms::default(), Storms::default());
    for number in 1..=settings.rounds_anew {
        of_ours.add("ours, killed", number, ours::round(&mut aris, consoles).await.context("ours")?);
        if let Ok(program) = &program {
            let peer = socket_io::Peer { server, program, restaurants: &restaurants, consoles };
            alive.add("Socket.IO, cut off", number, peer.cut_off().await.context("Socket.IO, cut off")?);
            killed.add("Socket.IO, killed", number, peer.killed().await.context("Socket.IO, killed")?);
        }
    }
    aris.stop(server).await?;
    server.drop_schema(socket_io::SCHEMA).await?;
    if let Err(why) = program {
        let alone = Figure::alone("storm", "s", Wanted::AtMost(WANTED_SECONDS), of_ours.seconds);
        return Ok(vec![alone, Figure::skipped("storm_socketio", why)]);
    }
    let against = |name, unit, wanted, ours, peer| Figure::against(name, unit, wanted, ours, (Node::NAME, peer));
    Ok(vec![
        against("storm", "s", Wanted::AtMost(WANTED_SECONDS), of_ours.seconds, alive.seconds)
            .noted(format!("{consoles} consoles; the peer's connections were only cut, its server lived")),
        against("storm_lost", "events", Wanted::AtMost(0.0), of_ours.lost.clone(), killed.lost)
            .noted(format!("of {} for all consoles, each server killed", consoles * BEHIND)),
        against("storm_lost_alive", "events", Wanted::Told, of_ours.lost, alive.lost).noted("the peer's server lived"),
        against("storm_repeated", "events", Wanted::AtMost(0.0), of_ours.repeated, alive.repeated),
    ])
}

/// Places what the consoles will be behind: as many in each restaurant.
async fn place<S: Shop>(shop: &mut S) -> Result<Vec<Placed>> {
    let mut placing = tokio::task::JoinSet::new();
    for (first, mut guest) in (0..).zip(shop.guests(GUESTS).await?) {
        placing.spawn(async move {
            let mut placed = Vec::new();
            for number in (first..(RESTAURANTS * BEHIND) as u64).step_by(GUESTS) {
                placed.push(guest.order(number).await?);
            }
            anyhow::Ok(placed)
        });
    }
    let mut all = Vec::new();
    while let Some(placed) = placing.join_next().await {
        all.extend(placed??);
    }
    Ok(all)
}

/// Counts what each console missed, and what it saw too often. `seen` is by console, each of which follows the restaurant
/// of its number.
fn count(placed: &[Placed], seen: &[Vec<Uuid>]) -> (u64, u64) {
    let mut expected: HashMap<usize, HashSet<Uuid>> = HashMap::new();
    for one in placed {
        expected.entry(one.restaurant).or_default().insert(one.order);
    }
    let (mut lost, mut repeated) = (0, 0);
    for (console, orders) in seen.iter().enumerate() {
        let expected = expected.get(&(console % RESTAURANTS)).cloned().unwrap_or_default();
        let once: HashSet<Uuid> = orders.iter().copied().collect();
        repeated += (orders.len() - once.len()) as u64;
        lost += expected.difference(&once).count() as u64;
    }
    (lost, repeated)
}

#[cfg(test)]
mod tests {
    use super::{RESTAURANTS, count};
    use crate::orders::Placed;
    use uuid::Uuid;

    #[test]
    fn what_was_missed_and_what_came_twice_are_counted() {
        let [a, b] = [Uuid::now_v7(), Uuid::now_v7()];
        let placed = [a, b].map(|order| Placed { restaurant: 0, order });
        assert_eq!(count(&placed, &[vec![a, b]]), (0, 0));
        assert_eq!(count(&placed, &[vec![a, a]]), (1, 1));
        let mut seen = vec![vec![]; RESTAURANTS + 1];
        seen[0] = vec![a, b];
        assert_eq!(count(&placed, &seen), (2, 0), "the second console of the same restaurant missed both");
    }
}
