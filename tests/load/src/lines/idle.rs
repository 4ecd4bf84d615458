//! `idle`: resident memory of a connection that is let in, follows a restaurant and is told nothing.

use crate::{
    aris::Aris,
    consoles::{Consoles, Dialing},
    figure::{Figure, Wanted},
    peers::{Nchan, Node, NodeOptions, NodeProgram},
    process::Process,
    restaurant::Restaurant,
    server::Server,
    settings::Settings,
    shop::Shop,
    stats::Series,
};
use anyhow::{Context, Result};
use std::{sync::Arc, time::Duration};
use tokio::time::sleep;
use uuid::Uuid;

const RESTAURANTS: usize = 50;
/// Bytes that a connection may take.
const WANTED_BYTES: f64 = 8.0 * 1_024.0;
/// Nobody is asked for memory before each has sent a heartbeat, or had the time to tidy up.
const AT_REST: Duration = Duration::from_secs(16);
const AT_REST_QUICK: Duration = Duration::from_secs(4);
/// The schema of the Node server.
const SCHEMA: &str = "idle_node";

/// How many, and for how long.
struct Crowd {
    connections: usize,
    at_rest: Duration,
}

/// Measures the line. Each round has processes of its own: what was freed stays with a process.
pub(crate) async fn idle(server: &Server, settings: &Settings) -> Result<Vec<Figure>> {
    let crowd = if settings.quick {
        Crowd { connections: 2_000, at_rest: AT_REST_QUICK }
    } else {
        Crowd { connections: 10_000, at_rest: AT_REST }
    };
    let restaurants: Arc<[Restaurant]> = (0..RESTAURANTS).map(|_| Restaurant::new()).collect();
    let ours = Aris::start(server, "idle", Arc::clone(&restaurants), &Aris::APART).await?;
    let (node, nchan) = (NodeProgram::obtain(), Nchan::obtain());
    let (mut of_ours, mut of_node, mut of_nchan) = (Series::default(), Series::default(), Series::default());
    for number in 1..=settings.rounds_anew {
        of_ours.0.push(crowd.told("ours", number, crowd.ours(&ours).await.context("ours")?));
        if let Ok(program) = &node {
            let bytes = crowd.node(server, program, &restaurants).await.context("the Node server")?;
            of_node.0.push(crowd.told(Node::NAME, number, bytes));
        }
        if let Ok(program) = &nchan {
            of_nchan.0.push(crowd.told("nchan", number, crowd.nchan(server, program).await.context("Nchan")?));
        }
    }
    ours.stop(server).await?;
    server.drop_schema(SCHEMA).await?;
    let note = format!("{} connections", crowd.connections);
    let mut figures = vec![Figure::alone("idle", "bytes", Wanted::AtMost(WANTED_BYTES), of_ours.clone()).noted(note)];
    for (name, of_peer, why) in [
        ("nchan", of_nchan, nchan.err().map(|why| why.to_string())),
        (Node::NAME, of_node, node.err().map(|why| why.to_string())),
    ] {
        let named = format!("idle_{name}");
        figures.push(match why {
            None => Figure::against(named, "bytes", Wanted::Told, of_ours.clone(), (name, of_peer)),
            Some(why) => Figure::skipped(named, why),
        });
    }
    Ok(figures)
}

impl Crowd {
    fn told(&self, name: &str, number: usize, bytes: f64) -> f64 {
        println!("  round {number:<3} {name:<6} {bytes:>7.0} bytes for each of {} connections", self.connections);
        bytes
    }

    async fn ours(&self, ours: &Aris) -> Result<f64> {
        let gateway = ours.installation().serve("gateway").await?;
        let dialings = (0..self.connections).map(|number| ours.console_at(&gateway, number % RESTAURANTS));
        let bytes = self.connect(&gateway, dialings.collect::<Result<_>>()?).await?;
        gateway.end().await?;
        Ok(bytes)
    }

    async fn node(&self, server: &Server, program: &NodeProgram, restaurants: &Arc<[Restaurant]>) -> Result<f64> {
        let options = NodeOptions { workers: 1, recovery_millis: 0 };
        let mut node = Node::start(server, program, SCHEMA, Arc::clone(restaurants), options).await?;
        let dialings = (0..self.connections).map(|number| node.console(number % RESTAURANTS));
        let dialings = dialings.collect::<Result<_>>()?;
        let bytes = self.connect(node.process(), dialings).await?;
        node.stop().await?;
        Ok(bytes)
    }

    async fn nchan(&self, server: &Server, program: &Nchan) -> Result<f64> {
        let process = program.start(server, "idle_nchan").await?;
        let channels: Vec<Uuid> = (0..RESTAURANTS).map(|_| Uuid::now_v7()).collect();
        let follow = |number: usize| Dialing::Plain {
            address: process.address(),
            path: format!("/follow/{}", channels[number % RESTAURANTS]),
        };
        let bytes = self.connect(&process, (0..self.connections).map(follow).collect()).await?;
        process.end().await?;
        Ok(bytes)
    }

    /// Bytes that each connection has added, once all are at rest.
    async fn connect(&self, process: &Process, dialings: Vec<Dialing>) -> Result<f64> {
        // One connection first, so that nothing of what is made only once is counted.
        let first = Consoles::open(dialings[..1].to_vec()).await?;
        let before = process.usage().memory;
        let all = Consoles::open(dialings).await?;
        sleep(self.at_rest).await;
        all.until(0).await?;
        let after = process.usage().memory;
        drop((first, all));
        Ok(after.saturating_sub(before) as f64 / self.connections as f64)
    }
}
