//! What became of an event after its commit: published or not, applied or not.

use super::sides::Sides;
use anyhow::Result;
use domain::{envelope::Cursor, ids::FeedId};
use event_store::delivery::Delivery;
use projection_service::standing::{self, Standing};
use serde_json::{Value, json};

/// What became of an event.
pub(super) struct Whereabouts {
    event: Cursor,
    delivery: Delivery,
    standings: Vec<Standing>,
}

impl Whereabouts {
    pub(super) async fn of(sides: &Sides, feed: FeedId, event: Cursor) -> Result<Self> {
        // The views last: what they have passed was published before.
        let delivery = sides.events.delivery(feed, event.position).await?;
        let standings = standing::at(&sides.views, feed, event).await?;
        Ok(Self { event, delivery, standings })
    }

    fn published(&self) -> &'static str {
        let passed = self.delivery.published.is_some_and(|published| published >= self.event);
        match (self.delivery.waiting, passed) {
            (true, _) => "waiting",
            (false, true) => "published",
            (false, false) => "lost",
        }
    }

    /// One line for the outbox and one for each projection.
    pub(super) fn lines(&self) -> Vec<String> {
        let up_to = self.delivery.published.map_or_else(|| "nothing".to_owned(), |cursor| format!("up to {cursor}"));
        let outbox = match self.published() {
            "waiting" => format!("waits for the relay ({up_to} is published)"),
            "published" => format!("published ({up_to})"),
            _ => format!("neither waits nor was it published ({up_to}): run `aris verify`"),
        };
        let projections = self.standings.iter().map(|standing| {
            let cursor =
                standing.cursor.map_or_else(|| "nothing applied".to_owned(), |cursor| format!("stands at {cursor}"));
            let word = match &standing.parked {
                Some(parked) => format!("parked: {} ({})", parked.cause, parked.class),
                None if standing.has_passed(self.event) => "applied".to_owned(),
                None => "not yet".to_owned(),
            };
            format!("{:<18} {word} ({cursor})", standing.projection)
        });
        std::iter::once(format!("{:<18} {outbox}", "outbox")).chain(projections).collect()
    }

    pub(super) fn json(&self) -> Value {
        let cursor =
            |cursor: Option<Cursor>| cursor.map(|cursor| json!({"epoch": cursor.epoch, "position": cursor.position}));
        let projections: Vec<Value> = self
            .standings
            .iter()
            .map(|it| {
                json!({
                    "projection": it.projection.to_string(), "cursor": cursor(it.cursor), "passed": it.has_passed(self.event),
                    "parked": it.parked.as_ref().map(|parked| json!({"class": parked.class, "cause": parked.cause})),
                })
            })
            .collect();
        json!({"outbox": self.published(), "published": cursor(self.delivery.published), "projections": projections})
    }
}
