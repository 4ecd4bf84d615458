//! The state of a table session.

use super::{
    AnswerJoin, CloseSession, DeclineAll, JoinRequest, JoinSession, JoinWithCode, LeaveSession, LockCode, OpenSession,
    RequestJoin, RotateCode, SessionEvent, Visit, VisitCode, approve_join::approve_join, close::close,
    decline_all::decline_all, decline_join::decline_join, join::join, join_with_code::join_with_code, leave::leave,
    lock_code::lock_code, open::open, request_join::request_join, rotate_code::rotate_code,
};
use crate::{
    aggregate::aggregate,
    ids::{DinerId, SessionId, TableId},
    limits::JOIN_REQUEST_MINUTES,
    refusal::Refusal,
};
use chrono::TimeDelta;
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
    /// A guest joins with a token that was signed for the session.
    Join(JoinSession),
    /// Somebody who scanned the table's code asks to join.
    RequestJoin(RequestJoin),
    /// They are let in.
    ApproveJoin(AnswerJoin),
    /// They are not.
    DeclineJoin(AnswerJoin),
    /// None of those who wait is.
    DeclineAll(DeclineAll),
    /// They know what the table shows.
    JoinWithCode(JoinWithCode),
    /// Somebody asks for new digits.
    RotateCode(RotateCode),
    /// Somebody guessed: digits let nobody in any more.
    LockCode(LockCode),
    /// A guest leaves the others.
    Leave(LeaveSession),
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
    /// Whether this diner sits at the table: joined, and has not left.
    ///
    /// # Errors
    /// `NotJoined`, `DinerLeft`.
    pub fn seated(&self, diner: DinerId) -> Result<(), Refusal> {
        self.visit.seated(diner)
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
            SessionCommand::RequestJoin(command) => request_join(self, &command),
            SessionCommand::ApproveJoin(command) => approve_join(self, &command),
            SessionCommand::DeclineJoin(command) => decline_join(self, &command),
            SessionCommand::DeclineAll(command) => decline_all(self, &command),
            SessionCommand::JoinWithCode(command) => join_with_code(self, &command),
            SessionCommand::RotateCode(command) => rotate_code(self, &command),
            SessionCommand::LockCode(command) => lock_code(self, &command),
            SessionCommand::Leave(command) => leave(self, &command),
            SessionCommand::Close(command) => close(self, command),
        }
    }

    pub(super) fn fold(&mut self, event: SessionEvent) {
        match (&mut *self, event) {
            (_, SessionEvent::Opened(it)) => {
                *self = Self::Open(Arc::new(Visit::new(it.session_id, it.table_id, it.table_label)));
            }
            (Self::Open(visit), SessionEvent::Closed(_)) => *self = Self::Closed(Arc::clone(visit)),
            (Self::Open(visit), event) => fold_into(Arc::make_mut(visit), event),
            (Self::Absent | Self::Closed(_), _) => {}
        }
    }

    /// The visit of a session that is going on.
    ///
    /// # Errors
    /// `NotFound`, `SessionClosed`.
    pub(super) fn open_visit(&self) -> Result<&Visit, Refusal> {
        match self {
            Self::Absent => Err(Refusal::NotFound),
            Self::Open(visit) => Ok(visit),
            Self::Closed(_) => Err(Refusal::SessionClosed),
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
        let index = self.visit()?.diners.iter().position(|joined| joined.diner_id == diner)?;
        u8::try_from(index + 1).ok()
    }

    /// About how many bytes this takes in memory.
    #[must_use]
    pub fn size_estimate(&self) -> usize {
        size_of::<Self>() + self.visit().map_or(0, Visit::size_estimate)
    }
}

fn fold_into(visit: &mut Visit, event: SessionEvent) {
    match event {
        SessionEvent::Opened(_) | SessionEvent::Closed(_) => {}
        SessionEvent::Joined(it) => visit.join(it.diner_id),
        SessionEvent::JoinRequested(it) => {
            let request = JoinRequest { diner_id: it.diner_id, expires_at: it.expires_at, declined: false };
            visit.ask(request, it.expires_at - TimeDelta::minutes(JOIN_REQUEST_MINUTES));
        }
        SessionEvent::JoinDeclined(it) => visit.decline(it.diner_id),
        SessionEvent::Left(it) => visit.leave(it.diner_id),
        SessionEvent::CodeRotated(it) => visit.code = VisitCode { rotation: it.rotation, locked: it.locked },
    }
}
