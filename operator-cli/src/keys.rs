//! `aris keys`

use crate::cli::{Keys, KeysAction};
use anyhow::Result;
use chrono::{DateTime, SecondsFormat, Utc};
use identity_service::keys::{KeyFolder, KeyRing, SIGNS_AFTER, Use};

pub(crate) fn run(options: Keys) -> Result<()> {
    let folder = KeyFolder::new(options.keys_dir.unwrap_or_else(|| options.place.local.join("keys")));
    let now = Utc::now();
    match options.action {
        KeysAction::List => print(&folder.load(now)?, now),
        KeysAction::Rotate => {
            print(&folder.rotate(now)?, now);
            println!("\nThe new key signs in {} minutes; nobody is logged out.", SIGNS_AFTER.num_minutes());
        }
    }
    Ok(())
}

fn print(ring: &KeyRing, now: DateTime<Utc>) {
    for (key, use_) in ring.uses(now) {
        let made = match key.made_at.timestamp() {
            0 => "at the start        ".to_owned(),
            _ => key.made_at.to_rfc3339_opts(SecondsFormat::Secs, true),
        };
        println!("{}  made {made}  {}", key.key.kid(), in_words(use_));
    }
}

fn in_words(use_: Use) -> &'static str {
    match use_ {
        Use::Announced => "announced: services learn of it, then it signs",
        Use::Signs => "signs new tokens",
        Use::Verifies => "verifies older tokens until they have ended",
        Use::Gone => "gone: no token of it can live any more",
    }
}
