//! Events of a menu that the tests play with: item `n` is called `Dish n`.

use super::{ItemAdded, ItemRestored, ItemWithdrawn, MenuEvent};
use crate::{
    money::TaxRate,
    testing::{euros, id, station},
};

pub(super) fn dish(n: u128) -> ItemAdded {
    ItemAdded {
        item_id: id(n),
        name: format!("Dish {n}"),
        price: euros(1_250),
        tax_rate_bp: TaxRate::try_from(1_000).unwrap(),
        station: station("grill"),
    }
}

pub(crate) fn added(n: u128) -> MenuEvent {
    dish(n).into()
}

pub(crate) fn withdrawn(n: u128) -> MenuEvent {
    ItemWithdrawn { item_id: id(n), station: station("grill") }.into()
}

pub(crate) fn restored(n: u128) -> MenuEvent {
    ItemRestored { item_id: id(n), station: station("grill") }.into()
}
