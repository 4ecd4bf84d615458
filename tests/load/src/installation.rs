//! The product as operators run it: `aris serve`, on the bench's MySQL and a NATS server of its own.

use crate::{process::Process, restaurant::Restaurant, server::Server};
use anyhow::{Context, Result, ensure};
use chrono::{Duration, Utc};
use identity::{Claims, SigningKey, claims::At, roles::permissions_of};
use local_servers::{NatsOptions, NatsServer, QuietProgress, free_port};
use migrations::Access;
use personal_data::MasterKey;
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Tokens outlive every run.
const TOKEN_HOURS: i64 = 12;
/// Budgets that one generator at one address would use up in place of many people at many. They are counted as
/// always, and never used up.
const RAISED: [&str; 8] = [
    "ARIS_LIMIT_GUEST_COMMAND",
    "ARIS_LIMIT_STAFF_READ",
    "ARIS_LIMIT_STAFF_COMMAND",
    "ARIS_LIMIT_SOCKET",
    "ARIS_LIMIT_TENANT",
    "ARIS_LIMIT_ADDRESS_GUESTS",
    "ARIS_LIMIT_ADDRESS_SOCKETS",
    "ARIS_LIMIT_ADDRESS_OPEN",
];
const RAISED_TO: &str = "1000000+1000000/s";

/// An installation whose services are started one by one.
pub(crate) struct Installation {
    program: PathBuf,
    folder: PathBuf,
    environment: Vec<(&'static str, String)>,
    key: SigningKey,
    access: Access,
    nats: Option<NatsServer>,
}

impl Installation {
    /// Schemas of this name, keys, and a NATS server as `aris up` starts it. No service runs yet.
    pub(crate) async fn new(server: &Server, name: &str) -> Result<Self> {
        let program = program()?;
        let folder = server.folder().join(name);
        let keys = folder.join("keys");
        fs::create_dir_all(&keys)?;
        fs::create_dir_all(folder.join("mails"))?;
        let key = SigningKey::generate()?;
        fs::write(keys.join("signing.pem"), key.to_pem())?;
        fs::write(keys.join("jwks.json"), key.jwks_json())?;
        fs::write(folder.join("master-key"), MasterKey::generate().context("the machine has no randomness")?)?;
        let access = server.product_schema(name).await?;
        let (binaries, store) = (server.binaries().clone(), folder.join("nats"));
        let options = NatsOptions { remove_data: true, grace: std::time::Duration::ZERO, ..NatsOptions::new(store) };
        let nats = tokio::task::spawn_blocking(move || NatsServer::start(&binaries, options, &QuietProgress)).await??;
        let environment = environment(&folder, &access, &nats.url());
        Ok(Self { program, folder, environment, key, access, nats: Some(nats) })
    }

    /// Starts one service, or `all`, and waits until it is ready.
    pub(crate) async fn serve(&self, service: &str) -> Result<Process> {
        let port = free_port()?;
        let listen = format!("127.0.0.1:{port}");
        let command = self.command(&["serve", service, "--listen", &listen, "--until-stdin-ends"]);
        let log = self.folder.join(format!("{service}.log"));
        let mut process = Process::start(&format!("aris serve {service}"), command, port, &log)?;
        process.ready("/readyz").await.with_context(|| last_lines(&log))?;
        Ok(process)
    }

    /// A command of `aris` with the settings of the services.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(arguments).envs(self.environment.iter().cloned());
        command
    }

    /// The addresses of its schemas.
    pub(crate) fn access(&self) -> &Access {
        &self.access
    }

    /// Where its NATS server listens, and its process.
    pub(crate) fn nats(&self) -> Result<(String, u32)> {
        let nats = self.nats.as_ref().context("NATS was stopped")?;
        Ok((nats.url(), nats.pid().context("NATS has ended")?))
    }

    /// A token of the guest at the restaurant's table; each call makes another one.
    pub(crate) fn guest(&self, at: &Restaurant) -> Result<String> {
        let lifetime = Duration::hours(TOKEN_HOURS);
        let claims = Claims::guest(at.diner, at.tenant, at.id, (at.table, at.session), Utc::now(), lifetime);
        Ok(self.key.sign(&claims)?)
    }

    /// A token of somebody who may see the restaurant's floor.
    pub(crate) fn waiter(&self, at: &Restaurant) -> Result<String> {
        let permissions = permissions_of("waiter").context("there are waiters")?;
        let (grants, lifetime) = ([(At::Restaurant(at.id), permissions)], Duration::hours(TOKEN_HOURS));
        let sub = uuid::Uuid::now_v7().to_string();
        Ok(self.key.sign(&Claims::staff(sub, at.tenant, &["waiter"], &grants, Utc::now(), lifetime))?)
    }

    /// Ends NATS; the services have ended before.
    pub(crate) async fn stop(mut self) -> Result<()> {
        let nats = self.nats.take();
        tokio::task::spawn_blocking(move || nats.map_or(Ok(()), NatsServer::stop)).await??;
        Ok(())
    }
}

/// The program beside this one, built with it.
fn program() -> Result<PathBuf> {
    let program = std::env::current_exe()?.with_file_name("aris");
    ensure!(
        program.exists(),
        "{} is not there: `make bench` builds it (cargo build --release -p load -p operator-cli)",
        program.display()
    );
    Ok(program)
}

fn environment(folder: &Path, access: &Access, nats_url: &str) -> Vec<(&'static str, String)> {
    let file = |name: &str| folder.join(name).display().to_string();
    let mut environment = vec![
        ("ARIS_WRITER_URL", access.writer.clone()),
        ("ARIS_RELAY_URL", access.relay.clone()),
        ("ARIS_READER_URL", access.reader.clone()),
        ("ARIS_PROJECTION_URL", access.projection.clone()),
        ("ARIS_PERSONAL_URL", access.personal.clone()),
        ("ARIS_AUDIT_URL", access.audit.clone()),
        ("ARIS_IDENTITY_URL", access.identity.clone()),
        ("ARIS_NATS_URL", nats_url.to_owned()),
        ("ARIS_MASTER_KEY_FILE", file("master-key")),
        ("ARIS_JWKS_FILE", file("keys/jwks.json")),
        ("ARIS_SIGNING_KEYS_DIR", file("keys")),
        ("ARIS_MAIL_FOLDER", file("mails")),
        // One generator stands for many addresses.
        ("ARIS_CONNECTIONS_PER_ADDRESS_MAX", "20000".to_owned()),
    ];
    environment.extend(RAISED.map(|budget| (budget, RAISED_TO.to_owned())));
    environment
}

/// Lines of a log that a message shows.
const LINES: usize = 15;

fn last_lines(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(LINES)..].join("\n")
}
