//! Somebody who works for a tenant.

use super::{Assignment, Sealed};
use serde::{Deserialize, Serialize};

/// Somebody who works for a tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Where they are on their way.
    pub state: MemberState,
    /// Their name, sealed.
    pub name: Sealed,
    /// Their e-mail address, sealed.
    pub email: Sealed,
    /// Their roles; they count only while the member is active.
    pub assignments: Vec<Assignment>,
    /// How many invitations they were sent.
    pub invitations: u32,
    /// Whether they ever accepted their invitation.
    pub has_joined: bool,
}

/// Where a member is on their way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MemberState {
    /// An invitation was sent.
    Invited,
    /// They work here.
    Active,
    /// They may do nothing, for now.
    Deactivated,
    /// Their personal data was erased, for good.
    Forgotten,
}

impl MemberState {
    /// The name that clients see.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Invited => "invited",
            Self::Active => "active",
            Self::Deactivated => "deactivated",
            Self::Forgotten => "forgotten",
        }
    }
}
