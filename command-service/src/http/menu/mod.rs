//! The menu.

pub(super) mod add_item;
pub(super) mod restore_item;
pub(super) mod withdraw_item;
