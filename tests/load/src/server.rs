//! The MySQL server that everyone is measured on.

use anyhow::{Context, Result, ensure};
use local_servers::{Binaries, MysqlOptions, MysqlServer, TerminalProgress, obtain};
use migrations::{Access, DatabaseSecret, Schemas, provision};
use sqlx::{Connection, Executor, MySqlConnection, Row};
use std::path::{Path, PathBuf};

/// Nobody is measured with TLS on loopback.
const NO_TLS: &str = "ssl-mode=DISABLED";

/// A durable server of this run's own, on a free port of 127.0.0.1; its data goes with it.
pub(crate) struct Server {
    binaries: Binaries,
    mysql: MysqlServer,
    folder: PathBuf,
}

impl Server {
    pub(crate) fn start() -> Result<Self> {
        let binaries = obtain(&TerminalProgress)?;
        let folder = std::env::temp_dir().join(format!("arisgourmet-bench-{}", std::process::id()));
        std::fs::create_dir_all(&folder).with_context(|| format!("{} cannot be made", folder.display()))?;
        let options = MysqlOptions {
            redo_log_capacity: "1G".to_owned(),
            buffer_pool_size: "1G".to_owned(),
            ..MysqlOptions::throw_away(folder.join("mysql"))
        };
        let mysql = MysqlServer::start(&binaries, options, &TerminalProgress)?;
        Ok(Self { binaries, mysql, folder })
    }

    /// Where the programs of the servers were found.
    pub(crate) fn binaries(&self) -> &Binaries {
        &self.binaries
    }

    /// The folder of this run; it goes with the server.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The port on 127.0.0.1.
    pub(crate) fn port(&self) -> u16 {
        self.mysql.port()
    }

    /// The process of the server.
    pub(crate) fn pid(&self) -> Option<u32> {
        self.mysql.pid()
    }

    /// Ends the server and removes all that it stored.
    pub(crate) fn stop(self) -> Result<()> {
        self.mysql.stop()?;
        if !self.folder.exists() {
            return Ok(());
        }
        std::fs::remove_dir_all(&self.folder).with_context(|| format!("{} cannot be removed", self.folder.display()))
    }

    /// Proves by reading them back that the settings promise durability, and tells them.
    pub(crate) async fn durability(&self) -> Result<String> {
        const SETTINGS: &str = "SELECT VERSION() AS version, CAST(@@sync_binlog AS SIGNED) AS sync_binlog, \
             CAST(@@innodb_flush_log_at_trx_commit AS SIGNED) AS flush, CAST(@@log_bin AS SIGNED) AS log_bin, \
             CAST(@@innodb_doublewrite AS CHAR) AS doublewrite";
        let row = self.admin().await?.fetch_one(SETTINGS).await?;
        let number = |name: &str| row.try_get::<i64, _>(name);
        let (sync_binlog, flush, log_bin) = (number("sync_binlog")?, number("flush")?, number("log_bin")?);
        ensure!(sync_binlog == 1, "sync_binlog is {sync_binlog}: not durable");
        ensure!(flush == 1, "innodb_flush_log_at_trx_commit is {flush}: not durable");
        ensure!(log_bin == 1, "the binary log is off: not what production runs");
        let (version, doublewrite): (String, String) = (row.try_get("version")?, row.try_get("doublewrite")?);
        let cores = std::thread::available_parallelism().map_or(0, usize::from);
        Ok(format!(
            "MySQL {version} on port {}, {cores} cores for server and clients: sync_binlog={sync_binlog}, \
             innodb_flush_log_at_trx_commit={flush}, log_bin={log_bin}, doublewrite={doublewrite}",
            self.mysql.port()
        ))
    }

    /// The tables of the product in a schema of this name, with the users of its services.
    pub(crate) async fn product_schema(&self, name: &str) -> Result<Access> {
        let schemas = Schemas {
            events: name.to_owned(),
            views: format!("{name}_views"),
            identity: format!("{name}_identity"),
            user_prefix: "bench".to_owned(),
            secret: DatabaseSecret::new("only-for-the-bench-and-known-to-everybody")?,
        };
        let mut access = provision(&self.mysql.admin_url(), &schemas).await?;
        let Access { writer, relay, reader, projection, identity, personal, audit } = &mut access;
        for url in [writer, relay, reader, projection, identity, personal, audit] {
            url.push_str(&format!("?{NO_TLS}"));
        }
        Ok(access)
    }

    /// An empty schema.
    pub(crate) async fn empty_schema(&self, name: &str) -> Result<()> {
        self.admin().await?.execute(format!("CREATE DATABASE `{name}`").as_str()).await?;
        Ok(())
    }

    /// Removes a schema, with the others of the product that belong to it, so that the next line starts as
    /// this one did.
    pub(crate) async fn drop_schema(&self, name: &str) -> Result<()> {
        let mut admin = self.admin().await?;
        for schema in [name.to_owned(), format!("{name}_views"), format!("{name}_identity")] {
            admin.execute(format!("DROP DATABASE IF EXISTS `{schema}`").as_str()).await?;
        }
        Ok(())
    }

    /// The address of a schema, with all rights.
    pub(crate) fn url(&self, schema: &str) -> String {
        format!("{}/{schema}?{NO_TLS}", self.mysql.admin_url())
    }

    /// A connection with all rights, in no schema.
    pub(crate) async fn admin(&self) -> Result<MySqlConnection> {
        Ok(MySqlConnection::connect(&self.url("")).await?)
    }
}
