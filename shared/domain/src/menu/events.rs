//! What happens to a menu.

#[cfg(feature = "schema")]
use crate::limits::NAME_CHARS_MAX;
use crate::{
    claims::{ClaimChange, ClaimKind},
    event::events,
    ids::ItemId,
    limits::CLAIM_KEY_BYTES_MAX,
    money::{Money, TaxRate},
    station::StationKey,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

events! {
    /// What happens to a menu.
    MenuEvent {
        /// An item can be ordered from now on.
        ItemAdded(ItemAdded) = "menu-item.added",
        /// An item cannot be ordered for now.
        ItemWithdrawn(ItemWithdrawn) = "menu-item.withdrawn",
        /// A withdrawn item can be ordered again.
        ItemRestored(ItemRestored) = "menu-item.restored",
    }
}

/// `menu-item.added`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ItemAdded {
    /// The new item.
    pub item_id: ItemId,
    /// What it is called.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = NAME_CHARS_MAX)))]
    pub name: String,
    /// The price of one.
    pub price: Money,
    /// The tax on it, in basis points.
    pub tax_rate_bp: TaxRate,
    /// Where it is made.
    pub station: StationKey,
}

/// `menu-item.withdrawn`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ItemWithdrawn {
    /// The item.
    pub item_id: ItemId,
    /// Where it is made.
    pub station: StationKey,
}

/// `menu-item.restored`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ItemRestored {
    /// The item.
    pub item_id: ItemId,
    /// Where it is made.
    pub station: StationKey,
}

impl MenuEvent {
    pub(crate) fn claims(&self) -> Vec<ClaimChange> {
        match self {
            Self::ItemAdded(item) => vec![ClaimChange::Take(ClaimKind::ItemName, item_name_claim(&item.name))],
            Self::ItemWithdrawn(_) | Self::ItemRestored(_) => Vec::new(),
        }
    }
}

/// The key under which a name is claimed: names that differ only in case are one name.
///
/// A name of 80 characters can be longer than a claim's key in bytes; such a name is claimed by its
/// hash.
#[must_use]
pub fn item_name_claim(name: &str) -> String {
    let key = name.trim().to_lowercase();
    if key.len() <= CLAIM_KEY_BYTES_MAX { key } else { format!("sha256:{:x}", Sha256::digest(key)) }
}

#[cfg(test)]
mod tests {
    use super::item_name_claim;
    use crate::limits::{CLAIM_KEY_BYTES_MAX, NAME_CHARS_MAX};

    #[test]
    fn names_that_differ_only_in_case_are_one_name() {
        assert_eq!(item_name_claim("Crème BRÛLÉE "), item_name_claim("crème brûlée"));
        assert_ne!(item_name_claim("Soup"), item_name_claim("Soup 2"));
    }

    #[test]
    fn the_longest_name_in_bytes_fits_into_the_key_of_a_claim() {
        let long = |end: &str| "🍣".repeat(NAME_CHARS_MAX - 1) + end;
        assert!(item_name_claim(&long("A")).len() <= CLAIM_KEY_BYTES_MAX);
        assert_eq!(item_name_claim(&long("A")), item_name_claim(&long("a")));
        assert_ne!(item_name_claim(&long("A")), item_name_claim(&long("B")));
    }
}
