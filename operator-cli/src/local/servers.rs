//! The private MySQL and NATS servers of a local installation.

use super::secret::read_or_make;
use anyhow::{Context, Result};
use local_servers::{MysqlOptions, MysqlServer, NatsOptions, NatsServer, Progress, TerminalProgress, obtain};
use migrations::{
    Access, DatabaseSecret, Schemas, end_old_passwords, give_passwords, provision, users_with_other_passwords,
};
use std::{path::Path, time::Duration};
use uuid::Uuid;

/// How often it is looked whether the servers live.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Both servers, with the schemas up to date. They end with this process.
pub(crate) struct LocalServers {
    pub(crate) mysql: MysqlServer,
    pub(crate) nats: NatsServer,
    pub(crate) access: Access,
}

impl LocalServers {
    /// Gets, starts and prepares the servers, telling on the terminal what takes long. Their data stays.
    pub(crate) async fn start(local: &Path) -> Result<Self> {
        std::fs::create_dir_all(local).with_context(|| format!("{} cannot be made", local.display()))?;
        let password = password(local)?;
        let folder = local.canonicalize().with_context(|| format!("{} cannot be used", local.display()))?;
        let root = password.clone();
        let (mysql, nats) = tokio::task::spawn_blocking(move || start_both(&folder, &root)).await??;
        TerminalProgress.step("bringing the schemas up to date");
        let access = prepare(&mysql.admin_url(), &schemas(&password)?).await?;
        TerminalProgress.done("schemas are up to date");
        Ok(Self { mysql, nats, access })
    }

    /// Waits until one of them has ended by itself, which neither should; tells its name.
    pub(crate) async fn first_to_end(&self) -> &'static str {
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            if self.mysql.pid().is_none() {
                return "MySQL";
            }
            if self.nats.pid().is_none() {
                return "NATS";
            }
        }
    }

    /// Stops both; what they hold is on disk.
    pub(crate) async fn stop(self) -> Result<()> {
        let (mysql, nats) = (self.mysql, self.nats);
        tokio::task::spawn_blocking(move || {
            nats.stop()?;
            mysql.stop()
        })
        .await??;
        Ok(())
    }
}

fn start_both(folder: &Path, password: &str) -> Result<(MysqlServer, NatsServer)> {
    let binaries = obtain(&TerminalProgress)?;
    let mut options = MysqlOptions::new(folder.join("mysql"));
    options.root_password = Some(password.to_owned());
    let mysql = MysqlServer::start(&binaries, options, &TerminalProgress)?;
    let nats = NatsServer::start(&binaries, NatsOptions::new(folder.join("nats")), &TerminalProgress)?;
    Ok((mysql, nats))
}

/// Schemas, users and rights. An installation from before may have users with another password; nobody but this
/// process tells services their addresses, so none needs the old ones any more.
async fn prepare(admin_url: &str, schemas: &Schemas) -> Result<Access> {
    let access = provision(admin_url, schemas).await?;
    let others = users_with_other_passwords(admin_url, schemas).await?;
    if !others.is_empty() {
        give_passwords(admin_url, schemas, &others).await?;
        end_old_passwords(admin_url, schemas).await?;
    }
    Ok(access)
}

/// The password of this private server's root, in a file that only its owner may read. Those of the other users
/// follow from it: whoever has it may do everything there anyway.
fn password(local: &Path) -> Result<String> {
    read_or_make(&local.join("password"), || Ok(Uuid::new_v4().simple().to_string()))
}

fn schemas(password: &str) -> Result<Schemas> {
    Ok(Schemas {
        events: "arisgourmet_events".to_owned(),
        views: "arisgourmet_views".to_owned(),
        identity: "arisgourmet_identity".to_owned(),
        user_prefix: "aris".to_owned(),
        secret: DatabaseSecret::new(password)?,
    })
}

/// The addresses of a local installation whose MySQL listens at this port.
pub(crate) fn access_of(local: &Path, mysql_port: u16) -> Result<Access> {
    let schemas = schemas(&password(local)?)?;
    Ok(migrations::access(&format!("mysql://root@127.0.0.1:{mysql_port}"), &schemas))
}
