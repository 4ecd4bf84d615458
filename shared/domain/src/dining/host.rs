//! Who may let others in: staff, and whoever sits at the table.

use super::Visit;
use crate::{ids::DinerId, refusal::Refusal};

/// Who speaks for the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Host {
    /// Somebody who works there.
    Staff,
    /// A guest, as long as they sit at the table.
    Diner(DinerId),
}

impl Host {
    /// Whether they speak for this table.
    ///
    /// # Errors
    /// `NotJoined`, `DinerLeft`.
    pub(super) fn check(self, visit: &Visit) -> Result<(), Refusal> {
        match self {
            Self::Staff => Ok(()),
            Self::Diner(diner) => visit.seated(diner),
        }
    }
}
