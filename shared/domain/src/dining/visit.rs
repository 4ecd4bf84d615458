//! Who sits where, who asks to join them, and which digits let somebody in.

use crate::{
    ids::{DinerId, SessionId, TableId},
    limits::{JOIN_REQUESTS_KEPT_MAX, SESSION_DINERS_MAX},
    refusal::Refusal,
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Who sits where. Shared, because every order of the session looks at it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visit {
    /// The session.
    pub session_id: SessionId,
    /// The table.
    pub table_id: TableId,
    /// What stands on the table.
    pub table_label: String,
    /// Who joined, in that order: the first has number 1. Who left keeps their number.
    pub diners: Vec<Diner>,
    /// Who asked to join and has not joined, as far as it is remembered: the oldest who do not wait are forgotten.
    pub requests: Vec<JoinRequest>,
    /// The codes that the table shows.
    pub code: VisitCode,
}

/// A guest who joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diner {
    /// Who.
    pub diner_id: DinerId,
    /// Whether they have left again.
    pub left: bool,
}

/// Somebody who asked to join.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct JoinRequest {
    /// Who they will be.
    pub diner_id: DinerId,
    /// Nobody is let in on this request after.
    pub expires_at: DateTime<Utc>,
    /// Somebody said no.
    pub declined: bool,
}

/// What is known of the codes of a session without the key that they are made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct VisitCode {
    /// How often they have changed.
    pub rotation: u32,
    /// Whether the four digits let nobody in; the long code does.
    pub locked: bool,
}

impl VisitCode {
    /// Which long code it is. Who guesses at the digits locks them, and does not change this: only people do.
    #[must_use]
    pub fn long(self) -> u32 {
        if self.locked { self.rotation.saturating_sub(1) } else { self.rotation }
    }
}

/// What a session knows of one guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Standing {
    /// Nothing.
    Unknown,
    /// They asked to join and wait for an answer.
    Waiting,
    /// Nobody answered them in time.
    Expired,
    /// They were told no.
    Declined,
    /// They sit at the table.
    Joined,
    /// They sat at the table.
    Left,
}

impl Visit {
    /// A table at which nobody has joined yet.
    #[must_use]
    pub fn new(session_id: SessionId, table_id: TableId, table_label: String) -> Self {
        let (diners, requests) = (Vec::new(), Vec::new());
        Self { session_id, table_id, table_label, diners, requests, code: VisitCode::default() }
    }

    /// What is known of this guest at this time.
    #[must_use]
    pub fn standing(&self, diner: DinerId, now: DateTime<Utc>) -> Standing {
        match self.diner(diner) {
            Some(Diner { left: false, .. }) => Standing::Joined,
            Some(Diner { left: true, .. }) => Standing::Left,
            None => self.request(diner).map_or(Standing::Unknown, |request| request.standing(now)),
        }
    }

    /// Whether this diner sits at the table.
    ///
    /// # Errors
    /// `NotJoined`, `DinerLeft`.
    pub fn seated(&self, diner: DinerId) -> Result<(), Refusal> {
        match self.diner(diner) {
            Some(Diner { left: false, .. }) => Ok(()),
            Some(Diner { left: true, .. }) => Err(Refusal::DinerLeft),
            None => Err(Refusal::NotJoined),
        }
    }

    /// A guest who joined, whether or not they have left.
    #[must_use]
    pub fn diner(&self, diner: DinerId) -> Option<&Diner> {
        self.diners.iter().find(|it| it.diner_id == diner)
    }

    /// Somebody who asked to join and has not joined.
    #[must_use]
    pub fn request(&self, diner: DinerId) -> Option<&JoinRequest> {
        self.requests.iter().find(|it| it.diner_id == diner)
    }

    /// How many wait for an answer.
    #[must_use]
    pub fn waiting(&self, now: DateTime<Utc>) -> usize {
        self.requests.iter().filter(|it| it.standing(now) == Standing::Waiting).count()
    }

    /// The number of the next who joins; nothing when the session is full.
    pub(super) fn next_number(&self) -> Option<u8> {
        if self.diners.len() >= SESSION_DINERS_MAX {
            return None;
        }
        u8::try_from(self.diners.len() + 1).ok()
    }

    pub(super) fn join(&mut self, diner_id: DinerId) {
        self.requests.retain(|it| it.diner_id != diner_id);
        self.diners.push(Diner { diner_id, left: false });
    }

    pub(super) fn ask(&mut self, request: JoinRequest, now: DateTime<Utc>) {
        if self.requests.len() >= JOIN_REQUESTS_KEPT_MAX {
            // Few wait, so there is one that does not.
            let oldest = self.requests.iter().position(|it| it.standing(now) != Standing::Waiting);
            oldest.map(|index| self.requests.remove(index));
        }
        self.requests.push(request);
    }

    pub(super) fn decline(&mut self, diner: DinerId) {
        self.requests.iter_mut().filter(|it| it.diner_id == diner).for_each(|it| it.declined = true);
    }

    pub(super) fn leave(&mut self, diner: DinerId) {
        self.diners.iter_mut().filter(|it| it.diner_id == diner).for_each(|it| it.left = true);
    }

    /// About how many bytes this takes in memory.
    pub(super) fn size_estimate(&self) -> usize {
        size_of::<Self>()
            + self.table_label.len()
            + size_of_val(self.diners.as_slice())
            + size_of_val(self.requests.as_slice())
    }
}

impl JoinRequest {
    fn standing(&self, now: DateTime<Utc>) -> Standing {
        match self {
            Self { declined: true, .. } => Standing::Declined,
            Self { expires_at, .. } if *expires_at <= now => Standing::Expired,
            Self { .. } => Standing::Waiting,
        }
    }
}

impl Standing {
    /// The name that clients see.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Waiting => "waiting",
            Self::Expired => "expired",
            Self::Declined => "declined",
            Self::Joined => "joined",
            Self::Left => "left",
        }
    }
}
