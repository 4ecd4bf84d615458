//! A group of restaurants.

use crate::ids::RestaurantId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A group of restaurants, such as a campus or a region: roles may count in all of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// What it is called.
    pub name: String,
    /// The restaurants that belong to it.
    pub restaurants: BTreeSet<RestaurantId>,
}
