//! One line of an order.

use crate::{
    ids::{ItemId, LineId},
    station::StationKey,
};
use serde::{Deserialize, Serialize};

/// How far a line is. The order of the variants is the way of a line to the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LineState {
    /// Ordered; its station does not know of it.
    Placed,
    /// Its station has it.
    Fired,
    /// A cook works on it.
    Preparing,
    /// It can be carried out.
    Ready,
    /// It is on the table.
    Served,
    /// Called off.
    Voided,
}

/// One line of an order: what a station needs to make it, and how far it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Its id.
    pub line_id: LineId,
    /// The item of the menu.
    pub item_id: ItemId,
    /// The item's name when it was ordered.
    pub name: String,
    /// How many.
    pub quantity: u32,
    /// Where it is made.
    pub station: StationKey,
    /// A wish for this line.
    pub note: Option<String>,
    /// How far it is.
    pub state: LineState,
}

impl LineState {
    /// All states.
    pub const ALL: [Self; 6] = [Self::Placed, Self::Fired, Self::Preparing, Self::Ready, Self::Served, Self::Voided];

    /// The name that clients see and views store.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Placed => "placed",
            Self::Fired => "fired",
            Self::Preparing => "preparing",
            Self::Ready => "ready",
            Self::Served => "served",
            Self::Voided => "voided",
        }
    }

    /// The state with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}
