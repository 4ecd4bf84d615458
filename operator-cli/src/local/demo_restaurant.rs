//! The ids of the demo restaurant.

use super::{read, write_whole};
use anyhow::{Context, Result};
use domain::ids::{ItemId, RestaurantId, TableId, TenantId};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The demo restaurant of a local installation.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct DemoRestaurant {
    pub(crate) tenant_id: TenantId,
    pub(crate) restaurant_id: RestaurantId,
    pub(crate) stations: Vec<String>,
    pub(crate) tables: Vec<DemoTable>,
    pub(crate) items: Vec<DemoItem>,
}

/// A table of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct DemoTable {
    pub(crate) table_id: TableId,
    pub(crate) label: String,
}

/// A dish or drink of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct DemoItem {
    pub(crate) item_id: ItemId,
    pub(crate) name: String,
}

const FILE: &str = "demo.json";

impl DemoRestaurant {
    pub(crate) fn write(&self, local: &Path) -> Result<()> {
        write_whole(&local.join(FILE), &serde_json::to_string_pretty(self)?)
    }

    pub(crate) fn read(local: &Path) -> Result<Self> {
        serde_json::from_str(&read(&local.join(FILE))?).context("demo.json is damaged; remove it")
    }

    pub(crate) fn exists(local: &Path) -> bool {
        local.join(FILE).exists()
    }
}
