//! `aris events`: what happened, one event closely, and one command through all services.

mod options;
mod output;
mod show;
mod sides;
mod tail;
mod trace;
mod whereabouts;

pub(crate) use options::{Events, span};
pub(crate) use output::{line, table};

use anyhow::Result;
use options::Action;
use output::Gone;
use sides::Sides;
use std::process::ExitCode;

pub(crate) async fn run(options: Events) -> Result<ExitCode> {
    let sides = Sides::connect(&options.place, options.reader_url, options.projection_url).await?;
    let done = match options.action {
        Action::Tail(tail) => tail::run(&sides, &options.place, tail).await,
        Action::Show(show) => show::run(&sides, &show).await,
        Action::Trace(trace) => return trace::run(&sides, trace).await.or_else(unless_gone),
    };
    done.map(|()| ExitCode::SUCCESS).or_else(unless_gone)
}

/// Who reads may stop reading (`… | head`): that is no failure.
pub(crate) fn unless_gone(error: anyhow::Error) -> Result<ExitCode> {
    if error.downcast_ref::<Gone>().is_some() { Ok(ExitCode::SUCCESS) } else { Err(error) }
}
