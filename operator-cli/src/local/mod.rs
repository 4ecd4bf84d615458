//! What a local installation keeps in its folder.
//!
//! ```text
//! .local/  mysql/  nats/           data of the two servers
//!          keys/signing*.pem       sign tokens; only the identity-service and `aris token` and `aris demo` read them
//!          master-key              everything that is keyed or sealed follows from it
//!          mails/                  what would be sent if a mail server were configured
//!          keys/jwks.json          checks tokens; what the services read
//!          password                of the database's root; the passwords of the other users follow from it
//!          endpoints.json          where things listen, while they run
//!          demo.json               ids of the demo restaurant
//!          demo-logins.json        the password of the people who work there
//!          demo-sessions           what `aris demo` has opened and not closed yet
//! ```

mod demo_logins;
mod demo_restaurant;
mod endpoints;
mod keys;
mod secret;
mod servers;

pub(crate) use demo_logins::DemoLogins;
pub(crate) use demo_restaurant::{DemoItem, DemoRestaurant, DemoTable};
pub(crate) use endpoints::Endpoints;
pub(crate) use keys::{existing_signing_key, jwks_file, keys_dir, master_key_file, signing_key};
pub(crate) use secret::{read_or_make, write_secret};
pub(crate) use servers::{LocalServers, access_of};

use anyhow::{Context, Result};
use std::path::Path;

/// Writes a file as a whole: who reads it never sees half of it, and two who write do not meet.
fn write_whole(path: &Path, text: &str) -> Result<()> {
    let draft = path.with_extension(format!("draft-{}", std::process::id()));
    std::fs::write(&draft, text).with_context(|| format!("{} cannot be written", draft.display()))?;
    std::fs::rename(&draft, path).with_context(|| format!("{} cannot be written", path.display()))
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
        format!(
            "{} is not there: start the installation with `make up` (or `aris up`) first, or name its folder with --local",
            path.display()
        )
    })
}
