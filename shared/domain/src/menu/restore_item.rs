//! Offering a withdrawn item again.

use super::{ItemRestored, Menu, MenuEvent};
use crate::{ids::ItemId, refusal::Refusal};

/// Offer a withdrawn item again.
#[derive(Debug, Clone, PartialEq)]
pub struct RestoreItem {
    /// The item.
    pub item_id: ItemId,
}

pub(super) fn restore_item(menu: &Menu, command: &RestoreItem) -> Result<Vec<MenuEvent>, Refusal> {
    let item = menu.item(command.item_id).ok_or(Refusal::NotFound)?;
    if item.available {
        return Err(Refusal::ItemAvailable);
    }
    Ok(vec![ItemRestored { item_id: command.item_id, station: item.station.clone() }.into()])
}

#[cfg(test)]
mod tests {
    use super::RestoreItem;
    use crate::{
        menu::{
            Menu, MenuCommand,
            examples::{added, restored, withdrawn},
        },
        refusal::Refusal,
        testing::{folded, given, id, survives_a_snapshot},
    };

    fn restore(n: u128) -> MenuCommand {
        MenuCommand::RestoreItem(RestoreItem { item_id: id(n) })
    }

    #[test]
    fn a_withdrawn_item_can_be_restored() {
        given::<Menu>([added(1), withdrawn(1)]).when(restore(1)).then([restored(1)]);
    }

    #[test]
    fn an_available_item_has_nothing_to_be_restored() {
        given::<Menu>([added(1)]).when(restore(1)).refused(Refusal::ItemAvailable);
    }

    #[test]
    fn only_the_named_item_changes() {
        given::<Menu>([added(1), added(2), withdrawn(2)]).when(restore(1)).refused(Refusal::ItemAvailable);
    }

    #[test]
    fn an_item_that_the_menu_does_not_have_is_not_found() {
        given::<Menu>([]).when(restore(1)).refused(Refusal::NotFound);
        given::<Menu>([added(1)]).when(restore(2)).refused(Refusal::NotFound);
    }

    #[test]
    fn a_menu_survives_a_snapshot_and_grows_with_its_items() {
        let menu: Menu = folded([added(1), added(2), withdrawn(2)]);
        survives_a_snapshot(&menu);
        assert!(menu.size_estimate() > Menu::default().size_estimate() + 2 * "Dish 1".len());
    }
}
