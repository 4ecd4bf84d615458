//! `rebuild`: two views are built anew from a million events while guests order, at full speed and holding back.

use super::rounds::{CONNECTIONS, judged, open};
use crate::{
    aris::Aris,
    closed_loop::Limit,
    figure::{Figure, Wanted},
    latency::Latencies,
    open_loop::{Answered, Schedule, run_until},
    orders::Placed,
    restaurant::Restaurant,
    server::Server,
    settings::Settings,
    shop::Shop,
    stats::Series,
};
use anyhow::{Context, Result, ensure};
use event_store::committer::{CommitterConfig, Committers};
use serde::Deserialize;
use sqlx::Executor;
use std::{process::Stdio, sync::Arc, time::Duration};
use testkit::Place;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::Command,
    time::Instant,
};
use tokio_util::sync::CancellationToken;

/// Orders per second, in restaurants of their own.
const RATE: f64 = 100.0;
const RESTAURANTS: usize = 50;
/// Restaurants with a past.
const PAST_RESTAURANTS: usize = 4;
const PAST: usize = 1_000_000;
const PAST_QUICK: usize = 100_000;
/// Events per second.
const WANTED: f64 = 50_000.0;
/// How many times as long the slowest hundredth of the orders may take.
const WANTED_TIMES: f64 = 2.0;
/// Rounds that the time before it lasts: about as many orders as there are while the views are filled.
const ROUNDS_BEFORE: u32 = 3;
/// Nobody waits for a rebuild for longer.
const WITHIN: Duration = Duration::from_secs(600);

/// How a rebuild behaves. Only who asks for nothing else is promised both: speed, and that guests hardly notice.
#[derive(Debug, Clone, Copy)]
struct Manner {
    name: &'static str,
    options: &'static [&'static str],
    is_default: bool,
}

const MANNERS: [Manner; 2] = [
    Manner { name: "rebuild", options: &[], is_default: true },
    Manner { name: "rebuild_full_speed", options: &["--full-speed"], is_default: false },
];

/// Round by round.
#[derive(Default)]
struct Measured {
    /// Events per second.
    rates: Series,
    /// Milliseconds of an order, with nothing else going on and while the views are filled.
    before: Series,
    during: Series,
}

/// Measures the line.
pub(crate) async fn rebuild(server: &Server, settings: &Settings) -> Result<Vec<Figure>> {
    let past = if settings.quick { PAST_QUICK } else { PAST };
    let restaurants: Arc<[Restaurant]> = (0..RESTAURANTS).map(|_| Restaurant::new()).collect();
    let mut aris = Aris::start(server, "rebuild", restaurants, &[]).await?;
    append_past(&aris, past).await?;
    server.admin().await?.execute("DELETE FROM `rebuild`.outbox").await?;
    let first = run(&aris, &["projections", "rebuild", "restaurants", "orders", "kitchen_board", "--switch"]);
    first.await.context("the first rebuild")?;
    for generation in ["restaurants@1", "orders@1", "kitchen_board@1"] {
        run(&aris, &["projections", "drop", generation]).await?;
    }
    aris.serve(&Aris::TOGETHER).await?;
    // A short run measures only what is promised.
    let manners: Vec<Manner> = MANNERS.into_iter().filter(|manner| manner.is_default || !settings.quick).collect();
    let mut measured: Vec<Measured> = manners.iter().map(|_| Measured::default()).collect();
    for number in 1..=settings.rounds {
        for (manner, measured) in manners.iter().zip(&mut measured) {
            measured.round(&mut aris, *manner, number, settings.round).await.with_context(|| manner.name)?;
        }
    }
    aris.stop(server).await?;
    let figures = manners.iter().zip(measured).flat_map(|(manner, Measured { rates, before, during })| {
        let (rate, times) = match manner.is_default {
            true => (Wanted::AtLeast(WANTED), Wanted::TimesAtMost(WANTED_TIMES)),
            false => (Wanted::Told, Wanted::Told),
        };
        [
            Figure::alone(manner.name, "events/s", rate, rates).noted(format!("{past} events, both views")),
            Figure::against(format!("{}_p99", manner.name), "ms", times, during, ("before", before)),
        ]
    });
    Ok(figures.collect())
}

/// Orders that were served long ago, in restaurants where nobody orders now.
async fn append_past(aris: &Aris, events: usize) -> Result<()> {
    let shutdown = CancellationToken::new();
    let config = CommitterConfig::new(aris.installation().access().writer.clone());
    let committers = Committers::start(config, Arc::new(|_| {}), shutdown.clone())?;
    let (tenant, began) = (uuid::Uuid::now_v7().into(), Instant::now());
    let mut places = Vec::new();
    for _ in 0..PAST_RESTAURANTS {
        places.push(Place::create_for(tenant, &committers).await);
    }
    let past = places.iter().map(|place| place.append_past(&committers, events / PAST_RESTAURANTS));
    futures::future::join_all(past).await;
    shutdown.cancel();
    committers.stopped().await;
    println!("  {events} events were appended in {:.0?}", began.elapsed());
    Ok(())
}

/// Runs `aris` to its end.
async fn run(aris: &Aris, arguments: &[&str]) -> Result<()> {
    let mut command = Command::from(aris.installation().command(arguments));
    let output = command.kill_on_drop(true).output();
    let output = tokio::time::timeout(WITHIN, output).await.context("it does not end")??;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "`aris {}` has ended with {}: {}",
        arguments.join(" "),
        output.status,
        said.trim()
    );
    Ok(())
}

/// A line of progress.
#[derive(Deserialize)]
struct Progress {
    step: String,
    done: u64,
    projections: Vec<String>,
}

/// A rebuild that has ended.
struct Rebuilt {
    /// From the first line of progress while the views were filled to the first one after it.
    filling: (Instant, Instant),
    /// Events per second.
    rate: f64,
    generations: Vec<String>,
}

impl Measured {
    async fn round(&mut self, aris: &mut Aris, manner: Manner, number: usize, limit: Limit) -> Result<()> {
        let quiet = open(aris, Schedule::lasting(RATE, limit.time * ROUNDS_BEFORE)).await?;
        let before = judged(aris, &quiet).await?.millis_at(99.0);
        let stopped = CancellationToken::new();
        let schedule = Schedule::lasting(RATE, WITHIN);
        let orders = tokio::spawn(run_until(schedule, aris.guests(CONNECTIONS).await?, stopped.clone()));
        let rebuilt = rebuild_once(aris, manner).await;
        stopped.cancel();
        let answered = orders.await??;
        let Rebuilt { filling, rate, generations } = rebuilt?;
        judged(aris, &answered).await?;
        let during = while_filled(&answered, filling)?.millis_at(99.0);
        for generation in &generations {
            run(aris, &["projections", "drop", generation]).await?;
        }
        println!(
            "  round {number:<3} {:<18} {rate:>8.0} events/s, {before:>6.1} ms p99 before, {during:>6.1} ms meanwhile, {} orders",
            manner.name,
            answered.len()
        );
        self.rates.0.push(rate);
        self.before.0.push(before);
        self.during.0.push(during);
        Ok(())
    }
}

fn while_filled(answered: &[Answered<Placed>], (from, to): (Instant, Instant)) -> Result<Latencies> {
    let within = answered.iter().filter(|one| (from..=to).contains(&one.due));
    let latencies = Latencies::of(within.map(|one| one.latency))?;
    ensure!(latencies.len() > 0, "no order was due while the views were filled");
    Ok(latencies)
}

/// Builds both views beside the live ones; what was built is dropped later.
async fn rebuild_once(aris: &Aris, manner: Manner) -> Result<Rebuilt> {
    let arguments = [&["projections", "rebuild", "orders", "kitchen_board", "--json"], manner.options].concat();
    let mut command = Command::from(aris.installation().command(&arguments));
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true).spawn()?;
    let mut lines = BufReader::new(child.stdout.take().context("no standard output")?).lines();
    let (mut filling, mut generations) = (Vec::new(), Vec::new());
    let reading = async {
        let mut is_filled = false;
        while let Some(line) = lines.next_line().await? {
            let progress: Progress = serde_json::from_str(&line).with_context(|| line.clone())?;
            // With the first line after it, which comes as soon as there is nothing left to apply.
            if progress.step != "beginning" && !is_filled {
                filling.push((Instant::now(), progress.done));
            }
            is_filled |= progress.step == "comparing";
            generations = progress.projections;
        }
        anyhow::Ok(child.wait().await?)
    };
    let status = tokio::time::timeout(WITHIN, reading).await.context("the rebuild does not end")??;
    ensure!(status.success(), "the rebuild has ended with {status}");
    ensure!(filling.len() > 1, "too few events to measure");
    let (first, last) = (filling[0], filling[filling.len() - 1]);
    Ok(Rebuilt {
        rate: (last.1 - first.1) as f64 / (last.0 - first.0).as_secs_f64(),
        filling: (first.0, last.0),
        generations,
    })
}
