//! One revocation, and how it is written in the bucket.

use chrono::{DateTime, Utc};
use domain::ids::{DinerId, SessionId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What is revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Revoked {
    /// Tokens of this member that are older than a version of their rights.
    Member(Uuid),
    /// One token, by its `jti`.
    Token(Uuid),
    /// All tokens of one log-in.
    Device(Uuid),
    /// All tokens of the guests of a table session.
    TableSession(SessionId),
    /// All tokens of one guest.
    Diner(DinerId),
    /// A key of a machine.
    ApiKey(Uuid),
}

/// What is said about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Of a member: tokens whose `pv` is below this are worthless. 0 where it does not matter.
    #[serde(default)]
    pub below: u64,
    /// No token that this hits lives beyond this time, in seconds since 1970.
    pub until: i64,
}

/// A text of the bucket that is no revocation, or one of a later build.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this is no revocation")]
pub struct UnreadableEntry;

impl Entry {
    /// An entry that matters until then.
    #[must_use]
    pub fn until(until: DateTime<Utc>) -> Self {
        Self { below: 0, until: until.timestamp() }
    }

    /// An entry about a member: tokens made from older rights than these are worthless.
    #[must_use]
    pub fn below(below: u64, until: DateTime<Utc>) -> Self {
        Self { below, until: until.timestamp() }
    }

    /// What both say together: nothing is ever given back.
    #[must_use]
    pub fn merge(self, other: Self) -> Self {
        Self { below: self.below.max(other.below), until: self.until.max(other.until) }
    }

    /// As the bucket keeps it.
    #[must_use]
    pub fn to_json(self) -> Vec<u8> {
        // Two numbers cannot fail to encode.
        serde_json::to_vec(&self).unwrap_or_default()
    }

    /// From the bucket.
    ///
    /// # Errors
    /// `UnreadableEntry`.
    pub fn from_json(bytes: &[u8]) -> Result<Self, UnreadableEntry> {
        serde_json::from_slice(bytes).map_err(|_| UnreadableEntry)
    }
}

impl std::fmt::Display for Revoked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Member(id) => write!(f, "member.{id}"),
            Self::Token(id) => write!(f, "token.{id}"),
            Self::Device(id) => write!(f, "device.{id}"),
            Self::TableSession(id) => write!(f, "table-session.{id}"),
            Self::Diner(id) => write!(f, "diner.{id}"),
            Self::ApiKey(id) => write!(f, "api-key.{id}"),
        }
    }
}

impl std::str::FromStr for Revoked {
    type Err = UnreadableEntry;

    fn from_str(text: &str) -> Result<Self, UnreadableEntry> {
        let (kind, id) = text.split_once('.').ok_or(UnreadableEntry)?;
        let id = Uuid::try_parse(id).map_err(|_| UnreadableEntry)?;
        match kind {
            "member" => Ok(Self::Member(id)),
            "token" => Ok(Self::Token(id)),
            "device" => Ok(Self::Device(id)),
            "table-session" => Ok(Self::TableSession(id.into())),
            "diner" => Ok(Self::Diner(id.into())),
            "api-key" => Ok(Self::ApiKey(id)),
            _ => Err(UnreadableEntry),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_read_as_it_is_written() {
        let id = Uuid::now_v7();
        let kinds = [
            Revoked::Member(id),
            Revoked::Token(id),
            Revoked::Device(id),
            Revoked::TableSession(id.into()),
            Revoked::ApiKey(id),
        ];
        for revoked in kinds {
            assert_eq!(revoked.to_string().parse(), Ok(revoked));
        }
        for text in ["", "member", "member.", "member.x", "pirate.0192d3a4-0000-7000-8000-000000000001"] {
            assert_eq!(text.parse::<Revoked>(), Err(UnreadableEntry), "{text}");
        }
    }

    #[test]
    fn an_entry_is_read_as_it_is_written_and_a_later_member_does_no_harm() {
        let entry = Entry { below: 17, until: 1_764_151_200 };
        assert_eq!(Entry::from_json(&entry.to_json()), Ok(entry));
        assert_eq!(Entry::from_json(br#"{"until":5,"why":"later"}"#), Ok(Entry { below: 0, until: 5 }));
        assert_eq!(Entry::from_json(b"nonsense"), Err(UnreadableEntry));
    }
}
