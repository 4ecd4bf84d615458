//! `aris migrate`

use crate::{
    addresses::{ADDRESSES, addresses_of},
    cli::{Migrate, ServiceName},
    local::write_secret,
};
use anyhow::{Context, Result, bail};
use event_store::pool::primary_url;
use migrations::{
    Access, DatabaseSecret, Schemas, access, end_old_passwords, give_passwords, provision, users_with_other_passwords,
};
use std::{fs::DirBuilder, os::unix::fs::DirBuilderExt, path::Path, time::Duration};

/// How long the servers of a group may take to say which of them is the primary.
const FOUND_WITHIN: Duration = Duration::from_secs(10);

pub(crate) async fn run(options: Migrate) -> Result<()> {
    let schemas = Schemas {
        secret: secret(&options)?,
        events: options.events_schema,
        views: options.views_schema,
        identity: options.identity_schema,
        user_prefix: options.user_prefix,
    };
    let admin = &primary_url(&options.admin_url, FOUND_WITHIN).await.context("ARIS_ADMIN_URL")?;
    provision(admin, &schemas).await.context("the schemas could not be brought up to date")?;
    // The services are told all servers of a group.
    let access = access(&options.admin_url, &schemas);
    let Schemas { events, views, identity, .. } = &schemas;
    println!("schemas `{events}`, `{views}` and `{identity}` are up to date");
    // Before it is tried who can log in: an old secret would do until now.
    if options.end_old_passwords {
        end_old_passwords(admin, &schemas).await.context("the old passwords could not be ended")?;
        println!("passwords from before are good no more");
    }
    passwords(admin, &schemas, options.rotate, options.addresses.is_some()).await?;
    tell_users(&schemas);
    match &options.addresses {
        Some(folder) => write_addresses(folder, &access),
        None => {
            println!("their addresses, with passwords: --addresses FOLDER writes a file for each service");
            Ok(())
        }
    }
}

fn secret(options: &Migrate) -> Result<DatabaseSecret> {
    let text = match (&options.secret_file, &options.secret) {
        (Some(file), _) => {
            std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?
        }
        (None, Some(text)) => text.clone(),
        (None, None) => bail!(
            "the secret that the passwords of the database's users follow from is missing: ARIS_DATABASE_SECRET_FILE \
             names its file; `openssl rand -base64 32` makes one"
        ),
    };
    Ok(DatabaseSecret::new(&text)?)
}

/// Users that were there before may have other passwords: they are changed only where that is asked for.
async fn passwords(admin: &str, schemas: &Schemas, rotate: bool, are_written: bool) -> Result<()> {
    let others = users_with_other_passwords(admin, schemas).await.context("it could not be tried to log in")?;
    if others.is_empty() {
        return Ok(());
    }
    let names = others.join(", ");
    if rotate {
        give_passwords(admin, schemas, &others).await.context("the passwords could not be changed")?;
        println!("new passwords for {names}; the ones before stay good until --end-old-passwords");
        return Ok(());
    }
    let problem = format!("{names}: the password does not follow from this secret; --rotate gives a new one");
    if are_written {
        bail!("{problem}. No addresses were written: nobody could log in with them");
    }
    eprintln!("{problem}");
    Ok(())
}

fn tell_users(schemas: &Schemas) {
    println!("users of the database, each with a password of its own:");
    for address in &ADDRESSES {
        let services: Vec<_> = address.services.iter().map(|service| service.as_str()).collect();
        println!("  {:<20} {:<20} {}", schemas.user(address.user), address.variable, services.join(", "));
    }
}

/// A file of variables for each service, and one with all of them for who runs the installation.
fn write_addresses(folder: &Path, access: &Access) -> Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .with_context(|| format!("{} cannot be made", folder.display()))?;
    let files = ServiceName::EACH.map(|service| (service.as_str(), service));
    for (name, service) in files.into_iter().chain([("operator", ServiceName::All)]) {
        let lines = addresses_of(service, access).into_iter().map(|(variable, url)| format!("{variable}={url}\n"));
        write_secret(&folder.join(format!("{name}.env")), &lines.collect::<String>())?;
    }
    println!("addresses are in {}: a file for each service, and operator.env for `aris`", folder.display());
    Ok(())
}
