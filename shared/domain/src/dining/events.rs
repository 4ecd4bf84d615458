//! What happens to a table session.

#[cfg(feature = "schema")]
use crate::limits::{SESSION_DINERS_MAX, TABLE_LABEL_CHARS_MAX};
use crate::{
    claims::{ClaimChange, ClaimKind},
    event::events,
    ids::{DinerId, SessionId, TableId},
};
use serde::{Deserialize, Serialize};

events! {
    /// What happens to a table session.
    SessionEvent {
        /// Guests sit down.
        Opened(SessionOpened) = "table-session.opened",
        /// A guest joins with their own device.
        Joined(SessionJoined) = "table-session.joined",
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
            Self::Joined(_) => Vec::new(),
            Self::Closed(closed) => {
                vec![ClaimChange::Release(ClaimKind::OpenSession, closed.table_id.to_string())]
            }
        }
    }
}
