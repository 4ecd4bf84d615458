//! `aris projections switch`, `rollback` and `drop`

use super::options;
use anyhow::Result;
use projection_service::rebuild::{self, Sides, Swapped, Switch};
use std::{io::IsTerminal, process::ExitCode, time::Duration};

pub(super) async fn switch(sides: &Sides, options: &options::Switch) -> Result<ExitCode> {
    let view = rebuild::view(&options.view)?;
    let wanted = Switch { accept_parked: options.accept_parked, wait: Duration::from_secs(options.wait) };
    let on_terminal = std::io::stderr().is_terminal();
    let Swapped { from, to } = rebuild::switch(sides, view, wanted, |done, total| {
        if on_terminal {
            eprint!("\rcomparing with the events: {done} of {total} restaurants ");
        }
    })
    .await
    .inspect_err(|_| end_line(on_terminal))?;
    end_line(on_terminal);
    println!("{to} answers now; {from} is kept up to date: `aris projections rollback {view}` switches back");
    Ok(ExitCode::SUCCESS)
}

fn end_line(on_terminal: bool) {
    if on_terminal {
        eprintln!();
    }
}

pub(super) async fn rollback(sides: &Sides, options: &options::Rollback) -> Result<ExitCode> {
    let view = rebuild::view(&options.view)?;
    let Swapped { from, to } = rebuild::rollback(sides, view, Duration::from_secs(options.wait)).await?;
    println!("{to} answers again; {from} is kept up to date: `aris projections rollback {view}` switches back to it");
    Ok(ExitCode::SUCCESS)
}

pub(super) async fn drop_generation(sides: &Sides, name: &str) -> Result<ExitCode> {
    let dropped = rebuild::drop_generation(sides, name).await?;
    println!("{dropped} is dropped");
    Ok(ExitCode::SUCCESS)
}

impl options::Switch {
    /// A switch to what was just built.
    pub(super) fn to(view: &str) -> Self {
        Self { view: view.to_owned(), accept_parked: false, wait: SWITCH_WAIT_SECONDS }
    }
}

/// How long a switch right after the rebuild waits for services to feed the new generation.
const SWITCH_WAIT_SECONDS: u64 = 60;
