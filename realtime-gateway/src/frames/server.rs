//! What the server sends: one or more objects per message, joined by a line feed.

use super::{BadFrame, StreamName, schema::Envelope, scope_text};
use domain::{ids::RestaurantId, scope::Scope};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// Any object that the server sends. `t` names its kind.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(tag = "t", rename_all = "lowercase")]
pub enum ServerFrame {
    /// The answer to `hello`.
    Welcome(Welcome),
    /// A stream starts to catch up.
    Catch(Catch),
    /// One event.
    #[serde(rename = "ev")]
    Event(Event),
    /// Nothing of this scope up to a position.
    Skip(Skip),
    /// The stream has caught up; what follows is live. Exactly one per start of a stream.
    Live(Live),
    /// Sent at fixed times; shows that nothing is missing.
    #[serde(rename = "hb")]
    Heartbeat(Heartbeat),
    /// The new token was taken.
    #[serde(rename = "ok")]
    Accepted(Accepted),
    /// The new token was not taken.
    #[serde(rename = "err")]
    Refused(Refused),
    /// The token ends soon: send a new one.
    Due(Due),
    /// The stream cannot go on from where the client is: read the view, then `rs` with its cursor.
    Reset(Reset),
    /// The gateway leaves: it closes the connection at that time, come back then.
    Drain(Drain),
}

macro_rules! stream_frame {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
        pub struct $name {
            /// The restaurant.
            pub restaurant: RestaurantId,
            /// The scope.
            #[serde(with = "scope_text")]
            #[schemars(with = "String")]
            pub scope: Scope,
            $($(#[$field_doc])* pub $field: $type,)*
        }

        impl $name {
            /// The stream that it is about.
            #[must_use]
            pub fn name(&self) -> StreamName {
                StreamName { restaurant: self.restaurant, scope: self.scope.clone() }
            }
        }
    };
}

/// The connection stands, and its rules.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Welcome {
    /// The name of the gateway.
    pub node: String,
    /// The server's time.
    pub now: String,
    /// Milliseconds between heartbeats.
    pub hb_ms: u64,
    /// Milliseconds without a `pong` after which the connection is closed; a client that hears
    /// nothing for as long calls anew.
    pub idle_ms: u64,
    /// When the token ends.
    pub token_expires_at: String,
    /// How to come back after a break.
    pub retry: Retry,
    /// What a client must keep to.
    pub limits: Limits,
}

/// Pause before attempt n: random between 0 and `min(cap_ms, base_ms · 2^n)`; before the first one
/// random within `first_ms`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Retry {
    /// The base of the pauses.
    pub base_ms: u64,
    /// The longest pause.
    pub cap_ms: u64,
    /// From and to of the first pause.
    pub first_ms: [u64; 2],
}

impl Default for Retry {
    fn default() -> Self {
        Self { base_ms: 500, cap_ms: 20_000, first_ms: [0, 2_000] }
    }
}

/// Bounds of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Limits {
    /// Largest message in bytes.
    pub frame_bytes: usize,
    /// Most messages of the client in a second.
    pub messages_per_s: u32,
    /// Most streams.
    pub streams: usize,
    /// Most events of a page.
    pub page_events: usize,
    /// Largest page in bytes.
    pub page_bytes: usize,
}

/// Where a catch-up reads from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// The events that the gateway holds in memory.
    Ring,
    /// The event store.
    Store,
}

stream_frame! {
    /// A catch-up begins.
    Catch {
        /// What the client has.
        from: u64,
        /// Where the feed stands now.
        to: u64,
        /// Where the first page comes from.
        source: Source,
    }
}

stream_frame! {
    /// One event of the stream.
    Event {
        /// Its position in the feed.
        position: u64,
        /// A position below it with no event of this scope strictly between them.
        prev: u64,
        /// The event itself.
        #[schemars(with = "Envelope")]
        event: Box<RawValue>,
    }
}

stream_frame! {
    /// Nothing of this scope after `prev` up to and with `position`.
    Skip {
        /// The stream is complete up to here.
        position: u64,
        /// A position below it with no event of this scope between them.
        prev: u64,
    }
}

stream_frame! {
    /// The stream is complete up to here and now live.
    Live {
        /// The feed's epoch.
        epoch: u32,
        /// The stream is complete up to here.
        position: u64,
    }
}

stream_frame! {
    /// Why and where a stream must start again.
    Reset {
        /// The feed's epoch.
        epoch: u32,
        /// Where the feed stands.
        position: u64,
        /// Why.
        why: Why,
        /// The view to read; its `cursor` is where to start again.
        view: String,
    }
}

stream_frame! {
    /// The last event of a scope.
    ScopeHead {
        /// The feed's epoch.
        epoch: u32,
        /// Its position; beyond the client's own means that something is missing.
        position: u64,
    }
}

/// The last position of each live stream, read from the store at most about a second ago. A stream
/// that catches up, or whose feed could not be read just now, is left out.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Heartbeat {
    /// Comes back in `pong`.
    pub n: u64,
    /// The server's time.
    pub now: String,
    /// One entry per live stream.
    pub heads: Vec<ScopeHead>,
}

/// The token of `auth` number `id` holds from now on.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Accepted {
    /// The number of the `auth`.
    pub id: u64,
}

/// The token of `auth` number `id` was refused; the old one still holds.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Refused {
    /// The number of the `auth`.
    pub id: u64,
    /// Why, such as `token-expired`.
    pub code: String,
}

/// The token ends.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Due {
    /// In this many milliseconds.
    pub in_ms: u64,
}

/// The gateway leaves.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Drain {
    /// It closes the connection after this many milliseconds.
    pub in_ms: u64,
    /// Why, such as `deploy`.
    pub why: String,
}

/// Why a stream must start again from a view.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Why {
    /// The feed was numbered anew.
    Epoch,
    /// The client's cursor is beyond the feed's end.
    Ahead,
    /// The events after the cursor are no longer kept.
    Pruned,
    /// The cursor is so far back that the view is cheaper.
    Far,
    /// The token no longer grants the scope.
    Rights,
}

impl Why {
    /// The word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Epoch => "epoch",
            Self::Ahead => "ahead",
            Self::Pruned => "pruned",
            Self::Far => "far",
            Self::Rights => "rights",
        }
    }
}

impl ServerFrame {
    /// The object as it goes over the wire.
    #[must_use]
    pub fn encode(&self) -> String {
        // Plain data into memory cannot fail; an empty line would be refused by every client.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads one object. Members that this build does not know are ignored.
    ///
    /// # Errors
    /// When it is no JSON object, of no known kind, or lacks a member.
    pub fn parse(text: &str) -> Result<Self, BadFrame> {
        // In two steps, because `event` is kept as the bytes that came, which a tagged enum cannot.
        #[derive(Deserialize)]
        struct Kind<'a> {
            t: &'a str,
        }
        let kind: Kind<'_> = serde_json::from_str(text)?;
        Ok(match kind.t {
            "welcome" => Self::Welcome(serde_json::from_str(text)?),
            "catch" => Self::Catch(serde_json::from_str(text)?),
            "ev" => Self::Event(serde_json::from_str(text)?),
            "skip" => Self::Skip(serde_json::from_str(text)?),
            "live" => Self::Live(serde_json::from_str(text)?),
            "hb" => Self::Heartbeat(serde_json::from_str(text)?),
            "ok" => Self::Accepted(serde_json::from_str(text)?),
            "err" => Self::Refused(serde_json::from_str(text)?),
            "due" => Self::Due(serde_json::from_str(text)?),
            "reset" => Self::Reset(serde_json::from_str(text)?),
            "drain" => Self::Drain(serde_json::from_str(text)?),
            other => return Err(BadFrame::unknown(other)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const R: &str = "0192d3a4-0000-7000-8000-000000000001";

    #[test]
    fn frames_are_written_as_the_contract_shows_them() {
        for text in [
            format!(
                r#"{{"t":"catch","restaurant":"{R}","scope":"kitchen:grill","from":1042,"to":1050,"source":"ring"}}"#
            ),
            format!(
                r#"{{"t":"ev","restaurant":"{R}","scope":"floor","position":1044,"prev":1042,"event":{{"b": 1, "a":2}}}}"#
            ),
            format!(r#"{{"t":"skip","restaurant":"{R}","scope":"kitchen:grill","position":1050,"prev":1044}}"#),
            format!(r#"{{"t":"live","restaurant":"{R}","scope":"kitchen:grill","epoch":1,"position":1050}}"#),
            format!(
                r#"{{"t":"hb","n":3,"now":"x","heads":[{{"restaurant":"{R}","scope":"audit","epoch":1,"position":1050}}]}}"#
            ),
            format!(
                r#"{{"t":"reset","restaurant":"{R}","scope":"audit","epoch":1,"position":9,"why":"far","view":"/v1"}}"#
            ),
            r#"{"t":"ok","id":7}"#.to_owned(),
            r#"{"t":"err","id":7,"code":"token-expired"}"#.to_owned(),
            r#"{"t":"due","in_ms":60000}"#.to_owned(),
            r#"{"t":"drain","in_ms":8421,"why":"deploy"}"#.to_owned(),
        ] {
            assert_eq!(ServerFrame::parse(&text).expect(&text).encode(), text);
        }
    }

    #[test]
    fn a_client_ignores_members_that_it_does_not_know() {
        assert!(ServerFrame::parse(r#"{"t":"due","in_ms":1,"new":true}"#).is_ok());
        assert!(ServerFrame::parse(r#"{"t":"new","in_ms":1}"#).is_err());
    }
}
