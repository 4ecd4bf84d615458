//! A restaurant with its menu, opened as everything else is done: by commands that the judge remembers.

use super::{
    cast::Cast,
    ledger::Ledger,
    messenger::{Command, Messenger},
};
use crate::restaurant::Caller;
use chrono::Duration;
use domain::ids::{RestaurantId, TenantId};
use rand::{SeedableRng, rngs::StdRng};
use serde_json::{Value, json};
use std::sync::Arc;

/// Tables, each with a party of its own.
pub(super) const TABLES: usize = 3;
/// Longer than any run.
pub(super) const TOKEN_FOR: Duration = Duration::hours(12);

/// A dish and where it is made.
#[derive(Debug, Clone)]
pub(super) struct Dish {
    pub(super) item: String,
    pub(super) station: &'static str,
}

pub(super) struct House {
    pub(super) number: usize,
    pub(super) id: RestaurantId,
    pub(super) tables: Vec<String>,
    /// Always on the menu.
    pub(super) dishes: Vec<Dish>,
    /// Sometimes withdrawn.
    pub(super) special: Dish,
    pub(super) staff: Caller,
    /// Staff of another tenant, with all rights there.
    pub(super) stranger: Caller,
}

impl House {
    pub(super) async fn open(cast: &Cast, ledger: &Arc<Ledger>, number: usize) -> Self {
        let house = &cast.installation;
        let staff = Caller::new(house.staff_of(house.tenant, "owner", TOKEN_FOR));
        let other = TenantId::from(uuid::Uuid::now_v7());
        let stranger = Caller::new(house.staff_of(other, "owner", TOKEN_FOR));
        let random = StdRng::seed_from_u64(number as u64);
        let mut messenger = Messenger { commands: cast.commands(), ledger: Arc::clone(ledger), random };
        let mut say = async |path: String, key: &str, body: Value, event: &str| {
            let command = Command {
                caller: staff.clone(),
                restaurant: number,
                path,
                key: format!("{number}-{key}"),
                body,
                statuses: &[201],
                events: vec![event.to_owned()],
                other: None,
            };
            messenger.say(&command, |_, _| {}).await.unwrap().body
        };
        let created = say(String::new(), "create", creation(number), "restaurant.created").await;
        let id = created["id"].as_str().unwrap().to_owned();
        let mut dishes = Vec::new();
        for (name, station) in [("Burger", "grill"), ("Steak", "grill"), ("Beer", "bar"), ("Special", "bar")] {
            let price = json!({"amount": 1000, "currency": "EUR"});
            let item = json!({"name": name, "price": price, "tax_rate_bp": 1000, "station": station});
            let added = say(format!("/{id}/menu/items"), name, item, "menu-item.added").await;
            dishes.push(Dish { item: added["item_id"].as_str().unwrap().to_owned(), station });
        }
        let tables = created["tables"].as_array().unwrap().iter();
        let tables = tables.map(|table| table["table_id"].as_str().unwrap().to_owned()).collect();
        let special = dishes.pop().unwrap();
        Self { number, id: id.parse().unwrap(), tables, dishes, special, staff, stranger }
    }

    pub(super) fn path(&self, rest: &str) -> String {
        format!("/{}{rest}", self.id)
    }
}

fn creation(number: usize) -> Value {
    let tables: Vec<_> = (1..=TABLES).map(|label| json!({"label": label.to_string(), "seats": 4})).collect();
    json!({"name": format!("Casa {number}"), "currency": "EUR", "time_zone": "Europe/Madrid",
        "stations": [{"key": "grill", "name": "Grill"}, {"key": "bar", "name": "Bar"}], "tables": tables})
}
