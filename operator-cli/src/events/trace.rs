//! `aris events trace`: one request, command, event or order through all services.

mod search;

use super::{
    options::Trace,
    output::{COLUMNS, event_line, line},
    sides::Sides,
    whereabouts::Whereabouts,
};
use anyhow::Result;
use domain::{
    envelope::{RecordedEvent, format_time},
    ids::FeedId,
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
    }
    Ok(if feeds.is_empty() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// The commands that caused these events, in the order of their first ones.
async fn commands(sides: &Sides, feed: FeedId, events: &[RecordedEvent]) -> Result<Vec<Command>> {
    let mut first = BTreeMap::new();
    for event in events.iter().rev() {
        first.insert(event.metadata.causation_id, (event.cursor.position, event.metadata.actor.id.clone()));
    }
    let mut in_order: Vec<_> = first.into_iter().collect();
    in_order.sort_by_key(|(_, (position, _))| *position);
    let mut commands = Vec::new();
    for (id, (_, principal)) in in_order.into_iter().take(COMMANDS_MAX) {
        let receipt = sides.events.receipt_of(feed, &principal, id).await?;
        commands.push(Command { id, principal, receipt });
    }
    Ok(commands)
}

fn tell(feed: FeedId, events: &[RecordedEvent], commands: &[Command], whereabouts: &Whereabouts) -> Result<()> {
    line(&format!("restaurant {feed}"))?;
    line(COLUMNS)?;
    events.iter().try_for_each(|event| line(&event_line(event)))?;
    line("")?;
    for Command { id, principal, receipt } in commands {
        let receipt = receipt.as_ref().map_or_else(
            || "no receipt (they are kept for a day)".to_owned(),
            |it| {
                format!(
                    "answered {} with position {} at {} under the key {}",
                    it.status,
                    it.position,
                    format_time(it.recorded_at),
                    it.idempotency_key
                )
            },
        );
        line(&format!("{:<18} {id} by {principal}: {receipt}", "command"))?;
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
                "status": receipt.status, "position": receipt.position, "idempotency_key": receipt.idempotency_key,
                "recorded_at": format_time(receipt.recorded_at),
            })
        });
        json!({"command_id": it.id, "principal": it.principal, "receipt": receipt})
    };
    json!({
        "restaurant": feed, "events": events.iter().map(envelope).collect::<Vec<Value>>(),
        "commands": commands.iter().map(command).collect::<Vec<_>>(), "whereabouts": whereabouts.json(),
    })
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
