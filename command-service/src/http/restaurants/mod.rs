//! Creating restaurants.

pub(super) mod create_restaurant;
