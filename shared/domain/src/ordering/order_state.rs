//! Where an order stands.

/// Where an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OrderState {
    /// Waits for the restaurant.
    Placed,
    /// Taken.
    Accepted,
    /// Every line is on the table.
    Completed,
    /// Not taken.
    Rejected,
    /// Called off.
    Cancelled,
}

impl OrderState {
    /// All states.
    pub const ALL: [Self; 5] = [Self::Placed, Self::Accepted, Self::Completed, Self::Rejected, Self::Cancelled];

    /// The name that views store.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Placed => "placed",
            Self::Accepted => "accepted",
            Self::Completed => "completed",
            Self::Rejected => "rejected",
            Self::Cancelled => "cancelled",
        }
    }

    /// The state with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}
