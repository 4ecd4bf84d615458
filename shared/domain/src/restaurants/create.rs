//! Creating a restaurant.

use super::{Restaurant, RestaurantCreated, RestaurantEvent, Stations, Tables, TimeZoneName};
use crate::{ids::MenuId, money::Currency, refusal::Refusal, text::Name};

/// Create a restaurant with all its stations and tables.
#[derive(Debug, Clone, PartialEq)]
pub struct CreateRestaurant {
    /// The name on the door.
    pub name: Name,
    /// The currency of every price.
    pub currency: Currency,
    /// Where its clock stands.
    pub time_zone: TimeZoneName,
    /// Whether prices contain their tax.
    pub prices_include_tax: bool,
    /// The id of the menu that is made with it.
    pub menu_id: MenuId,
    /// Where food and drinks are made.
    pub stations: Stations,
    /// Where guests sit.
    pub tables: Tables,
}

pub(super) fn create(restaurant: &Restaurant, command: CreateRestaurant) -> Result<Vec<RestaurantEvent>, Refusal> {
    if restaurant.is_active() {
        return Err(Refusal::RestaurantExists);
    }
    let created = RestaurantCreated {
        name: command.name.into(),
        currency: command.currency,
        time_zone: command.time_zone.into(),
        prices_include_tax: command.prices_include_tax,
        menu_id: command.menu_id,
        stations: command.stations.into(),
        tables: command.tables.into(),
    };
    Ok(vec![created.into()])
}

#[cfg(test)]
mod tests {
    use super::CreateRestaurant;
    use crate::{
        refusal::Refusal,
        restaurants::{
            Restaurant, RestaurantCommand, RestaurantCreated, Station, Stations, Table, Tables, TimeZoneName,
        },
        testing::{eur, folded, given, id, station, survives_a_snapshot},
        text::Name,
    };

    fn stations() -> Vec<Station> {
        vec![Station { key: station("grill"), name: "Grill".into() }]
    }

    fn tables() -> Vec<Table> {
        vec![Table { table_id: id(7), label: "12".into(), seats: 4 }]
    }

    fn create() -> RestaurantCommand {
        RestaurantCommand::Create(CreateRestaurant {
            name: Name::parse("Casa Aris").unwrap(),
            currency: eur(),
            time_zone: TimeZoneName::parse("Europe/Madrid").unwrap(),
            prices_include_tax: true,
            menu_id: id(2),
            stations: Stations::parse(stations()).unwrap(),
            tables: Tables::parse(tables()).unwrap(),
        })
    }

    fn created() -> RestaurantCreated {
        RestaurantCreated {
            name: "Casa Aris".into(),
            currency: eur(),
            time_zone: "Europe/Madrid".into(),
            prices_include_tax: true,
            menu_id: id(2),
            stations: stations(),
            tables: tables(),
        }
    }

    #[test]
    fn a_new_restaurant_has_its_stations_and_tables() {
        given::<Restaurant>([]).when(create()).then([created().into()]);
    }

    #[test]
    fn a_restaurant_is_created_once() {
        given::<Restaurant>([created().into()]).when(create()).refused(Refusal::RestaurantExists);
    }

    #[test]
    fn a_restaurant_knows_its_stations_and_tables() {
        let restaurant: Restaurant = folded([created().into()]);
        assert!(restaurant.is_active());
        assert!(restaurant.has_station(&station("grill")));
        assert!(!restaurant.has_station(&station("bar")));
        assert_eq!(restaurant.table(id(7)).map(|table| table.label.as_str()), Some("12"));
        assert_eq!(restaurant.table(id(8)), None);
        assert_eq!(restaurant.active().map(|it| it.menu_id), Ok(id(2)));
    }

    #[test]
    fn a_restaurant_that_nobody_created_is_not_found() {
        assert_eq!(Restaurant::default().active(), Err(Refusal::NotFound));
        assert!(!Restaurant::default().is_active());
    }

    #[test]
    fn a_restaurant_survives_a_snapshot_and_grows_with_its_tables() {
        let restaurant: Restaurant = folded([created().into()]);
        survives_a_snapshot(&restaurant);
        let larger =
            folded::<Restaurant>([RestaurantCreated { tables: vec![tables().remove(0); 10], ..created() }.into()]);
        assert!(larger.size_estimate() > restaurant.size_estimate() + 9 * size_of::<Table>());
    }
}
