//! A screen that follows over server-sent events: plain HTTP, resumed by `Last-Event-ID`, every frame checked.

use super::violation::{Kind, Violation};
use domain::ids::RestaurantId;
use serde_json::Value;
use std::time::Duration;

/// Without a byte for this long the connection is dead: more than two heartbeats.
const IDLE: Duration = Duration::from_secs(35);
/// Before it comes back.
const PAUSE: Duration = Duration::from_millis(300);

/// Where it stands, over any number of connections.
pub(super) struct Sse {
    pub(super) gateways: Vec<String>,
    pub(super) token: String,
    pub(super) restaurant: RestaurantId,
    pub(super) scope: String,
    pub(super) last: u64,
}

/// What a frame means.
#[derive(Debug, PartialEq)]
pub(super) enum Step {
    /// An event that comes next.
    Apply(String),
    /// Nothing to apply.
    Noted,
    /// A promise of the protocol was broken.
    Wrong(Violation),
}

impl Sse {
    /// Follows for ever; `tell` hears of every connection (nothing) and of what its frames mean.
    pub(super) async fn follow(mut self, tell: impl Fn(Option<Step>)) {
        let client = reqwest::Client::new();
        for attempt in 0.. {
            let front = &self.gateways[attempt % self.gateways.len()];
            let url = format!("http://{front}/v1/restaurants/{}/events?scope={}", self.restaurant, self.scope);
            let request = client.get(url).bearer_auth(&self.token).header("Accept", "text/event-stream");
            let request = request.header("Last-Event-ID", format!("1.{}", self.last));
            if let Ok(Ok(answer)) = tokio::time::timeout(IDLE, request.send()).await
                && answer.status().is_success()
            {
                tell(None);
                self.read(answer, &tell).await;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Until the connection ends or says nothing.
    async fn read(&mut self, mut answer: reqwest::Response, tell: &impl Fn(Option<Step>)) {
        let mut text = Vec::new();
        while let Ok(Ok(Some(chunk))) = tokio::time::timeout(IDLE, answer.chunk()).await {
            text.extend_from_slice(&chunk);
            while let Some(end) = text.windows(2).position(|two| two == b"\n\n") {
                let message: Vec<u8> = text.drain(..end + 2).collect();
                match self.take(&String::from_utf8_lossy(&message)) {
                    Step::Noted => {}
                    step => tell(Some(step)),
                }
            }
        }
    }

    /// Checks one message against the cursor, and moves it.
    pub(super) fn take(&mut self, message: &str) -> Step {
        let field = |name: &str| message.lines().find_map(|line| line.strip_prefix(name));
        let (id, data) = (field("id: "), field("data: ").unwrap_or("{}"));
        let frame: Value = serde_json::from_str(data).unwrap_or(Value::Null);
        let position = frame["position"].as_u64();
        let wrong = |kind, what: &str| {
            Step::Wrong(Violation::new(kind, format!("{} over SSE: {what} after {}: {data}", self.scope, self.last)))
        };
        match field("event: ") {
            Some("ev" | "skip" | "live") if id != position.map(|at| format!("1.{at}")).as_deref() => {
                wrong(Kind::Different, "an id that is not the position")
            }
            Some(kind @ ("ev" | "skip")) => {
                let (at, prev) = (position.unwrap_or_default(), frame["prev"].as_u64());
                if prev.is_none_or(|prev| prev > self.last) {
                    return wrong(Kind::Lost, "a hole");
                }
                if at <= self.last {
                    return wrong(Kind::Repeated, "what it had");
                }
                self.last = at;
                if kind == "ev" { Step::Apply(envelope(data)) } else { Step::Noted }
            }
            Some("live") if position != Some(self.last) => wrong(Kind::Lost, "live elsewhere"),
            Some("reset") => wrong(Kind::Different, "a reset"),
            _ => Step::Noted,
        }
    }
}

/// The event's bytes as they came: re-encoding would hide a difference.
fn envelope(frame: &str) -> String {
    let event = frame.split_once(r#""event":"#).map_or("", |(_, event)| event);
    event.strip_suffix('}').unwrap_or(event).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(last: u64) -> Sse {
        let restaurant = uuid::Uuid::nil().into();
        Sse { gateways: Vec::new(), token: String::new(), restaurant, scope: "audit".to_owned(), last }
    }

    fn ev(position: u64, prev: u64) -> String {
        let frame = format!(r#"{{"t":"ev","position":{position},"prev":{prev},"event":{{"position":{position}}}}}"#);
        format!("id: 1.{position}\nevent: ev\ndata: {frame}\n\n")
    }

    #[test]
    fn the_next_one_is_applied_and_everything_else_is_told() {
        let mut sse = at(4);
        assert_eq!(sse.take(&ev(5, 4)), Step::Apply(r#"{"position":5}"#.to_owned()));
        assert_eq!(sse.take("event: hb\ndata: {}\n\n"), Step::Noted);
        for (message, kind) in [(ev(5, 4), Kind::Repeated), (ev(9, 8), Kind::Lost)] {
            assert!(matches!(sse.take(&message), Step::Wrong(it) if it.kind == kind), "{message}");
        }
        let elsewhere = ev(6, 5).replace("id: 1.6", "id: 1.7");
        assert!(matches!(sse.take(&elsewhere), Step::Wrong(it) if it.kind == Kind::Different));
    }
}
