//! `aris up`: everything on this machine, and one Ctrl-C to end it.

mod child;
mod demo;
mod greeting;

use crate::{
    addresses::addresses_of,
    cli::{ServiceName, Up},
    local::{Endpoints, LocalServers, jwks_file, keys_dir, master_key_file, signing_key},
    shell::until_told_to_end,
};
use anyhow::{Context, Result, bail};
use child::Child;
use std::{fs::DirBuilder, os::unix::fs::DirBuilderExt, path::Path};
use tokio::net::TcpListener;

/// Where the services of `--processes` listen, unless the port is given: 8081 to 8085.
const FIRST_OF_PROCESSES: u16 = 1;

pub(crate) async fn run(options: Up) -> Result<()> {
    let local = options.place.local.clone();
    let started = tokio::select! {
        started = start(&options) => started?,
        () = until_told_to_end() => bail!("stopped before everything was up; the next start goes on from here"),
    };
    let Running { servers, mut children, endpoints } = started;
    greeting::print(&local, &endpoints);
    let result = tokio::select! {
        () = until_told_to_end() => Ok(()),
        name = servers.first_to_end() => Err(anyhow::anyhow!(
            "the {name} server has ended; its log lies beside its data in {}. Start again: nothing acknowledged is lost",
            local.display()
        )),
        what = child::first_to_end(&mut children) => Err(anyhow::anyhow!(
            "{what}. Nothing that was acknowledged is lost; start again to go on"
        )),
    };
    eprintln!("\nstopping; data stays in {}", local.display());
    Endpoints::remove(&local);
    child::end_all(children).await;
    servers.stop().await?;
    result
}

struct Running {
    servers: LocalServers,
    children: Vec<Child>,
    endpoints: Endpoints,
}

async fn start(options: &Up) -> Result<Running> {
    let local = &options.place.local;
    check_ports(options).await?;
    let servers = LocalServers::start(local).await?;
    signing_key(local)?;
    // Whoever reads a mail here can choose somebody's password.
    DirBuilder::new().recursive(true).mode(0o700).create(local.join("mails"))?;
    let (mysql_port, nats_port) = (servers.mysql.port(), servers.nats.port());
    let (endpoints, services) = if options.processes {
        (
            Endpoints::apart(options.port.saturating_add(FIRST_OF_PROCESSES), mysql_port, nats_port),
            ServiceName::EACH.to_vec(),
        )
    } else {
        (Endpoints::together(options.port, mysql_port, nats_port), vec![ServiceName::All])
    };
    let environment = environment(local, &servers, &endpoints)?;
    let mut children = Vec::new();
    for service in services {
        let addresses = addresses_of(service, &servers.access);
        let told: Vec<_> = environment.iter().cloned().chain(addresses).collect();
        children.push(Child::start(service, endpoints.of(service), &told, options.log)?);
    }
    child::all_ready(&mut children).await?;
    endpoints.write(local)?;
    demo::create(local, &endpoints).await?;
    Ok(Running { servers, children, endpoints })
}

/// Fails when somebody else listens where the services would, before anything is started.
async fn check_ports(options: &Up) -> Result<()> {
    let ports = if options.processes {
        (0..5).map(|offset| options.port.saturating_add(FIRST_OF_PROCESSES + offset)).collect()
    } else {
        vec![options.port]
    };
    for port in ports {
        TcpListener::bind(("127.0.0.1", port)).await.with_context(|| {
            format!(
                "port {port} is taken: is `aris up` running already? Choose another with --port (ARGS=\"--port …\")"
            )
        })?;
    }
    Ok(())
}

/// What every service of this installation is told, besides its addresses of the database.
fn environment(local: &Path, servers: &LocalServers, endpoints: &Endpoints) -> Result<Vec<(&'static str, String)>> {
    let jwks = jwks_file(local).canonicalize()?;
    let master = master_key_file(local)?.canonicalize()?;
    Ok(vec![
        ("ARIS_MASTER_KEY_FILE", master.display().to_string()),
        // On this machine whoever reaches the port may try everything.
        ("ARIS_SIGN_UP", "open".to_owned()),
        ("ARIS_NATS_URL", servers.nats.url()),
        ("ARIS_JWKS_FILE", jwks.display().to_string()),
        ("ARIS_SIGNING_KEYS_DIR", keys_dir(local).canonicalize()?.display().to_string()),
        ("ARIS_MAIL_FOLDER", local.join("mails").canonicalize()?.display().to_string()),
        ("ARIS_PUBLIC_URL", endpoints.identity.clone()),
        ("ARIS_TABLE_CODE_URL", format!("{}/t/", endpoints.command)),
    ])
}
