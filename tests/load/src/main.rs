//! `make bench`: what the event store does per second, beside what people would pick instead and
//! beside the bare inserts, all on one MySQL server with durable settings, in turn.
//!
//! `load [append_hot] [append_wide] [verify_token]` runs these lines, or all. `QUICK=1` takes short rounds;
//! `PROFILE=1` measures only ours and tells where MySQL spent its time.

mod closed_loop;
mod contender;
mod cpu;
mod digests;
mod floor;
mod judge;
mod line;
mod ours;
mod peer;
mod place_order;
mod report;
mod restaurant;
mod rows;
mod server;
mod settings;
mod stats;
mod template;
mod verify_token;

use anyhow::{Context, Result, ensure};
use line::Line;
use server::Server;
use settings::Settings;

/// What can be measured.
const LINES: [Line; 2] = [
    // A feed is written by one transaction at a time, so the floor of one feed has one connection.
    Line { name: "append_hot", restaurants: 1, wanted: 3.0, floor_connections: &[1] },
    Line { name: "append_wide", restaurants: 200, wanted: 4.0, floor_connections: &[1, 2, 4] },
];

/// How much of the bare inserts' speed must be left.
const FLOOR_WANTED: f64 = 0.5;

fn main() -> Result<()> {
    let names: Vec<String> = std::env::args().skip(1).collect();
    for name in &names {
        let known = *name == verify_token::NAME || LINES.iter().any(|line| line.name == *name);
        ensure!(known, "there is no line `{name}`");
    }
    if names.is_empty() || names.iter().any(|name| name == verify_token::NAME) {
        ensure!(verify_token::run()?, "the look at a token takes longer than wanted");
    }
    if names.iter().any(|name| name == verify_token::NAME) && names.len() == 1 {
        return Ok(());
    }
    // Before the runtime: starting a server blocks.
    let server = Server::start()?;
    let settings = Settings::from_env(server.pid());
    let runtime = tokio::runtime::Runtime::new().context("no runtime")?;
    let result = runtime.block_on(run(&server, &settings, &names));
    drop(runtime);
    server.stop().and(result)
}

async fn run(server: &Server, settings: &Settings, names: &[String]) -> Result<()> {
    println!("{}", server.durability().await?);
    println!("{settings}");
    let mut results = Vec::new();
    for line in LINES.iter().filter(|line| names.is_empty() || names.iter().any(|name| name == line.name)) {
        if settings.profile {
            line.profile(server, settings).await.with_context(|| line.name)?;
            continue;
        }
        results.push(line.run(server, settings).await.with_context(|| line.name)?);
    }
    if results.is_empty() {
        return Ok(());
    }
    report::screen(&results);
    report::file(&results)
}
