//! What happens to a table session.

#[cfg(feature = "schema")]
use crate::limits::{SESSION_DINERS_MAX, TABLE_LABEL_CHARS_MAX};
use crate::{
    claims::{ClaimChange, ClaimKind},
    event::events,
    ids::{DinerId, SessionId, TableId},
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

events! {
    /// What happens to a table session.
    SessionEvent {
        /// Guests sit down.
        Opened(SessionOpened) = "table-session.opened",
        /// A guest joins with their own device.
        Joined(SessionJoined) = "table-session.joined",
        /// Somebody who scanned the code of the table asks to join.
        JoinRequested(JoinRequested) = "table-session.join-requested",
        /// They may not.
        JoinDeclined(JoinDeclined) = "table-session.join-declined",
        /// A guest has left the others.
        Left(DinerLeft) = "table-session.left",
        /// The table shows other digits now.
        CodeRotated(CodeRotated) = "table-session.code-rotated",
        /// The guests have left.
        Closed(SessionClosed) = "table-session.closed",
    }
}

/// `table-session.opened`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SessionOpened {
    /// The new session.
    pub session_id: SessionId,
    /// The table where they sit.
    pub table_id: TableId,
    /// What stands on the table.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = TABLE_LABEL_CHARS_MAX)))]
    pub table_label: String,
}

/// `table-session.joined`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SessionJoined {
    /// The session.
    pub session_id: SessionId,
    /// Who joined.
    pub diner_id: DinerId,
    /// 1 for the first who joined, 2 for the next.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = SESSION_DINERS_MAX)))]
    pub number: u8,
}

/// `table-session.join-requested`. Who is let in has `table-session.joined` as its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct JoinRequested {
    /// The session.
    pub session_id: SessionId,
    /// Who they will be.
    pub diner_id: DinerId,
    /// What stands on the table whose code they scanned.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = TABLE_LABEL_CHARS_MAX)))]
    pub table_label: String,
    /// What their screen shows, so that people can tell whom they let in; not unique, and no secret.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = "^[0-9A-HJKMNP-TV-Z]{4}$")))]
    pub mark: String,
    /// Nobody is let in on this request after.
    #[serde(with = "crate::time")]
    #[cfg_attr(feature = "schema", schemars(with = "DateTime<Utc>"))]
    pub expires_at: DateTime<Utc>,
}

/// `table-session.join-declined`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct JoinDeclined {
    /// The session.
    pub session_id: SessionId,
    /// Who asked.
    pub diner_id: DinerId,
}

/// `table-session.left`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DinerLeft {
    /// The session.
    pub session_id: SessionId,
    /// Who left.
    pub diner_id: DinerId,
}

/// `table-session.code-rotated`. The digits follow from the session and this number, and from a key that
/// no event holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CodeRotated {
    /// The session.
    pub session_id: SessionId,
    /// How often the digits have changed, this time included.
    pub rotation: u32,
    /// Somebody guessed: digits let nobody in until people at the table ask for new ones.
    pub locked: bool,
}

/// `table-session.closed`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SessionClosed {
    /// The session.
    pub session_id: SessionId,
    /// The table that is free again.
    pub table_id: TableId,
}

impl SessionEvent {
    pub(crate) fn claims(&self) -> Vec<ClaimChange> {
        match self {
            Self::Opened(opened) => vec![ClaimChange::Take(ClaimKind::OpenSession, opened.table_id.to_string())],
            Self::Joined(_) | Self::JoinRequested(_) | Self::JoinDeclined(_) | Self::Left(_) | Self::CodeRotated(_) => {
                Vec::new()
            }
            Self::Closed(closed) => {
                vec![ClaimChange::Release(ClaimKind::OpenSession, closed.table_id.to_string())]
            }
        }
    }
}
