//! `aris`: runs ArisGourmet, and shows and repairs what it runs.

mod addresses;
mod audit;
mod cli;
mod demo;
mod doctor;
mod events;
mod forget;
mod forgotten;
mod keys;
mod local;
mod migrate;
mod parked;
mod projections;
mod shell;
mod token;
mod up;
mod verify;
mod watch;

use anyhow::Result;
use clap::Parser;
use cli::{Cli, Command};
use service_kit::telemetry;
use std::{process::ExitCode, time::Duration};

/// A fifth less processor time than with the allocator of the C library: `docs/decisions/0023-jemalloc.md`.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// How long a step that cannot be interrupted (a download, say) may hold up the end.
const END_WITHIN: Duration = Duration::from_secs(1);

/// The niceness of what gives way: on a processor that is used up it still has a third of what another process has.
/// Nicer, a rebuild beside much other work hardly gets on, and holds its locks while it waits.
const NICE: i32 = 5;

fn main() -> ExitCode {
    let cli = Cli::parse();
    if cli.command.gives_way() {
        // Before the runtime: its threads take this over from the one that makes them. Nothing is lost where it fails.
        let _ = rustix::process::nice(NICE);
    }
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("aris: {error}");
            return ExitCode::FAILURE;
        }
    };
    let code = runtime.block_on(run(cli)).unwrap_or_else(|error| {
        eprintln!("aris: {error:#}");
        ExitCode::FAILURE
    });
    runtime.shutdown_timeout(END_WITHIN);
    telemetry::end();
    code
}

async fn run(cli: Cli) -> Result<ExitCode> {
    match cli.command {
        Command::Up(options) => {
            telemetry::init(options.log.into());
            up::run(options).await?;
        }
        Command::Serve(options) => {
            telemetry::init(options.log.into());
            shell::serve(options).await?;
        }
        Command::Migrate(options) => migrate::run(options).await?,
        Command::Keys(options) => keys::run(options)?,
        Command::Token(options) => token::run(options).await?,
        Command::Demo(options) => return demo::run(options).await,
        Command::Watch(options) => watch::run(options).await?,
        Command::Verify(options) => return verify::run(options).await,
        Command::Projections(options) => return projections::run(options).await,
        Command::Parked(options) => return parked::run(options).await,
        Command::Forget(options) => forget::run(options).await?,
        Command::Audit(options) => return audit::run(options).await,
        Command::Doctor(options) => return doctor::run(options).await,
        Command::Events(options) => return events::run(options).await,
        Command::Openapi => println!("{}", shell::openapi::merged_json()?),
    }
    Ok(ExitCode::SUCCESS)
}
