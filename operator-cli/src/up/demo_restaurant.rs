//! The demo restaurant: made over the public API, once.

use crate::{
    local::{self, DemoItem, DemoRestaurant, DemoTable, Endpoints, signing_key},
    token,
};
use anyhow::{Context, Result, bail};
use chrono::Duration;
use domain::ids::{ItemId, RestaurantId, TableId, TenantId};
use local_servers::{Progress, TerminalProgress};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};
use std::path::Path;
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

/// Makes the demo restaurant unless this installation has one.
pub(super) async fn create(local: &Path, endpoints: &Endpoints) -> Result<()> {
    if DemoRestaurant::exists(local) {
        return Ok(());
    }
    TerminalProgress.step("making the demo restaurant");
    // Remembered before the first request, so that a start that was cut off goes on with the same
    // restaurant: the keys below are the same each time.
    let tenant = local::read_or_make(&local.join("demo-tenant"), || Ok(Uuid::now_v7().to_string()))?;
    let tenant: TenantId = tenant.trim().parse().context("demo-tenant is damaged; remove it")?;
    let owner = token::staff(&signing_key(local)?, tenant, None, "owner", Duration::minutes(10))?;
    let api = Api { base: format!("{}/v1/restaurants", endpoints.command), owner, http: reqwest::Client::new() };
    let created: Created = api.post("", "demo-restaurant", restaurant()).await?;
    let mut items = Vec::new();
    for (number, (name, cents, tax, station)) in MENU.into_iter().enumerate() {
        let body = json!({"name": name, "price": {"amount": cents, "currency": "EUR"}, "tax_rate_bp": tax, "station": station});
        let added: Added =
            api.post(&format!("/{}/menu/items", created.id), &format!("demo-item-{number}"), body).await?;
        items.push(DemoItem { item_id: added.item_id, name: name.to_owned() });
    }
    let tables = created.tables.into_iter().map(|it| DemoTable { table_id: it.table_id, label: it.label }).collect();
    let stations = STATIONS.iter().map(|(key, _)| (*key).to_owned()).collect();
    let restaurant_id = RestaurantId::from(created.id);
    DemoRestaurant { tenant_id: tenant, restaurant_id, stations, tables, items }.write(local)?;
    TerminalProgress.done("the demo restaurant is open");
    Ok(())
}

fn restaurant() -> Value {
    let stations: Vec<_> = STATIONS.iter().map(|(key, name)| json!({"key": key, "name": name})).collect();
    let tables: Vec<_> = (1..=TABLES).map(|number| json!({"label": number.to_string(), "seats": 4})).collect();
    json!({
        "name": "Casa Aris", "currency": "EUR", "time_zone": "Europe/Madrid",
        "prices_include_tax": true, "stations": stations, "tables": tables,
    })
}

struct Api {
    base: String,
    owner: String,
    http: reqwest::Client,
}

impl Api {
    async fn post<T: DeserializeOwned>(&self, path: &str, key: &str, body: Value) -> Result<T> {
        let url = format!("{}{path}", self.base);
        let request = self.http.post(&url).bearer_auth(&self.owner).header("Idempotency-Key", key).json(&body);
        let answer = request.send().await.with_context(|| format!("{url} does not answer"))?;
        if !answer.status().is_success() {
            bail!("{url} answered {}: {}", answer.status(), answer.text().await?);
        }
        Ok(answer.json().await?)
    }
}
