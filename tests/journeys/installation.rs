//! Services as processes of their own, on schemas of their own.

use domain::ids::{RestaurantId, SessionId, TableId, TenantId};
use identity::{Claims, SigningKey, claims::At, roles::permissions_of};
use std::{
    process::Stdio,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};
use testkit::{Env, wait_for};
use tokio::process::{Child, ChildStdin, Command};

/// One installation: schemas, subjects, a key, and whatever services a test starts.
pub(crate) struct Installation {
    pub(crate) env: Env,
    key: SigningKey,
    jwks: std::path::PathBuf,
    pub(crate) tenant: TenantId,
    /// Replaces the MySQL port in what services are told, to put a proxy between.
    pub(crate) mysql_port: Option<u16>,
    /// Where services send their spans; nowhere by default.
    pub(crate) collector: Option<String>,
}

/// A running `aris serve`. Dropping it kills it.
pub(crate) struct Service {
    name: String,
    port: u16,
    process: Child,
    _lifeline: Option<ChildStdin>,
}

impl Installation {
    pub(crate) async fn new() -> Self {
        Self::with(Env::start().await)
    }

    pub(crate) fn with(env: Env) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let key = SigningKey::generate().unwrap();
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let jwks = std::env::temp_dir().join(format!("arisgourmet-test-{}-{number}.jwks", std::process::id()));
        std::fs::write(&jwks, key.jwks_json()).unwrap();
        Self { env, key, jwks, tenant: uuid::Uuid::now_v7().into(), mysql_port: None, collector: None }
    }

    /// Starts a service and waits until it is ready.
    pub(crate) async fn serve(&self, name: &str) -> Service {
        self.serve_at(name, free_port()).await
    }

    /// Starts a service at this port, where its clients look for it.
    pub(crate) async fn serve_at(&self, name: &str, port: u16) -> Service {
        let access = &self.env.access;
        let mut process = Command::new(env!("CARGO_BIN_EXE_aris"))
            .args(["serve", name, "--listen", &format!("127.0.0.1:{port}"), "--until-stdin-ends"])
            .env("ARIS_WRITER_URL", self.by_way_of(&access.writer))
            .env("ARIS_RELAY_URL", self.by_way_of(&access.relay))
            .env("ARIS_READER_URL", self.by_way_of(&access.reader))
            .env("ARIS_PROJECTION_URL", self.by_way_of(&access.projection))
            .env("ARIS_PERSONAL_URL", self.by_way_of(&access.personal))
            .env("ARIS_MASTER_KEY", personal_data::master::DEMO_KEY)
            .env("ARIS_DEMO", "1")
            .env("ARIS_SIGN_UP", "open")
            .env("ARIS_NATS_URL", &self.env.nats_url)
            .env("ARIS_NATS_PREFIX", &self.env.nats_prefix)
            .env("ARIS_JWKS_FILE", &self.jwks)
            .env("ARIS_RELAY_LEASE_MS", "2000")
            .env("ARIS_RELAY_RECONCILE_MS", "1000")
            .env("ARIS_PROJECTION_LEASE_SECONDS", "2")
            .env("ARIS_NODE", format!("{name}-{port}"))
            .env("RUST_LOG", std::env::var("RUST_LOG").unwrap_or_else(|_| "error".to_owned()))
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", self.collector.as_deref().unwrap_or_default())
            .stdin(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let lifeline = process.stdin.take();
        let mut service = Service { name: name.to_owned(), port, process, _lifeline: lifeline };
        service.until_ready().await;
        service
    }

    fn by_way_of(&self, url: &str) -> String {
        let Some(port) = self.mysql_port else { return url.to_owned() };
        let (before, after) = url.rsplit_once(':').unwrap();
        let (_, schema) = after.split_once('/').unwrap();
        format!("{before}:{port}/{schema}")
    }

    /// A token with a role in every restaurant of the tenant.
    pub(crate) fn staff(&self, role: &str) -> String {
        self.staff_of(self.tenant, role)
    }

    /// A token with a role in every restaurant of this tenant.
    pub(crate) fn staff_of(&self, tenant: TenantId, role: &str) -> String {
        let rights = permissions_of(role).unwrap();
        let now = chrono::Utc::now();
        let claims = Claims::staff(role, tenant, &[role], &[(At::Everywhere, rights)], now, chrono::Duration::hours(1));
        self.key.sign(&claims).unwrap()
    }

    /// A token for a new guest.
    pub(crate) fn guest(&self, restaurant: RestaurantId, table: TableId, session: SessionId) -> String {
        let diner = uuid::Uuid::now_v7().into();
        let (now, hour) = (chrono::Utc::now(), chrono::Duration::hours(1));
        let claims = Claims::guest(diner, self.tenant, restaurant, (table, session), now, hour);
        self.key.sign(&claims).unwrap()
    }
}

impl Drop for Installation {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.jwks);
    }
}

impl Service {
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(crate) fn realtime(&self) -> String {
        format!("ws://127.0.0.1:{}/v1/realtime", self.port)
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    async fn until_ready(&mut self) {
        let client = reqwest::Client::new();
        let (url, name) = (format!("{}/readyz", self.url()), self.name.clone());
        let process = &mut self.process;
        wait_for(&format!("{name} is ready"), Duration::from_secs(30), async || {
            assert!(process.try_wait().unwrap().is_none(), "{name} ended");
            match client.get(&url).send().await {
                Ok(answer) if answer.status().is_success() => Ok(()),
                Ok(answer) => Err(answer.text().await.unwrap_or_default()),
                Err(error) => Err(error.to_string()),
            }
        })
        .await;
    }

    /// kill -9, and waits until it is gone.
    pub(crate) async fn kill(mut self) {
        self.process.kill().await.unwrap();
    }

    /// SIGTERM; gives how the process ended.
    pub(crate) async fn terminate(mut self) -> std::process::ExitStatus {
        self.signal("TERM").await;
        tokio::time::timeout(Duration::from_secs(30), self.process.wait()).await.expect("it must end").unwrap()
    }

    /// SIGSTOP, SIGCONT and the like.
    pub(crate) async fn signal(&self, name: &str) {
        let pid = self.process.id().unwrap().to_string();
        let status = Command::new("kill").args([&format!("-{name}"), &pid]).status().await.unwrap();
        assert!(status.success());
    }
}

/// A port that was free a moment ago.
pub(crate) fn free_port() -> u16 {
    std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}
