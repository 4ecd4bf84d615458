//! `aris events trace`: one request, command, event or order through all services.

mod search;

use super::{
    options::Trace,
    output::{columns, event_line, line},
    sides::Sides,
    whereabouts::Whereabouts,
};
use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    envelope::{RecordedEvent, format_time},
    ids::FeedId,
    limits::RECEIPT_HOURS,
};
use event_store::delivery::ReceiptSeen;
use search::{Search, Searched};
use serde_json::{Value, json};
use std::{collections::BTreeMap, process::ExitCode};
use uuid::Uuid;

/// Receipts of one trace that are looked up.
const COMMANDS_MAX: usize = 100;

/// A command whose events were found.
struct Command {
    id: Uuid,
    principal: String,
    /// When its first event was recorded.
    at: DateTime<Utc>,
    receipt: Option<ReceiptSeen>,
}

pub(super) async fn run(sides: &Sides, options: Trace) -> Result<ExitCode> {
    let searched = Search::new(sides, &options).run().await?;
    let mut feeds = Vec::new();
    for (feed, events) in &searched.found {
        let commands = commands(sides, *feed, events).await?;
        let Some(last) = events.last() else { continue };
        feeds.push((*feed, events, commands, Whereabouts::of(sides, *feed, last.cursor).await?));
    }
    if options.json {
        let feeds: Vec<Value> =
            feeds.iter().map(|(feed, events, commands, at)| feed_json(*feed, events, commands, at)).collect();
        line(&json!({"id": options.id, "feeds": feeds, "search": searched.json()}).to_string())?;
    } else {
        for (feed, events, commands, whereabouts) in &feeds {
            tell(*feed, events, commands, whereabouts)?;
        }
        line(&searched.words(&options.id))?;
        line(&audit(sides, &options.id, &searched).await?)?;
    }
    Ok(if feeds.is_empty() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Where to look for what left no event: tries that were denied, or failed.
async fn audit(sides: &Sides, id: &str, searched: &Searched) -> Result<String> {
    let is_of_request = |event: &RecordedEvent| event.metadata.correlation_id == id;
    let command = match searched.found.first_key_value() {
        Some((feed, events)) if !events.iter().any(is_of_request) => {
            let tenant = sides.tenant(*feed).await?;
            let restaurant = if feed.0 == tenant.0 { String::new() } else { format!(" --restaurant {feed}") };
            format!("--tenant {tenant}{restaurant}")
        }
        _ => format!("--correlation {id}"),
    };
    Ok(format!("what was denied or failed has no event: aris audit actions {command}"))
}

/// The commands that caused these events, in the order of their first ones.
async fn commands(sides: &Sides, feed: FeedId, events: &[RecordedEvent]) -> Result<Vec<Command>> {
    let mut first = BTreeMap::new();
    for event in events.iter().rev() {
        let of_event = (event.cursor.position, event.metadata.actor.id.clone(), event.recorded_at);
        first.insert(event.metadata.causation_id, of_event);
    }
    let mut in_order: Vec<_> = first.into_iter().collect();
    in_order.sort_by_key(|(_, (position, ..))| *position);
    let mut commands = Vec::new();
    for (id, (_, principal, at)) in in_order.into_iter().take(COMMANDS_MAX) {
        let receipt = sides.events.receipt_of(feed, &principal, id).await?;
        commands.push(Command { id, principal, at, receipt });
    }
    Ok(commands)
}

fn tell(feed: FeedId, events: &[RecordedEvent], commands: &[Command], whereabouts: &Whereabouts) -> Result<()> {
    line(&format!("restaurant {feed}"))?;
    line(&columns())?;
    events.iter().try_for_each(|event| line(&event_line(event)))?;
    line("")?;
    for command in commands {
        line(&format!("{:<18} {} by {}: {}", "command", command.id, command.principal, command.answer(Utc::now())))?;
    }
    whereabouts.lines().iter().try_for_each(|text| line(text))?;
    line("")
}

fn feed_json(feed: FeedId, events: &[RecordedEvent], commands: &[Command], whereabouts: &Whereabouts) -> Value {
    let envelope = |event: &RecordedEvent| {
        serde_json::from_slice(&event.envelope_json()).unwrap_or_else(|_| json!({"position": event.cursor.position}))
    };
    let command = |it: &Command| {
        let receipt = it.receipt.as_ref().map(|receipt| {
            json!({
                "status": receipt.status, "position": receipt.position, "recorded_at": format_time(receipt.recorded_at),
            })
        });
        json!({"command_id": it.id, "principal": it.principal, "receipt": receipt})
    };
    json!({
        "restaurant": feed, "events": events.iter().map(envelope).collect::<Vec<Value>>(),
        "commands": commands.iter().map(command).collect::<Vec<_>>(), "whereabouts": whereabouts.json(),
    })
}

impl Command {
    /// What is known of its answer.
    fn answer(&self, now: DateTime<Utc>) -> String {
        match &self.receipt {
            Some(it) => {
                format!("answered {} with position {} at {}", it.status, it.position, format_time(it.recorded_at))
            }
            None if now - self.at >= TimeDelta::hours(RECEIPT_HOURS) => {
                format!("was done; its receipt is gone after {RECEIPT_HOURS} hours")
            }
            None => "was done; its receipt is kept under another name than that of the actor".to_owned(),
        }
    }
}

impl Searched {
    fn words(&self, id: &str) -> String {
        let events: usize = self.found.values().map(Vec::len).sum();
        let found = if events == 0 { format!("nothing of {id}") } else { format!("{events} events of {id}") };
        let scope = format!(
            "{} events of {} restaurants were looked at, back to {}",
            self.looked_at,
            self.restaurants,
            format_time(self.since)
        );
        let bound = match (self.is_complete, events) {
            (true, 0) => "; look further back with --since 7d",
            (true, _) => "",
            (false, _) => "; a bound was met: there may be more (name the --restaurant, or raise --look-at)",
        };
        format!("{found}: {scope}{bound}")
    }

    fn json(&self) -> Value {
        json!({
            "looked_at": self.looked_at, "restaurants": self.restaurants, "since": format_time(self.since),
            "complete": self.is_complete,
        })
    }
}
