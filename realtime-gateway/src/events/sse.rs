//! Events that keep coming: server-sent events, resumed by `Last-Event-ID`.
//!
//! There is no queue: the body asks for the next frames only when the connection has room for them, so
//! a client that is slow is a cursor that is behind.

use super::{
    follower::{Follower, Progress},
    gone, problem,
};
use crate::{
    frames::{Drain, Heartbeat, ScopeHead, ServerFrame, StreamName},
    gateway::{Gateway, Seat},
    session::{credit::Credit, leave_in},
};
use axum::{
    body::{Body, Bytes},
    http::header,
    response::{IntoResponse, Response},
};
use chrono::Utc;
use domain::envelope::{Cursor, format_time};
use identity::{Principal, revocation};
use service_kit::problem::{Code, Problem};
use std::{
    convert::Infallible,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::time::{Interval, MissedTickBehavior, interval_at};
use tokio_util::task::task_tracker::TaskTrackerToken;

/// Of the answer.
pub(super) const MEDIA_TYPE: &str = "text/event-stream";

/// A stream on its way to one client.
struct Sse {
    follower: Follower,
    beat: Interval,
    beats: u64,
    principal: Principal,
    /// Tells when the token may have been revoked.
    revoked: revocation::Watch,
    /// When the token ends, by our own clock.
    ends: Instant,
    leave_at: Option<Instant>,
    over: bool,
    _seat: Seat,
    _open: TaskTrackerToken,
}

/// Answers with a stream that ends when the token does, when the gateway leaves, or with a reset.
pub(super) async fn open(
    mut follower: Follower,
    after: Option<Cursor>,
    principal: Principal,
) -> Result<Response, Problem> {
    let gateway = Arc::clone(&follower.gateway);
    let seat = seat(&gateway)?;
    if let Some(reset) = follower.start(after, Credit::PAGE).await.map_err(problem)? {
        return Err(gone(&reset));
    }
    let heartbeat = gateway.timing.heartbeat;
    let mut beat = interval_at(tokio::time::Instant::now() + heartbeat, heartbeat);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let ends = Instant::now() + (principal.expires_at() - Utc::now()).to_std().unwrap_or_default();
    let open = gateway.connections.token();
    let revoked = gateway.verifier.revocations().watch(principal.marks());
    let sse = Sse {
        follower,
        beat,
        beats: 0,
        principal,
        revoked,
        ends,
        leave_at: None,
        over: false,
        _seat: seat,
        _open: open,
    };
    let hello = Bytes::from(format!("retry: {}\n\n", gateway.retry.base_ms));
    let frames = futures::stream::unfold((Some(hello), sse), |(hello, mut sse)| async move {
        let chunk = match hello {
            Some(hello) => hello,
            None => sse.next().await?,
        };
        Some((Ok::<_, Infallible>(chunk), (None, sse)))
    });
    let headers = [
        (header::CONTENT_TYPE, MEDIA_TYPE),
        (header::CACHE_CONTROL, "no-store"),
        // Proxies that gather answers would hold events back.
        (header::HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    Ok((headers, Body::from_stream(frames)).into_response())
}

fn seat(gateway: &Arc<Gateway>) -> Result<Seat, Problem> {
    if gateway.shutdown.is_cancelled() {
        return Err(Problem::new(Code::ShuttingDown));
    }
    gateway.admit()?;
    gateway.seat().ok_or_else(|| Problem::new(Code::Overloaded).detail("no more connections"))
}

impl Sse {
    /// The next bytes; `None` when it is over.
    async fn next(&mut self) -> Option<Bytes> {
        // Ends: each turn gives bytes or waits.
        loop {
            if !self.follower.out.is_empty() {
                self.over |= self.follower.reset().is_some();
                return Some(self.take());
            }
            if self.over {
                return None;
            }
            // There is no way to bring a newer token in: whoever may have one comes back with it.
            if self.follower.gateway.verifier.loss(&self.principal).is_some() {
                return self.end("token-revoked");
            }
            match self.follower.go_on().await {
                Ok(Progress::More) => continue,
                Ok(Progress::Waiting) if !self.follower.out.is_empty() || self.follower.grant() => continue,
                Ok(Progress::Waiting) => {}
                Err(close) => return self.end(close.code.name()),
            }
            let gateway = Arc::clone(&self.follower.gateway);
            tokio::select! {
                biased;
                () = tokio::time::sleep_until(self.ends.into()) => return self.end("token-expired"),
                () = self.revoked.news() => {}
                () = until(self.leave_at) => return self.end("drained"),
                () = gateway.shutdown.cancelled(), if self.leave_at.is_none() => return Some(self.drain()),
                _ = self.beat.tick() => return self.heartbeat().await,
                _ = self.follower.signal.wait() => {}
            }
        }
    }

    fn take(&mut self) -> Bytes {
        self.follower
            .out
            .drain(..)
            .map(|frame| message(frame.as_str(), self.follower.cursor.epoch()))
            .collect::<String>()
            .into()
    }

    /// What the gateway vouches for, after everything up to it; see the heartbeat of a socket.
    async fn heartbeat(&mut self) -> Option<Bytes> {
        let (position, head) = (self.follower.place.log.last(), self.follower.place.ring.head());
        let fresh = head.verified.is_some_and(|asked| asked.elapsed() <= self.follower.gateway.timing.head_fresh);
        let live = self.follower.cursor.is_live();
        if let Err(close) = self.follower.go_on().await {
            return self.end(close.code.name());
        }
        self.over |= self.follower.reset().is_some();
        let StreamName { restaurant, scope } = self.follower.cursor.name().clone();
        let epoch = self.follower.cursor.epoch();
        let sent = self.follower.cursor.is_live() && self.follower.cursor.told().position >= position;
        let heads =
            if fresh && live && sent { vec![ScopeHead { restaurant, scope, epoch, position }] } else { Vec::new() };
        self.beats += 1;
        let beat = ServerFrame::Heartbeat(Heartbeat { n: self.beats, now: format_time(Utc::now()), heads });
        if !self.over {
            self.follower.out.push(beat.encode().into());
        }
        Some(self.take())
    }

    fn drain(&mut self) -> Bytes {
        let name = self.follower.cursor.name();
        let in_ms = leave_in(self.follower.gateway.timing.drain_window, name.is_kitchen(), rand::random());
        self.leave_at = Some(Instant::now() + Duration::from_millis(in_ms));
        let frame = ServerFrame::Drain(Drain { in_ms, why: "deploy".to_owned() });
        message(&frame.encode(), 0).into()
    }

    fn end(&mut self, code: &str) -> Option<Bytes> {
        self.over = true;
        metrics::counter!("realtime_closes_total", "code" => code.to_owned()).increment(1);
        Some(format!("event: end\ndata: {{\"t\":\"end\",\"code\":\"{code}\"}}\n\n").into())
    }
}

async fn until(time: Option<Instant>) {
    match time {
        Some(time) => tokio::time::sleep_until(time.into()).await,
        None => std::future::pending().await,
    }
}

/// A frame as a message. Its `id` is where the client stands once it has read it; frames that do not
/// move the client have none.
fn message(frame: &str, epoch: u32) -> String {
    let kind = frame.strip_prefix(r#"{"t":""#).and_then(|rest| rest.split('"').next()).unwrap_or("message");
    let id = match (kind, position(frame)) {
        ("ev" | "skip" | "live", Some(position)) => format!("id: {epoch}.{position}\n"),
        _ => String::new(),
    };
    format!("{id}event: {kind}\ndata: {frame}\n\n")
}

/// The first `position` of a frame: ids and scopes before it cannot contain the word in quotes.
fn position(frame: &str) -> Option<&str> {
    let (_, rest) = frame.split_once(r#""position":"#)?;
    let end = rest.find(|it: char| !it.is_ascii_digit())?;
    rest.get(..end).filter(|digits| !digits.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_that_move_the_client_carry_its_cursor() {
        let frame = r#"{"t":"ev","restaurant":"r","scope":"floor","position":7,"prev":5,"event":{"position":9}}"#;
        assert_eq!(message(frame, 2), format!("id: 2.7\nevent: ev\ndata: {frame}\n\n"));
        let live = r#"{"t":"live","restaurant":"r","scope":"floor","epoch":2,"position":8}"#;
        assert!(message(live, 2).starts_with("id: 2.8\nevent: live\n"));
    }

    #[test]
    fn a_reset_does_not_move_the_client() {
        let reset = r#"{"t":"reset","restaurant":"r","scope":"floor","epoch":2,"position":8,"why":"epoch","view":"/"}"#;
        assert!(message(reset, 2).starts_with("event: reset\n"));
        assert!(message(r#"{"t":"hb","n":1,"now":"","heads":[{"position":3}]}"#, 2).starts_with("event: hb\n"));
    }
}
