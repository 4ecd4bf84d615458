//! The options of `aris events`.

use crate::cli::Place;
use chrono::TimeDelta;
use clap::{Args, Subcommand};
use domain::{envelope::Cursor, ids::FeedId};

#[derive(Debug, Clone, Args)]
pub(crate) struct Events {
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

#[derive(Debug, Clone, Subcommand)]
pub(super) enum Action {
    /// Print the events of a restaurant, one per line
    Tail(Tail),
    /// Show one event: the whole envelope, its hash, whether it was published, which views have it
    Show(Show),
    /// Follow one request, command, event or order through all services
    Trace(Trace),
}

#[derive(Debug, Clone, Args)]
pub(super) struct Tail {
    /// The restaurant, or a tenant for its own feed; without it the demo restaurant
    #[arg(long)]
    pub(super) restaurant: Option<FeedId>,
    /// Print all events after this place, such as 1.1042; without it the last ones
    #[arg(long, value_name = "EPOCH.POSITION")]
    pub(super) after: Option<Cursor>,
    /// How many of the last events, without --after
    #[arg(long, default_value_t = 20, conflicts_with = "after")]
    pub(super) lines: u64,
    /// Go on with what happens next, until Ctrl-C
    #[arg(long)]
    pub(super) follow: bool,
    /// One JSON object per line: the envelope that sockets carry
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Clone, Args)]
pub(super) struct Show {
    /// The restaurant, or a tenant for its own feed
    pub(super) restaurant: FeedId,
    /// The position of the event in its feed
    #[arg(value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) position: u64,
    /// One JSON object
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Clone, Args)]
pub(super) struct Trace {
    /// A correlation id (X-Correlation-Id, or the `instance` of a problem); or the id of a command, an
    /// event, an order or a session
    pub(super) id: String,
    /// Only this restaurant, or this tenant's own feed; without it every restaurant that has events of that time
    #[arg(long)]
    pub(super) restaurant: Option<FeedId>,
    /// How far back to look, such as 90m, 24h or 7d
    #[arg(long, default_value = "24h", value_parser = span)]
    pub(super) since: TimeDelta,
    /// Most events to look at, the newest first
    #[arg(long, default_value_t = 2_000_000)]
    pub(super) look_at: u64,
    /// One JSON object
    #[arg(long)]
    pub(super) json: bool,
}

/// A span of time as people write it.
pub(crate) fn span(text: &str) -> Result<TimeDelta, String> {
    let wrong = || "write a number and s, m, h or d, such as 90m, 24h or 7d".to_owned();
    let (number, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or_else(wrong)?;
    let number: i64 = number.parse().map_err(|_| wrong())?;
    let span = match unit {
        "s" => TimeDelta::try_seconds(number),
        "m" => TimeDelta::try_minutes(number),
        "h" => TimeDelta::try_hours(number),
        "d" => TimeDelta::try_days(number),
        _ => None,
    };
    // A century is more than there are events.
    span.filter(|span| *span > TimeDelta::zero() && span.num_days() <= 36_500).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::span;

    #[test]
    fn a_span_is_a_number_and_a_unit() {
        assert_eq!(span("90m").unwrap().num_seconds(), 5_400);
        assert_eq!(span("7d").unwrap().num_hours(), 168);
        for wrong in ["", "h", "24", "-1h", "0s", "1w", "1.5h", "99999999999999999999d", "9999999d", "1é"] {
            assert!(span(wrong).is_err(), "{wrong}");
        }
    }
}
