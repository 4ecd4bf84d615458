//! Groups of restaurants, such as a campus.

pub(super) mod add_restaurant;
pub(super) mod create_group;
pub(super) mod remove_restaurant;
pub(super) mod rename_group;
