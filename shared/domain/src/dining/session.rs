//! The state of a table session.

use super::{CloseSession, JoinSession, OpenSession, SessionEvent, close::close, join::join, open::open};
use crate::{
    aggregate::aggregate,
    ids::{DinerId, SessionId, TableId},
    refusal::Refusal,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A table session, folded from its events.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub enum TableSession {
    /// Nobody opened it.
    #[default]
    Absent,
    /// Guests are at the table.
    Open(Arc<Visit>),
    /// They have left.
    Closed(Arc<Visit>),
}

/// Who sits where. Shared, because every order of the session looks at it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visit {
    /// The session.
    pub session_id: SessionId,
    /// The table.
    pub table_id: TableId,
    /// What stands on the table.
    pub table_label: String,
    /// Who joined, in that order: the first has number 1.
    pub diners: Vec<DinerId>,
}

/// Whether the guests are still there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SessionState {
    /// Guests are at the table.
    Open,
    /// They have left.
    Closed,
}

/// What a rule about orders needs to know of their session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionFacts {
    /// Whether the guests are still there.
    pub state: SessionState,
    /// Who sits where.
    pub visit: Arc<Visit>,
}

/// What can be asked of a table session.
#[derive(Debug, Clone, PartialEq)]
pub enum SessionCommand {
    /// Guests sit down.
    Open(OpenSession),
    /// A guest joins.
    Join(JoinSession),
    /// The guests leave.
    Close(CloseSession),
}

aggregate!(TableSession, "table-session", SessionCommand, SessionEvent);

impl SessionState {
    /// The name that clients see.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closed => "closed",
        }
    }
}

impl SessionFacts {
    /// Whether this diner has joined.
    #[must_use]
    pub fn has_joined(&self, diner: DinerId) -> bool {
        self.visit.diners.contains(&diner)
    }
}

impl TableSession {
    /// Decides one command: the events that follow from it, or why not.
    ///
    /// # Errors
    /// The rule that says no.
    pub fn decide(&self, command: SessionCommand) -> Result<Vec<SessionEvent>, Refusal> {
        match command {
            SessionCommand::Open(command) => open(self, command),
            SessionCommand::Join(command) => join(self, &command),
            SessionCommand::Close(command) => close(self, command),
        }
    }

    pub(super) fn fold(&mut self, event: SessionEvent) {
        match event {
            SessionEvent::Opened(opened) => {
                *self = Self::Open(Arc::new(Visit {
                    session_id: opened.session_id,
                    table_id: opened.table_id,
                    table_label: opened.table_label,
                    diners: Vec::new(),
                }));
            }
            SessionEvent::Joined(joined) => {
                if let Self::Open(visit) = self {
                    Arc::make_mut(visit).diners.push(joined.diner_id);
                }
            }
            SessionEvent::Closed(_) => {
                if let Self::Open(visit) = self {
                    *self = Self::Closed(Arc::clone(visit));
                }
            }
        }
    }

    /// What orders need to know; nothing when nobody opened it.
    #[must_use]
    pub fn facts(&self) -> Option<SessionFacts> {
        let (state, visit) = match self {
            Self::Absent => return None,
            Self::Open(visit) => (SessionState::Open, visit),
            Self::Closed(visit) => (SessionState::Closed, visit),
        };
        Some(SessionFacts { state, visit: Arc::clone(visit) })
    }

    /// Who sits (or sat) where.
    #[must_use]
    pub fn visit(&self) -> Option<&Visit> {
        match self {
            Self::Absent => None,
            Self::Open(visit) | Self::Closed(visit) => Some(visit),
        }
    }

    /// Whether guests are at the table.
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(self, Self::Open(_))
    }

    /// The session.
    #[must_use]
    pub fn session_id(&self) -> Option<SessionId> {
        self.visit().map(|visit| visit.session_id)
    }

    /// The table.
    #[must_use]
    pub fn table_id(&self) -> Option<TableId> {
        self.visit().map(|visit| visit.table_id)
    }

    /// The number of a diner who joined: 1 for the first.
    #[must_use]
    pub fn diner_number(&self, diner: DinerId) -> Option<u8> {
        let index = self.visit()?.diners.iter().position(|joined| *joined == diner)?;
        u8::try_from(index + 1).ok()
    }

    /// About how many bytes this takes in memory.
    #[must_use]
    pub fn size_estimate(&self) -> usize {
        let visit = |it: &Visit| size_of::<Visit>() + it.table_label.len() + size_of_val(it.diners.as_slice());
        size_of::<Self>() + self.visit().map_or(0, visit)
    }
}
