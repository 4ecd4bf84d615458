//! `fan_out`: one restaurant, a thousand consoles, twenty orders a second.
//!
//! Ours and the Node server take orders; Nchan is given messages of the same size. So the latency of ours is counted
//! twice: from the time of the order, with commit and outbox, and from the moment that NATS handed the event out, which is
//! what Nchan's begins with.

use super::{
    deliveries::{delivered, placed, since},
    rounds::{judged, open},
};
use crate::{
    aris::Aris,
    consoles::{Consoles, Dialing},
    figure::{Figure, Wanted},
    latency::Latencies,
    open_loop::{self, Answered, Schedule, Sender},
    orders::{Placed, id_after},
    peers::{Nchan, Node, NodeOptions, NodeProgram},
    process::Process,
    restaurant::Restaurant,
    server::Server,
    settings::Settings,
    shop::Shop,
    stats::Series,
    wire::Connection,
};
use anyhow::{Context, Result, ensure};
use futures::StreamExt;
use std::{collections::HashMap, sync::Arc, time::Duration};
use tokio::{
    sync::watch,
    time::{Instant, timeout},
};
use tokio_util::task::AbortOnDropHandle;
use uuid::Uuid;

/// Events per second.
const RATE: f64 = 20.0;
const CONSOLES: usize = 1_000;
/// Connections that publish to Nchan.
const PUBLISHERS: usize = 4;
/// How long the listener beside the gateway may be behind it.
const HEARD_WITHIN: Duration = Duration::from_secs(30);
/// The schema of the Node server.
const SCHEMA: &str = "fan_out_node";

/// Round by round.
#[derive(Default)]
struct Measured {
    /// Microseconds of processor time per delivery.
    cpu: Series,
    /// Milliseconds.
    p50: Series,
    p99: Series,
}

impl Measured {
    fn add(&mut self, name: &str, number: usize, cpu: Duration, latencies: &Latencies) {
        let micros = cpu.as_secs_f64() * 1e6 / latencies.len().max(1) as f64;
        let (p50, p99) = (latencies.millis_at(50.0), latencies.millis_at(99.0));
        println!(
            "  round {number:<3} {name:<12} {micros:>6.2} µs per delivery {p50:>7.2} ms p50 {p99:>7.2} ms p99, {} of them",
            latencies.len()
        );
        if number > 0 {
            self.cpu.0.push(micros);
            self.p50.0.push(p50);
            self.p99.0.push(p99);
        }
    }
}

/// Ours, seen at three places.
#[derive(Default)]
struct Ours {
    /// The gateway, from the time of the order.
    whole: Measured,
    /// The gateway, from what NATS handed out.
    gateway: Measured,
    /// Processor time of all services and NATS.
    all: Measured,
}

/// Measures the line.
pub(crate) async fn fan_out(server: &Server, settings: &Settings) -> Result<Vec<Figure>> {
    let restaurants: Arc<[Restaurant]> = Arc::new([Restaurant::new()]);
    let mut ours = Aris::start(server, "fan_out", Arc::clone(&restaurants), &Aris::APART).await?;
    let handed_out = HandedOut::listen(&ours).await?;
    let schedule = Schedule::lasting(RATE, settings.round.time);
    let (mut of_ours, mut of_node, mut of_nchan) = (Ours::default(), Measured::default(), Measured::default());
    let ours_consoles = consoles(&vec![ours.console(0)?; CONSOLES]).await?;
    of_ours.round(&mut ours, &ours_consoles, &handed_out, 0, schedule).await?;
    let bytes = ours_consoles.message_bytes();
    let (program, nchan_program) = (NodeProgram::obtain(), Nchan::obtain());
    let mut node = match &program {
        Ok(program) => Some(NodeSide::start(server, program, &restaurants).await?),
        Err(_) => None,
    };
    let mut nchan = match &nchan_program {
        Ok(program) => Some(NchanSide::start(server, program, bytes).await?),
        Err(_) => None,
    };
    for number in 0..=settings.rounds {
        of_ours.round(&mut ours, &ours_consoles, &handed_out, number, schedule).await.context("ours")?;
        if let Some(node) = &mut node {
            node.round(&mut of_node, number, schedule).await.context("the Node server")?;
        }
        if let Some(nchan) = &mut nchan {
            nchan.round(&mut of_nchan, number, schedule).await.context("Nchan")?;
        }
    }
    drop((ours_consoles, handed_out));
    ours.stop(server).await?;
    let figures = figures(of_ours, program.map(|_| of_node), nchan_program.map(|_| of_nchan), bytes);
    if let Some(node) = node {
        drop(node.consoles);
        node.node.stop().await?;
        server.drop_schema(SCHEMA).await?;
    }
    if let Some(nchan) = nchan {
        drop(nchan.consoles);
        nchan.process.end().await?;
    }
    Ok(figures)
}

fn figures(ours: Ours, node: Result<Measured>, nchan: Result<Measured>, bytes: u64) -> Vec<Figure> {
    let mut figures = Vec::new();
    let Ours { whole, gateway, all } = ours;
    let (cpu, ms) = ("µs/delivery", "ms");
    match nchan {
        Ok(Measured { cpu: nchan_cpu, p99, p50 }) => figures.extend([
            Figure::against("fan_out", cpu, Wanted::TimesAtMost(1.0), whole.cpu.clone(), ("nchan", nchan_cpu))
                .noted(format!("messages of {bytes} bytes")),
            Figure::against("fan_out_p99", ms, Wanted::TimesAtMost(1.0), gateway.p99, ("nchan", p99.clone()))
                .noted("ours from NATS on, as Nchan's from the publisher on"),
            Figure::against("fan_out_p50", ms, Wanted::Told, gateway.p50, ("nchan", p50)),
            Figure::against("fan_out_order_p99", ms, Wanted::Told, whole.p99.clone(), ("nchan", p99))
                .noted("ours from the order on, commit and outbox included"),
        ]),
        Err(why) => figures.push(Figure::skipped("fan_out", format!("Nchan cannot be had: {why:#}"))),
    }
    match node {
        Ok(Measured { cpu: node_cpu, p99, p50 }) => figures.extend([
            Figure::against("fan_out_socketio", cpu, Wanted::Told, all.cpu, (Node::NAME, node_cpu))
                .noted("all processes but MySQL, the orders included"),
            Figure::against("fan_out_socketio_p99", ms, Wanted::TimesAtMost(1.0), whole.p99, (Node::NAME, p99))
                .noted("both from the order on"),
            Figure::against("fan_out_socketio_p50", ms, Wanted::Told, whole.p50, (Node::NAME, p50)),
        ]),
        Err(why) => {
            figures.push(Figure::skipped("fan_out_socketio", format!("the Node server cannot be had: {why:#}")));
        }
    }
    figures
}

async fn consoles(dialings: &[Dialing]) -> Result<Consoles> {
    Consoles::open(dialings.to_vec()).await
}

impl Ours {
    async fn round(
        &mut self,
        ours: &mut Aris,
        consoles: &Consoles,
        handed_out: &HandedOut,
        number: usize,
        schedule: Schedule,
    ) -> Result<()> {
        let (gateway, all) = (ours.gateway()?.usage(), ours.usage()?);
        let answered = open(ours, schedule).await?;
        consoles.until(schedule.requests * CONSOLES as u64).await?;
        let (gateway, all) = (ours.gateway()?.usage().cpu_since(gateway), ours.usage()?.cpu_since(all));
        let seen = consoles.take();
        let from_order = delivered(&answered, &seen, |_| 0)?;
        let placed = placed(&answered);
        let from_nats = since(&handed_out.of(&placed).await?, &placed, &seen, |_| 0)?;
        judged(ours, &answered).await?;
        self.whole.add("ours", number, gateway, &from_order);
        self.gateway.add("from NATS", number, gateway, &from_nats);
        self.all.add("all of ours", number, all, &from_order);
        Ok(())
    }
}

/// When NATS handed out which order.
struct HandedOut {
    moments: watch::Receiver<HashMap<Uuid, Instant>>,
    _listens: AbortOnDropHandle<()>,
}

impl HandedOut {
    async fn listen(ours: &Aris) -> Result<Self> {
        let client = async_nats::connect(ours.installation().nats()?.0).await?;
        let mut events = client.subscribe("evt.>").await?;
        client.flush().await?;
        let (heard, moments) = watch::channel(HashMap::new());
        let listens = tokio::spawn(async move {
            // The client ends with its last user.
            let _client = client;
            while let Some(event) = events.next().await {
                if let Some(order) = id_after(&event.payload, b"\"order_id\":\"") {
                    heard.send_modify(|moments| {
                        moments.insert(order, Instant::now());
                    });
                }
            }
        });
        Ok(Self { moments, _listens: AbortOnDropHandle::new(listens) })
    }

    /// The moments of these orders, once all were handed out.
    async fn of(&self, placed: &HashMap<Uuid, usize>) -> Result<HashMap<Uuid, Instant>> {
        let mut moments = self.moments.clone();
        let all = moments.wait_for(|moments| placed.keys().all(|order| moments.contains_key(order)));
        Ok(timeout(HEARD_WITHIN, all).await.context("NATS did not hand out every order")??.clone())
    }
}

/// The Node server and its consoles.
struct NodeSide {
    node: Node,
    consoles: Consoles,
}

impl NodeSide {
    async fn start(server: &Server, program: &NodeProgram, restaurants: &Arc<[Restaurant]>) -> Result<Self> {
        let options = NodeOptions { workers: 1, recovery_millis: 0 };
        let node = Node::start(server, program, SCHEMA, Arc::clone(restaurants), options).await?;
        let consoles = consoles(&vec![node.console(0)?; CONSOLES]).await?;
        Ok(Self { node, consoles })
    }

    async fn round(&mut self, measured: &mut Measured, number: usize, schedule: Schedule) -> Result<()> {
        let before = self.node.usage()?;
        let answered = open(&self.node, schedule).await?;
        self.consoles.until(schedule.requests * CONSOLES as u64).await?;
        let cpu = self.node.usage()?.cpu_since(before);
        let latencies = delivered(&answered, &self.consoles.take(), |_| 0)?;
        judged(&mut self.node, &answered).await?;
        measured.add(Node::NAME, number, cpu, &latencies);
        Ok(())
    }
}

/// Nchan, its consoles and the messages that are published.
struct NchanSide {
    process: Process,
    consoles: Consoles,
    channel: Uuid,
    bytes: usize,
}

impl NchanSide {
    async fn start(server: &Server, program: &Nchan, bytes: u64) -> Result<Self> {
        let (process, channel) = (program.start(server, "fan_out_nchan").await?, Uuid::now_v7());
        let dialing = Dialing::Plain { address: process.address(), path: format!("/follow/{channel}") };
        let consoles = consoles(&vec![dialing; CONSOLES]).await?;
        Ok(Self { process, consoles, channel, bytes: usize::try_from(bytes)? })
    }

    async fn round(&mut self, measured: &mut Measured, number: usize, schedule: Schedule) -> Result<()> {
        let mut publishers = Vec::with_capacity(PUBLISHERS);
        for _ in 0..PUBLISHERS {
            let connection = Connection::open(self.process.address()).await?;
            publishers.push(Publisher { connection, channel: self.channel, bytes: self.bytes });
        }
        let before = self.process.usage();
        let answered: Vec<Answered<Placed>> = open_loop::run(schedule, publishers).await?;
        self.consoles.until(schedule.requests * CONSOLES as u64).await?;
        let cpu = self.process.usage().cpu_since(before);
        measured.add("nchan", number, cpu, &delivered(&answered, &self.consoles.take(), |_| 0)?);
        Ok(())
    }
}

/// Publishes messages as long as ours are.
struct Publisher {
    connection: Connection,
    channel: Uuid,
    bytes: usize,
}

impl Sender for Publisher {
    type Sent = Placed;

    async fn send(&mut self, _: u64) -> Result<Placed> {
        let order = Uuid::new_v4();
        let message = format!("{{\"order_id\":\"{order}\",\"filler\":\"");
        let filler = "x".repeat(self.bytes.saturating_sub(message.len() + 2));
        let message = format!("{message}{filler}\"}}");
        let request = format!(
            "POST /publish/{} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{message}",
            self.channel,
            message.len()
        );
        let answer = self.connection.ask(request.as_bytes()).await?;
        ensure!(matches!(answer.status, 201 | 202), "Nchan answered {}: {}", answer.status, answer.text());
        Ok(Placed { restaurant: 0, order })
    }
}
