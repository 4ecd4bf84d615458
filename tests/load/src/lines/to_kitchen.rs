//! `to_kitchen`: from the time of an order to its frame on the consoles.

use super::{
    deliveries::delivered,
    rounds::{Again, judged, open},
};
use crate::{
    aris::Aris,
    consoles::Consoles,
    disk::DiskWatch,
    figure::{Figure, Wanted},
    open_loop::Schedule,
    peers::{Node, NodeOptions, NodeProgram},
    restaurant::Restaurant,
    server::Server,
    settings::Settings,
    shop::Shop,
    stats::Series,
};
use anyhow::{Context, Result};
use std::sync::Arc;

/// Orders per second.
const RATE: f64 = 300.0;
const RESTAURANTS: usize = 50;
/// Consoles, each of which follows one restaurant.
const CONSOLES: usize = 200;
/// Milliseconds by which the median may be above that of the peer, which keeps nothing.
const MORE_MILLIS: f64 = 3.0;
/// The schema of the Node server.
const SCHEMA: &str = "to_kitchen_node";

/// Milliseconds, round by round.
#[derive(Default)]
struct Measured {
    p50: Series,
    p99: Series,
    answered_p50: Series,
    again: Again,
}

/// Measures the line.
pub(crate) async fn to_kitchen(server: &Server, settings: &Settings) -> Result<Vec<Figure>> {
    let program = match NodeProgram::obtain() {
        Ok(program) => program,
        Err(why) => return Ok(vec![Figure::skipped("to_kitchen", format!("the Node server cannot be had: {why:#}"))]),
    };
    let restaurants: Arc<[Restaurant]> = (0..RESTAURANTS).map(|_| Restaurant::new()).collect();
    let mut ours = Aris::start(server, "to_kitchen", Arc::clone(&restaurants), &Aris::TOGETHER).await?;
    // One process: an emit of two would take a way through a third one.
    let options = NodeOptions { workers: 1, recovery_millis: 0 };
    let mut node = Node::start(server, &program, SCHEMA, restaurants, options).await?;
    let (ours_consoles, node_consoles) = (consoles(&ours).await?, consoles(&node).await?);
    let (mut of_ours, mut of_node) = (Measured::default(), Measured::default());
    let (schedule, disk) = (Schedule::lasting(RATE, settings.round.time), DiskWatch::start(server.folder()));
    for number in 0..=settings.rounds {
        // Round 0 warms up and does not count.
        let (mut a, mut b) = (Measured::default(), Measured::default());
        let (to_ours, to_node) = if number == 0 { (&mut a, &mut b) } else { (&mut of_ours, &mut of_node) };
        to_ours.round(&mut ours, &ours_consoles, number, schedule, &disk).await.context("ours")?;
        to_node.round(&mut node, &node_consoles, number, schedule, &disk).await.context("the Node server")?;
    }
    drop((ours_consoles, node_consoles));
    node.stop().await?;
    ours.stop(server).await?;
    server.drop_schema(SCHEMA).await?;
    let against = |name, wanted, ours, node| Figure::against(name, "ms", wanted, ours, (Node::NAME, node));
    Ok(vec![
        against("to_kitchen", Wanted::MoreAtMost(MORE_MILLIS), of_ours.p50, of_node.p50).noted("the median"),
        against("to_kitchen_p99", Wanted::TimesAtMost(1.0), of_ours.p99, of_node.p99)
            .noted(of_ours.again.told(&of_node.again)),
        against("to_kitchen_answer", Wanted::Told, of_ours.answered_p50, of_node.answered_p50)
            .noted("the median until the guest is answered"),
    ])
}

async fn consoles<S: Shop>(shop: &S) -> Result<Consoles> {
    Consoles::open((0..CONSOLES).map(|console| shop.console(console % RESTAURANTS)).collect::<Result<_>>()?).await
}

impl Measured {
    async fn round<S: Shop>(
        &mut self,
        shop: &mut S,
        consoles: &Consoles,
        number: usize,
        schedule: Schedule,
        disk: &DiskWatch,
    ) -> Result<()> {
        let round = async || {
            let answered = open(shop, schedule).await?;
            consoles.until(schedule.requests * (CONSOLES / RESTAURANTS) as u64).await?;
            let latencies = delivered(&answered, &consoles.take(), |console| console % RESTAURANTS)?;
            let answer = judged(shop, &answered).await?.millis_at(50.0);
            let (p50, p99) = (latencies.millis_at(50.0), latencies.millis_at(99.0));
            println!(
                "  round {number:<3} {:<5} {p50:>6.2} ms p50 {p99:>7.2} ms p99 on {} screens, {answer:.2} ms to the answer",
                S::NAME,
                latencies.len()
            );
            Ok((p50, p99, answer))
        };
        let (p50, p99, answer) = self.again.take(disk, round).await?;
        self.p50.0.push(p50);
        self.p99.0.push(p99);
        self.answered_p50.0.push(answer);
        Ok(())
    }
}
