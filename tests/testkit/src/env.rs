//! Schemas and subjects of one test.

use crate::{
    cluster::Cluster,
    servers::{Servers, servers},
};
use event_store::{
    committer::{CommitterConfig, Committers},
    pool::{self, Isolation},
    reader::EventReader,
};
use local_servers::{MysqlServer, NatsServer};
use migrations::{Access, DatabaseSecret, Schemas, access, provision};
use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};
use tokio_util::sync::CancellationToken;

/// What the passwords of the test users follow from; the servers listen on loopback and live for one test run.
const SECRET: &str = "only-for-tests-and-known-to-everybody";

/// Schemas of one test, with the rights that each service has in production.
pub struct Env {
    /// Addresses with the services' users.
    pub access: Access,
    /// The address with all rights, without a schema.
    pub admin_url: String,
    /// The names of the schemas.
    pub schemas: Schemas,
    /// The NATS server.
    pub nats_url: String,
    /// What the test's subjects and stream start with.
    pub nats_prefix: String,
    /// Ends whatever the test has started, when the environment is dropped.
    pub shutdown: CancellationToken,
}

impl Env {
    /// An empty installation on the shared servers.
    ///
    /// # Panics
    /// When the servers cannot be had.
    pub async fn start() -> Self {
        let servers = tokio::task::spawn_blocking(servers).await.unwrap_or_else(|error| panic!("{error}"));
        Self::on(servers).await
    }

    /// An empty installation on these servers.
    ///
    /// # Panics
    /// When the schemas cannot be made.
    pub async fn on(servers: &Servers) -> Self {
        Self::on_one(&servers.mysql, &servers.nats).await
    }

    /// The same.
    ///
    /// # Panics
    /// As [`Self::on`].
    pub async fn on_one(mysql: &MysqlServer, nats: &NatsServer) -> Self {
        Self::at(mysql.admin_url(), nats.url()).await
    }

    /// An empty installation on a cluster, whose addresses list all of its servers.
    ///
    /// # Panics
    /// When the schemas cannot be made.
    pub async fn on_cluster(cluster: &Cluster) -> Self {
        let primary = cluster.primary().await;
        let mut env = Self::at(cluster.mysql[primary].admin_url(), cluster.nats_urls()).await;
        env.access = access(&cluster.admin_urls(), &env.schemas);
        env
    }

    async fn at(admin_url: String, nats_url: String) -> Self {
        // `RUST_LOG=warn cargo test …` shows what the services say while a test runs.
        let filter = tracing_subscriber::EnvFilter::from_default_env();
        let _ = tracing_subscriber::fmt().with_env_filter(filter).with_test_writer().try_init();
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let name = format!("t{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let schemas = Schemas {
            events: format!("{name}_events"),
            views: format!("{name}_views"),
            identity: format!("{name}_identity"),
            user_prefix: "test".to_owned(),
            secret: DatabaseSecret::new(SECRET).unwrap_or_else(|error| panic!("{error}")),
        };
        let access = provision(&admin_url, &schemas).await.unwrap_or_else(|error| panic!("{error}"));
        Self { access, admin_url, schemas, nats_url, nats_prefix: name, shutdown: CancellationToken::new() }
    }

    /// The address of the event schema with all rights, for tests that look behind the curtain.
    #[must_use]
    pub fn events_admin_url(&self) -> String {
        format!("{}/{}", self.admin_url, self.schemas.events)
    }

    /// The address of the read side with all rights.
    #[must_use]
    pub fn views_admin_url(&self) -> String {
        format!("{}/{}", self.admin_url, self.schemas.views)
    }

    /// A reader of the event side.
    ///
    /// # Panics
    /// When MySQL is away.
    pub async fn reader(&self) -> EventReader {
        let pool = pool::connect(&self.access.reader, Isolation::ReadCommitted, 8).await;
        EventReader::new(pool.unwrap_or_else(|error| panic!("{error}")))
    }

    /// Committers that tell nobody of their commits.
    ///
    /// # Panics
    /// Never with an environment's own address.
    #[must_use]
    pub fn committers(&self) -> Committers {
        let config = CommitterConfig::new(self.access.writer.clone());
        let committers = Committers::start(config, Arc::new(|_| {}), self.shutdown.clone());
        committers.unwrap_or_else(|error| panic!("{error}"))
    }
}

impl Drop for Env {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}
