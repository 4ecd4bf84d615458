//! The state of a menu.

use super::{
    AddItem, ItemAdded, MenuEvent, MenuItem, RestoreItem, WithdrawItem, add_item::add_item, restore_item::restore_item,
    withdraw_item::withdraw_item,
};
use crate::{aggregate::aggregate, ids::ItemId, refusal::Refusal};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, sync::Arc};

/// A menu, folded from its events. It is made with its restaurant and has no event of its own, so
/// that the first item may be added to a menu that is still absent.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub enum Menu {
    /// Nothing was ever added to it.
    #[default]
    Absent,
    /// It has items, available or withdrawn.
    Listed {
        /// Every item that was ever added. Shared, so that a copy of a menu costs no copy of its texts.
        items: BTreeMap<ItemId, Arc<MenuItem>>,
    },
}

/// What can be asked of a menu.
#[derive(Debug, Clone, PartialEq)]
pub enum MenuCommand {
    /// Put a new item on it.
    AddItem(AddItem),
    /// Stop offering an item.
    WithdrawItem(WithdrawItem),
    /// Offer a withdrawn item again.
    RestoreItem(RestoreItem),
}

aggregate!(Menu, "menu", MenuCommand, MenuEvent);

impl Menu {
    /// Decides one command: the events that follow from it, or why not.
    ///
    /// # Errors
    /// The rule that says no.
    pub fn decide(&self, command: MenuCommand) -> Result<Vec<MenuEvent>, Refusal> {
        match command {
            MenuCommand::AddItem(command) => add_item(self, command),
            MenuCommand::WithdrawItem(command) => withdraw_item(self, &command),
            MenuCommand::RestoreItem(command) => restore_item(self, &command),
        }
    }

    pub(super) fn fold(&mut self, event: MenuEvent) {
        match event {
            MenuEvent::ItemAdded(added) => self.insert(added),
            MenuEvent::ItemWithdrawn(withdrawn) => self.set_available(withdrawn.item_id, false),
            MenuEvent::ItemRestored(restored) => self.set_available(restored.item_id, true),
        }
    }

    /// The item with this id, available or withdrawn.
    #[must_use]
    pub fn item(&self, id: ItemId) -> Option<&MenuItem> {
        match self {
            Self::Absent => None,
            Self::Listed { items } => items.get(&id).map(Arc::as_ref),
        }
    }

    /// How many items it has, withdrawn ones included.
    #[must_use]
    pub fn item_count(&self) -> usize {
        match self {
            Self::Absent => 0,
            Self::Listed { items } => items.len(),
        }
    }

    /// About how many bytes this takes in memory.
    #[must_use]
    pub fn size_estimate(&self) -> usize {
        let item = |it: &MenuItem| size_of::<(ItemId, MenuItem)>() + it.name.len() + it.station.as_str().len();
        match self {
            Self::Absent => size_of::<Self>(),
            Self::Listed { items } => size_of::<Self>() + items.values().map(|it| item(it)).sum::<usize>(),
        }
    }

    fn insert(&mut self, added: ItemAdded) {
        let id = added.item_id;
        let item = Arc::new(MenuItem {
            name: added.name,
            price: added.price,
            tax_rate_bp: added.tax_rate_bp,
            station: added.station,
            available: true,
        });
        match self {
            Self::Absent => *self = Self::Listed { items: BTreeMap::from([(id, item)]) },
            Self::Listed { items } => {
                items.insert(id, item);
            }
        }
    }

    fn set_available(&mut self, id: ItemId, available: bool) {
        let Self::Listed { items } = self else { return };
        if let Some(item) = items.get_mut(&id) {
            Arc::make_mut(item).available = available;
        }
    }
}
