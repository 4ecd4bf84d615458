//! The options of `aris projections`.

use crate::cli::Place;
use clap::{Args, Subcommand};

#[derive(Debug, Clone, Args)]
pub(crate) struct Projections {
    #[command(flatten)]
    pub(crate) place: Place,
    /// MySQL address of a reader of the event side; without it the local installation's
    #[arg(long, env = "ARIS_READER_URL", hide_env_values = true, global = true)]
    pub(crate) reader_url: Option<String>,
    /// MySQL address of the read side; without it the local installation's
    #[arg(long, env = "ARIS_PROJECTION_URL", hide_env_values = true, global = true)]
    pub(crate) projection_url: Option<String>,
    #[command(subcommand)]
    pub(super) action: Action,
}

impl Projections {
    /// A rebuild does, unless it is to run at full speed.
    pub(crate) fn gives_way(&self) -> bool {
        matches!(&self.action, Action::Rebuild(rebuild) if !rebuild.full_speed)
    }
}

#[derive(Debug, Clone, Subcommand)]
pub(super) enum Action {
    /// Show every generation: what it is for, how far it is, what is parked
    List(List),
    /// Build a view anew beside the live one, and compare it; run it again to go on after an interruption
    Rebuild(Rebuild),
    /// Let the rebuilt generation answer, after comparing it once more
    Switch(Switch),
    /// Let the previous generation answer again
    Rollback(Rollback),
    /// Drop the tables of a generation that does not answer
    Drop(Drop),
}

#[derive(Debug, Clone, Args)]
pub(super) struct List {
    /// One JSON object per line
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Clone, Args)]
pub(super) struct Rebuild {
    /// The views: restaurants, kitchen_board, orders; several at once read the events once
    #[arg(required = true)]
    pub(super) views: Vec<String>,
    /// Restaurants that are worked on at once
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=32))]
    pub(super) workers: u8,
    /// Do not hold back for orders: they may be slow while it runs
    #[arg(long)]
    pub(super) full_speed: bool,
    /// Switch as soon as it is ready
    #[arg(long, conflicts_with = "json")]
    pub(super) switch: bool,
    /// Progress as JSON, one object per line
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Clone, Args)]
pub(super) struct Switch {
    /// The view
    pub(super) view: String,
    /// Switch although events are parked in the new generation that the live one has applied
    #[arg(long)]
    pub(super) accept_parked: bool,
    /// Seconds to wait until it has come as far as the live one
    #[arg(long, default_value_t = 30)]
    pub(super) wait: u64,
}

#[derive(Debug, Clone, Args)]
pub(super) struct Rollback {
    /// The view
    pub(super) view: String,
    /// Seconds to wait until it has come as far as the live one
    #[arg(long, default_value_t = 30)]
    pub(super) wait: u64,
}

#[derive(Debug, Clone, Args)]
pub(super) struct Drop {
    /// The generation, such as orders@1
    pub(super) projection: String,
}
