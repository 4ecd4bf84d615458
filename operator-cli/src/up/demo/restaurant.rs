//! The demo restaurant: its tables, stations and menu.

use super::{api::Api, business::Owner};
use crate::local::{DemoItem, DemoRestaurant, DemoTable};
use anyhow::Result;
use domain::ids::{ItemId, RestaurantId, TableId};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

/// Tables of the demo restaurant.
const TABLES: u16 = 20;

/// What is on the menu: name, cents, tax in basis points, station.
const MENU: [(&str, i64, u16, &str); 12] = [
    ("Chuletón de vaca", 2_850, 1_000, "grill"),
    ("Pollo al carbón", 1_450, 1_000, "grill"),
    ("Pulpo a la brasa", 2_200, 1_000, "grill"),
    ("Hamburguesa de la casa", 1_350, 1_000, "grill"),
    ("Gazpacho", 750, 1_000, "cold"),
    ("Ensalada de tomate", 850, 1_000, "cold"),
    ("Jamón ibérico", 1_900, 1_000, "cold"),
    ("Tarta de queso", 650, 1_000, "cold"),
    ("Caña", 280, 1_000, "bar"),
    ("Agua mineral", 220, 1_000, "bar"),
    ("Tinto de verano", 350, 1_000, "bar"),
    ("Café solo", 160, 1_000, "bar"),
];

const STATIONS: [(&str, &str); 3] = [("grill", "Parrilla"), ("cold", "Cuarto frío"), ("bar", "Barra")];

#[derive(Deserialize)]
struct Created {
    id: Uuid,
    tables: Vec<CreatedTable>,
}

#[derive(Deserialize)]
struct CreatedTable {
    table_id: TableId,
    label: String,
}

#[derive(Deserialize)]
struct Added {
    item_id: ItemId,
}

/// Makes it, or finds it again.
pub(super) async fn create(api: &Api, owner: &Owner) -> Result<DemoRestaurant> {
    let token = Some(&*owner.access_token);
    let created: Created = api.command(token, "/v1/restaurants", "demo-restaurant", restaurant()).await?;
    let mut items = Vec::new();
    for (number, (name, cents, tax, station)) in MENU.into_iter().enumerate() {
        let body = json!({"name": name, "price": {"amount": cents, "currency": "EUR"}, "tax_rate_bp": tax, "station": station});
        let (path, key) = (format!("/v1/restaurants/{}/menu/items", created.id), format!("demo-item-{number}"));
        let added: Added = api.command(token, &path, &key, body).await?;
        items.push(DemoItem { item_id: added.item_id, name: name.to_owned() });
    }
    let tables = created.tables.into_iter().map(|it| DemoTable { table_id: it.table_id, label: it.label }).collect();
    let stations = STATIONS.iter().map(|(key, _)| (*key).to_owned()).collect();
    let restaurant_id = RestaurantId::from(created.id);
    Ok(DemoRestaurant { tenant_id: owner.tenant_id, restaurant_id, stations, tables, items })
}

fn restaurant() -> Value {
    let stations: Vec<_> = STATIONS.iter().map(|(key, name)| json!({"key": key, "name": name})).collect();
    let tables: Vec<_> = (1..=TABLES).map(|number| json!({"label": number.to_string(), "seats": 4})).collect();
    json!({
        "name": "Casa Aris", "currency": "EUR", "time_zone": "Europe/Madrid",
        "prices_include_tax": true, "stations": stations, "tables": tables,
    })
}
