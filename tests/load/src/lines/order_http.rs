//! `order_http`: orders through the whole service, over HTTP with a token, everything running, beside a Node server.

use super::rounds::{Again, Costs, closed, judged, open};
use crate::{
    aris::Aris,
    closed_loop::Limit,
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

/// The schema of the Node server.
const SCHEMA: &str = "order_http_node";
/// Restaurants that orders are spread over.
const RESTAURANTS: usize = 50;
/// Guests at once that are tried.
const GUESTS: &[usize] = &[16, 64, 128, 256];
/// The same in a short run: those that were best so far.
const GUESTS_QUICK: &[usize] = &[128, 256];
/// Processes that the Node server is tried with; ours is one process on both cores.
const WORKERS: [usize; 2] = [1, 2];
/// How many times as many orders as the peer.
const WANTED: f64 = 3.0;

/// What one came to.
#[derive(Default)]
struct Measured {
    rates: Series,
    p99: Series,
    p50: Series,
    service: Series,
    mysql: Series,
    again: Again,
}

/// Measures the line.
pub(crate) async fn order_http(server: &Server, settings: &Settings) -> Result<Vec<Figure>> {
    let program = match NodeProgram::obtain() {
        Ok(program) => program,
        Err(why) => return Ok(vec![Figure::skipped("order_http", format!("the Node server cannot be had: {why:#}"))]),
    };
    let restaurants: Arc<[Restaurant]> = (0..RESTAURANTS).map(|_| Restaurant::new()).collect();
    let mut ours = Aris::start(server, "order_http", Arc::clone(&restaurants), &Aris::TOGETHER).await?;
    let (ours_guests, _) = best(&mut ours, settings).await?;
    let (mut node, node_guests) = best_node(server, &program, &restaurants, settings).await?;
    let (mut of_ours, mut of_node) = (Measured::default(), Measured::default());
    for number in 1..=settings.rounds {
        of_ours.closed(&mut ours, number, ours_guests, settings.round).await?;
        of_node.closed(&mut node, number, node_guests, settings.round).await?;
    }
    let half = Schedule::lasting(of_node.rates.median() / 2.0, settings.round.time);
    let disk = DiskWatch::start(server.folder());
    for number in 1..=settings.rounds {
        of_ours.open(&mut ours, number, half, &disk).await?;
        of_node.open(&mut node, number, half, &disk).await?;
    }
    node.stop().await?;
    ours.stop(server).await?;
    server.drop_schema(SCHEMA).await?;
    let at = format!("ours with {ours_guests} at once, the peer with {node_guests}");
    Ok(figures(of_ours, of_node, half.per_second, &at))
}

fn figures(ours: Measured, node: Measured, half: f64, at: &str) -> Vec<Figure> {
    let against = |name, unit, wanted, ours, node| Figure::against(name, unit, wanted, ours, (Node::NAME, node));
    let rate = format!("at {half:.0} orders/s; {}", ours.again.told(&node.again));
    vec![
        against("order_http", "orders/s", Wanted::TimesAtLeast(WANTED), ours.rates, node.rates).noted(at),
        against("order_http_p99", "ms", Wanted::TimesAtMost(1.0), ours.p99, node.p99).noted(&rate),
        against("order_http_p50", "ms", Wanted::Told, ours.p50, node.p50).noted(&rate),
        against("order_http_cpu", "µs/order", Wanted::Told, ours.service, node.service).noted("without MySQL"),
        against("order_http_mysql_cpu", "µs/order", Wanted::Told, ours.mysql, node.mysql),
    ]
}

/// The number of guests at once at which it was fastest, and its orders per second then.
async fn best<S: Shop>(shop: &mut S, settings: &Settings) -> Result<(usize, f64)> {
    let mut best = (0, 0.0);
    let tried = if settings.quick { GUESTS_QUICK } else { GUESTS };
    for guests in tried.repeat(settings.tries) {
        let (driven, costs) = closed(shop, guests, settings.probe).await.with_context(|| S::NAME)?;
        told::<S>(&format!("{guests} at once"), driven.per_second(), costs);
        if driven.per_second() > best.1 {
            best = (guests, driven.per_second());
        }
    }
    Ok(best)
}

/// The Node server with the number of processes that suits it best, and the number of guests.
async fn best_node(
    server: &Server,
    program: &NodeProgram,
    restaurants: &Arc<[Restaurant]>,
    settings: &Settings,
) -> Result<(Node, usize)> {
    let mut fastest = (0, 0, 0.0);
    for workers in WORKERS {
        let options = NodeOptions { workers, recovery_millis: 0 };
        let mut node = Node::start(server, program, SCHEMA, Arc::clone(restaurants), options).await?;
        println!("  the Node server with {workers} process(es)");
        let (guests, rate) = best(&mut node, settings).await?;
        node.stop().await?;
        if rate > fastest.2 {
            fastest = (workers, guests, rate);
        }
    }
    let (workers, guests, _) = fastest;
    let options = NodeOptions { workers, recovery_millis: 0 };
    println!("  the Node server goes on with {workers} process(es)");
    Ok((Node::start(server, program, SCHEMA, Arc::clone(restaurants), options).await?, guests))
}

fn told<S: Shop>(what: &str, rate: f64, Costs { service, mysql, generator }: Costs) {
    let name = S::NAME;
    println!(
        "  {what:<14} {name:<5} {rate:>7.0} orders/s   CPU {service:>4.0} + MySQL {mysql:>4.0} + generator {generator:>3.0} µs"
    );
}

impl Measured {
    async fn closed<S: Shop>(&mut self, shop: &mut S, number: usize, guests: usize, limit: Limit) -> Result<()> {
        let (driven, costs) = closed(shop, guests, limit).await.with_context(|| S::NAME)?;
        told::<S>(&format!("round {number}"), driven.per_second(), costs);
        self.rates.0.push(driven.per_second());
        self.service.0.push(costs.service);
        self.mysql.0.push(costs.mysql);
        Ok(())
    }

    async fn open<S: Shop>(&mut self, shop: &mut S, number: usize, half: Schedule, disk: &DiskWatch) -> Result<()> {
        let round = async || {
            let answered = open(shop, half).await?;
            let latencies = judged(shop, &answered).await?;
            let (p50, p99) = (latencies.millis_at(50.0), latencies.millis_at(99.0));
            println!(
                "  half {number:<9} {:<5} {:>7.0} orders/s   {p50:>6.2} ms p50 {p99:>7.2} ms p99   {} orders",
                S::NAME,
                half.per_second,
                latencies.len()
            );
            Ok((p50, p99))
        };
        let (p50, p99) = self.again.take(disk, round).await.with_context(|| S::NAME)?;
        self.p50.0.push(p50);
        self.p99.0.push(p99);
        Ok(())
    }
}
