//! The menu of a restaurant.

mod add_item;
mod events;
#[cfg(test)]
pub(crate) mod examples;
mod item;
mod restore_item;
mod state;
mod withdraw_item;

pub use add_item::AddItem;
pub use events::{ItemAdded, ItemRestored, ItemWithdrawn, MenuEvent, item_name_claim};
pub use item::{MenuItem, Price};
pub use restore_item::RestoreItem;
pub use state::{Menu, MenuCommand};
pub use withdraw_item::WithdrawItem;
