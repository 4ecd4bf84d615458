//! `make bench`: what the event store does per second, beside what people would pick instead and
//! beside the bare inserts, all on one MySQL server with durable settings, in turn.
//!
//! `load [name]…` runs these lines, or all. `QUICK=1` takes short rounds; `PROFILE=1` measures only ours and tells
//! where MySQL spent its time. Lines from `order_http` on start the product as operators do, and need `aris` beside this
//! program: `make bench` builds both.

mod aris;
mod closed_loop;
mod consoles;
mod contender;
mod cpu;
mod digests;
mod disk;
mod figure;
mod floor;
mod installation;
mod judge;
mod latency;
mod line;
mod lines;
mod open_loop;
mod orders;
mod ours;
mod peer;
mod peers;
mod place_order;
mod process;
mod processes;
mod report;
mod restaurant;
mod rows;
mod server;
mod settings;
mod shop;
mod stats;
mod template;
mod verify_token;
mod wire;

use anyhow::{Context, Result, ensure};
use figure::Figure;
use line::Line;
use server::Server;
use settings::Settings;
use std::time::Instant;

/// What can be measured.
const LINES: [Line; 2] = [
    // A feed is written by one transaction at a time, so the floor of one feed has one connection.
    Line { name: "append_hot", restaurants: 1, wanted: 3.0, floor_connections: &[1] },
    Line { name: "append_wide", restaurants: 200, wanted: 5.0, floor_connections: &[1, 2, 4] },
];

/// How much of the bare inserts' speed must be left.
const FLOOR_WANTED: f64 = 0.5;

/// Lines that measure the whole service.
const WHOLE: [&str; 7] = ["order_http", "to_kitchen", "fan_out", "idle", "storm", "rebuild", "growth"];

fn main() -> Result<()> {
    let names: Vec<String> = std::env::args().skip(1).collect();
    let asked = Asked(names);
    asked.check()?;
    if asked.for_line(verify_token::NAME) {
        ensure!(verify_token::run()?, "the look at a token takes longer than wanted");
    }
    if asked.only(verify_token::NAME) {
        return Ok(());
    }
    // Before the runtime: starting a server blocks.
    let server = Server::start()?;
    let settings = Settings::from_env(server.pid());
    let runtime = tokio::runtime::Runtime::new().context("no runtime")?;
    let result = runtime.block_on(run(&server, &settings, &asked));
    drop(runtime);
    server.stop().and(result)
}

/// Names of lines; none asks for all.
struct Asked(Vec<String>);

impl Asked {
    fn check(&self) -> Result<()> {
        let of_store = LINES.iter().map(|line| line.name);
        let known: Vec<&str> = of_store.chain(WHOLE).chain([verify_token::NAME]).collect();
        for name in &self.0 {
            ensure!(known.contains(&name.as_str()), "there is no line `{name}`; lines are {}", known.join(", "));
        }
        Ok(())
    }

    fn for_line(&self, name: &str) -> bool {
        self.0.is_empty() || self.0.iter().any(|asked| asked == name)
    }

    fn only(&self, name: &str) -> bool {
        !self.0.is_empty() && self.0.iter().all(|asked| asked == name)
    }
}

async fn run(server: &Server, settings: &Settings, asked: &Asked) -> Result<()> {
    println!("{}", server.durability().await?);
    println!("{settings}");
    let mut results = Vec::new();
    for line in LINES.iter().filter(|line| asked.for_line(line.name)) {
        if settings.profile {
            line.profile(server, settings).await.with_context(|| line.name)?;
            continue;
        }
        results.push(line.run(server, settings).await.with_context(|| line.name)?);
    }
    if !results.is_empty() {
        report::screen(&results);
        report::file(report::store(&results))?;
    }
    if settings.profile {
        return Ok(());
    }
    let mut figures = Vec::new();
    for name in WHOLE.into_iter().filter(|name| asked.for_line(name)) {
        println!("\n{name}");
        let began = Instant::now();
        let of_line = whole(name, server, settings).await.with_context(|| name)?;
        println!("  took {:.0?}", began.elapsed());
        // After each line: what was measured is kept, whatever becomes of the next one.
        report::file(report::whole(&of_line))?;
        figures.extend(of_line);
    }
    report::figures(&figures);
    Ok(())
}

async fn whole(name: &str, server: &Server, settings: &Settings) -> Result<Vec<Figure>> {
    match name {
        "order_http" => lines::order_http(server, settings).await,
        "to_kitchen" => lines::to_kitchen(server, settings).await,
        "fan_out" => lines::fan_out(server, settings).await,
        "idle" => lines::idle(server, settings).await,
        "storm" => lines::storm(server, settings).await,
        "growth" => lines::growth(server, settings).await,
        "rebuild" => lines::rebuild(server, settings).await,
        _ => Ok(Vec::new()),
    }
}
