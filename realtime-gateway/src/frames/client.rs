//! What a client sends: one object per message.

use super::{StreamName, scope_text};
use crate::limits::{DEVICE_BYTES_MAX, DRAWN_MAX, STREAMS_MAX, TOKEN_BYTES_MAX};
use domain::{envelope::Cursor, ids::RestaurantId, scope::Scope};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;

/// Any object that a client may send. `t` names its kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "t", rename_all = "lowercase")]
pub enum ClientFrame {
    /// The first object of a connection.
    Hello(Hello),
    /// What was applied; grants the next page.
    Ack(Ack),
    /// The answer to a heartbeat.
    Pong(Pong),
    /// Starts a stream again after a hole or a reset.
    #[serde(rename = "rs")]
    Resume(Resume),
    /// A new token of the same subject.
    Auth(Auth),
}

/// Who is there, and which streams it wants from where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Hello {
    /// The protocol's version: 1.
    pub v: u32,
    /// The access token. It never stands in the URL.
    #[schemars(length(max = 8192))]
    pub token: String,
    /// What the device calls itself, for the operator's lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub device: Option<String>,
    /// The streams of this connection; each restaurant and scope at most once.
    #[schemars(length(min = 1, max = 64))]
    pub streams: Vec<StreamRequest>,
}

/// One stream that a client wants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StreamRequest {
    /// The restaurant.
    pub restaurant: RestaurantId,
    /// The scope, such as `kitchen:grill`.
    #[serde(with = "scope_text")]
    #[schemars(with = "String")]
    pub scope: Scope,
    /// What the client has; without it the stream starts live at the head.
    #[serde(default, with = "after", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<after::Strict>")]
    pub after: Option<Cursor>,
}

/// Everything of a stream up to this position was applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ack {
    /// The restaurant.
    pub restaurant: RestaurantId,
    /// The scope.
    #[serde(with = "scope_text")]
    #[schemars(with = "String")]
    pub scope: Scope,
    /// The last position that was applied.
    pub position: u64,
    /// Positions whose event now stands on a screen for a person to see.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 256))]
    pub drawn: Vec<u64>,
}

/// The answer to heartbeat `n`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pong {
    /// The number of the heartbeat.
    pub n: u64,
}

/// "I see a hole": start this stream again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Resume {
    /// The restaurant.
    pub restaurant: RestaurantId,
    /// The scope.
    #[serde(with = "scope_text")]
    #[schemars(with = "String")]
    pub scope: Scope,
    /// What the client has; without it the stream starts live at the head.
    #[serde(default, with = "after", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<after::Strict>")]
    pub after: Option<Cursor>,
}

/// A fresh token, so that the connection outlives the old one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Auth {
    /// Comes back in the answer.
    pub id: u64,
    /// The new token; of the same subject.
    #[schemars(length(max = 8192))]
    pub token: String,
}

/// A cursor, as strict as the frame that it stands in.
mod after {
    use super::{Cursor, Deserialize, JsonSchema, Serialize};
    use serde::{Deserializer, Serializer};

    #[derive(Serialize, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    #[schemars(rename = "Cursor")]
    pub(super) struct Strict {
        epoch: u32,
        position: u64,
    }

    #[expect(clippy::ref_option, reason = "serde hands it over like this")]
    pub(super) fn serialize<S: Serializer>(after: &Option<Cursor>, serializer: S) -> Result<S::Ok, S::Error> {
        after.map(|Cursor { epoch, position }| Strict { epoch, position }).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Cursor>, D::Error> {
        let after = Option::<Strict>::deserialize(deserializer)?;
        Ok(after.map(|Strict { epoch, position }| Cursor { epoch, position }))
    }
}

/// A message that is no frame of a client.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadFrame(String);

impl BadFrame {
    pub(super) fn unknown(kind: &str) -> Self {
        Self(format!("no frame is called `{kind}`"))
    }
}

impl From<serde_json::Error> for BadFrame {
    fn from(error: serde_json::Error) -> Self {
        Self(describe(&error))
    }
}

impl ClientFrame {
    /// Reads one message, strictly.
    ///
    /// # Errors
    /// When it is no JSON object of a known kind with exactly the members of that kind, or a list or
    /// text in it is too long.
    pub fn parse(text: &str) -> Result<Self, BadFrame> {
        // An array of a frame's members in order would do for serde.
        if !text.trim_start().starts_with('{') {
            return Err(BadFrame("a frame is a JSON object".to_owned()));
        }
        let frame: Self = serde_json::from_str(text)?;
        frame.check().map_err(|what| BadFrame(what.to_owned()))?;
        Ok(frame)
    }

    fn check(&self) -> Result<(), &'static str> {
        match self {
            Self::Hello(hello) => hello.check(),
            Self::Ack(ack) if ack.drawn.len() > DRAWN_MAX => Err("too many positions in drawn"),
            Self::Auth(auth) if auth.token.len() > TOKEN_BYTES_MAX => Err("the token is too long"),
            Self::Ack(_) | Self::Pong(_) | Self::Resume(_) | Self::Auth(_) => Ok(()),
        }
    }
}

impl Hello {
    fn check(&self) -> Result<(), &'static str> {
        if self.token.len() > TOKEN_BYTES_MAX {
            return Err("the token is too long");
        }
        if self.device.as_ref().is_some_and(|device| device.len() > DEVICE_BYTES_MAX) {
            return Err("the name of the device is too long");
        }
        if self.streams.is_empty() || self.streams.len() > STREAMS_MAX {
            return Err("streams must be 1 to 64");
        }
        let names: HashSet<_> = self.streams.iter().map(StreamRequest::name).collect();
        if names.len() == self.streams.len() { Ok(()) } else { Err("a stream is asked for twice") }
    }
}

macro_rules! named {
    ($($frame:ty),*) => {$(
        impl $frame {
            /// The stream that it is about.
            #[must_use]
            pub fn name(&self) -> StreamName {
                StreamName { restaurant: self.restaurant, scope: self.scope.clone() }
            }
        }
    )*};
}
named!(StreamRequest, Ack, Resume);

/// What was wrong, without the place: a message is one line, and the place says nothing.
fn describe(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split_once(" at line ").map_or(text.as_str(), |(what, _)| what).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const R: &str = "0192d3a4-0000-7000-8000-000000000001";

    fn refused(text: &str) -> String {
        ClientFrame::parse(text).expect_err(text).to_string()
    }

    #[test]
    fn what_the_contract_shows_is_read() {
        let hello = format!(
            r#"{{"t":"hello","v":1,"token":"x","device":"kds-3","streams":[{{"restaurant":"{R}","scope":"kitchen:grill","after":{{"epoch":1,"position":1042}}}}]}}"#
        );
        let ClientFrame::Hello(hello) = ClientFrame::parse(&hello).unwrap() else { panic!("no hello") };
        assert_eq!(hello.streams[0].after, Some(Cursor { epoch: 1, position: 1042 }));
        for text in [
            format!(r#"{{"t":"ack","restaurant":"{R}","scope":"floor","position":1050,"drawn":[1044]}}"#),
            format!(r#"{{"t":"ack","restaurant":"{R}","scope":"floor","position":1050}}"#),
            format!(r#"{{"t":"rs","restaurant":"{R}","scope":"audit","after":{{"epoch":1,"position":2}}}}"#),
            r#"{"t":"pong","n":3}"#.to_owned(),
            r#"{"t":"auth","id":7,"token":"x"}"#.to_owned(),
        ] {
            ClientFrame::parse(&text).expect(&text);
        }
    }

    #[test]
    fn what_is_unknown_or_missing_is_refused() {
        assert!(refused(r#"{"t":"sub"}"#).contains("unknown variant"));
        assert!(refused(r#"{"t":"pong","n":3,"m":1}"#).contains("unknown field"));
        assert!(refused(r#"{"t":"pong"}"#).contains("missing field"));
        assert!(refused(r#"{"n":3}"#).contains("missing field `t`"));
        assert_eq!(refused(r#"["pong",3]"#), "a frame is a JSON object");
        let after =
            format!(r#"{{"t":"rs","restaurant":"{R}","scope":"floor","after":{{"epoch":1,"position":2,"x":3}}}}"#);
        assert!(refused(&after).contains("unknown field"));
        assert!(refused("{").contains("EOF"));
        let scope = format!(r#"{{"t":"ack","restaurant":"{R}","scope":"kitchen:GRILL","position":1}}"#);
        assert!(refused(&scope).contains("a scope is"));
    }

    #[test]
    fn a_hello_has_bounds() {
        let stream = |n: usize| format!(r#"{{"restaurant":"{R}","scope":"kitchen:s{n}"}}"#);
        let hello =
            |streams: &[String]| format!(r#"{{"t":"hello","v":1,"token":"","streams":[{}]}}"#, streams.join(","));
        let many: Vec<String> = (0..65).map(stream).collect();
        assert!(ClientFrame::parse(&hello(&many[..64])).is_ok());
        assert_eq!(refused(&hello(&many)), "streams must be 1 to 64");
        assert_eq!(refused(&hello(&[])), "streams must be 1 to 64");
        assert_eq!(refused(&hello(&[stream(1), stream(1)])), "a stream is asked for twice");
    }
}
