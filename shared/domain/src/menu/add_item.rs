//! Putting a new item on the menu.

use super::{ItemAdded, Menu, MenuEvent, Price};
use crate::{
    ids::{ItemId, MenuId},
    limits::MENU_ITEMS_MAX,
    money::{Currency, Money, TaxRate},
    refusal::Refusal,
    station::StationKey,
    text::Name,
};

/// Put a new item on the menu.
#[derive(Debug, Clone, PartialEq)]
pub struct AddItem {
    /// The menu; it names the stream when this was done long ago.
    pub menu_id: MenuId,
    /// The id of the new item.
    pub item_id: ItemId,
    /// What it is called.
    pub name: Name,
    /// The price of one.
    pub price: Price,
    /// The tax on it.
    pub tax_rate_bp: TaxRate,
    /// Where it is made.
    pub station: StationKey,
    /// Fact: whether the restaurant has that station.
    pub station_exists: bool,
    /// Fact: the currency of the restaurant.
    pub currency: Currency,
    /// Fact: whether another item has claimed the name.
    pub name_taken: bool,
}

pub(super) fn add_item(menu: &Menu, command: AddItem) -> Result<Vec<MenuEvent>, Refusal> {
    let price = Money::from(command.price);
    if menu.item(command.item_id).is_some() {
        return Err(Refusal::AlreadyDone(command.menu_id.into()));
    }
    if !command.station_exists {
        return Err(Refusal::UnknownStation(command.station.into()));
    }
    if price.currency != command.currency {
        return Err(Refusal::CurrencyMismatch { expected: command.currency.to_string() });
    }
    if command.name_taken {
        return Err(Refusal::ItemNameTaken);
    }
    if menu.item_count() >= MENU_ITEMS_MAX {
        return Err(Refusal::MenuFull);
    }
    let added = ItemAdded {
        item_id: command.item_id,
        name: command.name.into(),
        price,
        tax_rate_bp: command.tax_rate_bp,
        station: command.station,
    };
    Ok(vec![added.into()])
}

#[cfg(test)]
mod tests {
    use super::AddItem;
    use crate::{
        limits::MENU_ITEMS_MAX,
        menu::{
            Menu, MenuCommand, Price,
            examples::{added, dish, withdrawn},
        },
        money::MoneyError,
        refusal::Refusal,
        testing::{eur, folded, given, id},
        text::Name,
    };

    fn add(n: u128) -> AddItem {
        let dish = dish(n);
        AddItem {
            menu_id: id(100),
            item_id: dish.item_id,
            name: Name::parse(&dish.name).unwrap(),
            price: Price::try_from(dish.price).unwrap(),
            tax_rate_bp: dish.tax_rate_bp,
            station: dish.station,
            station_exists: true,
            currency: eur(),
            name_taken: false,
        }
    }

    #[test]
    fn the_first_item_is_added_to_a_menu_without_events() {
        given::<Menu>([]).when(MenuCommand::AddItem(add(1))).then([added(1)]);
    }

    #[test]
    fn an_item_is_made_at_a_station_that_exists() {
        let command = AddItem { station_exists: false, ..add(1) };
        given::<Menu>([]).when(MenuCommand::AddItem(command)).refused(Refusal::UnknownStation("grill".into()));
    }

    #[test]
    fn a_price_is_in_the_currency_of_the_restaurant() {
        let command = AddItem { currency: "USD".parse().unwrap(), ..add(1) };
        let refusal = Refusal::CurrencyMismatch { expected: "USD".into() };
        given::<Menu>([]).when(MenuCommand::AddItem(command)).refused(refusal);
    }

    #[test]
    fn a_name_stands_on_the_menu_once() {
        let command = AddItem { name_taken: true, ..add(2) };
        given::<Menu>([added(1)]).when(MenuCommand::AddItem(command)).refused(Refusal::ItemNameTaken);
    }

    #[test]
    fn a_full_menu_takes_no_more_items_even_if_some_are_withdrawn() {
        let full = (1..=MENU_ITEMS_MAX as u128).map(added).chain([withdrawn(1)]);
        given::<Menu>(full).when(MenuCommand::AddItem(add(9_999))).refused(Refusal::MenuFull);
    }

    #[test]
    fn the_last_free_place_of_a_menu_can_be_taken() {
        let nearly_full = (1..MENU_ITEMS_MAX as u128).map(added);
        given::<Menu>(nearly_full).when(MenuCommand::AddItem(add(9_999))).then([added(9_999)]);
    }

    #[test]
    fn an_item_that_was_added_long_ago_is_not_added_again() {
        // Its own name is taken, by itself: that must not hide the truth.
        let command = AddItem { name_taken: true, ..add(1) };
        let refusal = Refusal::AlreadyDone(command.menu_id.into());
        given::<Menu>([added(1)]).when(MenuCommand::AddItem(command)).refused(refusal);
    }

    #[test]
    fn a_price_is_not_negative_and_not_too_large() {
        assert_eq!(Price::new(-1, eur()), Err(MoneyError::Negative));
        assert_eq!(Price::new(i64::MAX, eur()), Err(MoneyError::TooLarge));
        assert!(Price::new(0, eur()).is_ok());
    }

    #[test]
    fn an_added_item_is_available() {
        let menu: Menu = folded([added(1)]);
        assert!(menu.item(id(1)).is_some_and(|item| item.available && item.name == "Dish 1"));
        assert_eq!(menu.item(id(2)), None);
        assert_eq!(menu.item_count(), 1);
    }
}
