//! Taking an item off the menu for now: it is sold out, or the oven is broken.

use super::{ItemWithdrawn, Menu, MenuEvent};
use crate::{ids::ItemId, refusal::Refusal};

/// Stop offering an item.
#[derive(Debug, Clone, PartialEq)]
pub struct WithdrawItem {
    /// The item.
    pub item_id: ItemId,
}

pub(super) fn withdraw_item(menu: &Menu, command: &WithdrawItem) -> Result<Vec<MenuEvent>, Refusal> {
    let item = menu.item(command.item_id).ok_or(Refusal::NotFound)?;
    if !item.available {
        return Err(Refusal::ItemWithdrawn);
    }
    Ok(vec![ItemWithdrawn { item_id: command.item_id, station: item.station.clone() }.into()])
}

#[cfg(test)]
mod tests {
    use super::WithdrawItem;
    use crate::{
        menu::{
            Menu, MenuCommand,
            examples::{added, restored, withdrawn},
        },
        refusal::Refusal,
        testing::{given, id},
    };

    fn withdraw(n: u128) -> MenuCommand {
        MenuCommand::WithdrawItem(WithdrawItem { item_id: id(n) })
    }

    #[test]
    fn an_available_item_can_be_withdrawn() {
        given::<Menu>([added(1)]).when(withdraw(1)).then([withdrawn(1)]);
    }

    #[test]
    fn a_restored_item_can_be_withdrawn_again() {
        given::<Menu>([added(1), withdrawn(1), restored(1)]).when(withdraw(1)).then([withdrawn(1)]);
    }

    #[test]
    fn a_withdrawn_item_is_not_withdrawn_twice() {
        given::<Menu>([added(1), withdrawn(1)]).when(withdraw(1)).refused(Refusal::ItemWithdrawn);
    }

    #[test]
    fn an_item_that_the_menu_does_not_have_is_not_found() {
        given::<Menu>([]).when(withdraw(1)).refused(Refusal::NotFound);
        given::<Menu>([added(1)]).when(withdraw(2)).refused(Refusal::NotFound);
    }
}
