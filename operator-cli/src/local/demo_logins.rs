//! Who can log in to the demo restaurant.

use super::read_or_make;
use anyhow::{Context, Result};
use identity::roles::TEMPLATES;
use serde::{Deserialize, Serialize};
use std::path::Path;
use uuid::Uuid;

/// One person for each role, all with the same password: of this installation, and of nobody else.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct DemoLogins {
    pub(crate) password: String,
}

const FILE: &str = "demo-logins.json";

impl DemoLogins {
    /// Draws a password on the first call.
    pub(crate) fn make(local: &Path) -> Result<Self> {
        let make = || {
            let drawn = Uuid::new_v4().simple().to_string();
            let password = format!("demo-{}-{}", &drawn[..4], &drawn[4..8]);
            Ok(serde_json::to_string_pretty(&Self { password })?)
        };
        serde_json::from_str(&read_or_make(&local.join(FILE), make)?)
            .with_context(|| format!("{FILE} is damaged; remove it"))
    }

    /// Those of an installation that has some.
    pub(crate) fn read(local: &Path) -> Option<Self> {
        serde_json::from_str(&std::fs::read_to_string(local.join(FILE)).ok()?).ok()
    }

    /// The address of who has this role.
    pub(crate) fn email(&self, role: &str) -> String {
        format!("{role}@aris.example")
    }

    /// Every role and its address.
    pub(crate) fn people(&self) -> impl Iterator<Item = (&'static str, String)> {
        TEMPLATES.iter().map(|(role, _)| (*role, self.email(role)))
    }
}
