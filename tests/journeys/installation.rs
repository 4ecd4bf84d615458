//! Services as processes of their own, on schemas of their own.

use domain::ids::{DinerId, RestaurantId, SessionId, TableId, TenantId};
use identity::{Claims, SigningKey, claims::At, roles::permissions_of};
use migrations::Access;
use std::{
    process::Stdio,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};
use testkit::{Env, wait_for};
use tokio::process::{Child, ChildStdin, Command};

/// How long a service may take until it can serve.
const READY_WITHIN: Duration = Duration::from_secs(60);

/// Tokens are made as if this many seconds ago. One that was made later than a server's clock says is refused, and
/// the judge of faults has servers that are an hour behind, and phones that are an hour ahead.
const MADE_EARLIER: i64 = 3 * 3_600;

/// One installation: schemas, subjects, a key, and whatever services a test starts.
pub(crate) struct Installation {
    pub(crate) env: Env,
    key: SigningKey,
    jwks: std::path::PathBuf,
    keys_dir: std::path::PathBuf,
    pub(crate) tenant: TenantId,
    /// Where services send their spans; nowhere by default.
    pub(crate) collector: Option<String>,
    /// Further variables of the services. One guest of a test does what a full dining room does.
    pub(crate) settings: Vec<(&'static str, &'static str)>,
}

/// How one service differs from the others.
#[derive(Debug, Clone, Default)]
pub(crate) struct Special {
    /// Where it finds MySQL, in place of the servers' own ports.
    pub(crate) mysql: Vec<u16>,
    /// Where it finds NATS.
    pub(crate) nats: Vec<u16>,
    /// More of its environment.
    pub(crate) env: Vec<(&'static str, String)>,
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
        let keys_dir = jwks.with_extension("keys");
        std::fs::create_dir_all(&keys_dir).unwrap();
        std::fs::write(keys_dir.join("signing.pem"), key.to_pem()).unwrap();
        std::fs::write(keys_dir.join("master-key"), personal_data::MasterKey::generate().unwrap()).unwrap();
        Self {
            env,
            key,
            jwks,
            keys_dir,
            tenant: uuid::Uuid::now_v7().into(),
            collector: None,
            settings: vec![("ARIS_LIMIT_GUEST_COMMAND", "off")],
        }
    }

    /// Starts a service and waits until it is ready.
    pub(crate) async fn serve(&self, name: &str) -> Service {
        self.serve_at(name, free_port()).await
    }

    /// Starts a service at this port, where its clients look for it.
    pub(crate) async fn serve_at(&self, name: &str, port: u16) -> Service {
        let mut service = self.spawn(name, port, &Special::default());
        service.until_ready().await;
        service
    }

    /// Starts a service that is not like the others; it may take a while until it is ready.
    pub(crate) fn spawn(&self, name: &str, port: u16, special: &Special) -> Service {
        let access = &self.env.access;
        let by_way_of = |url: &str| at_ports(url, &special.mysql);
        let nats: Vec<_> = special.nats.iter().map(|port| format!("nats://127.0.0.1:{port}")).collect();
        let nats = if nats.is_empty() { self.env.nats_url.clone() } else { nats.join(",") };
        let mut process = Command::new(env!("CARGO_BIN_EXE_aris"))
            .args(["serve", name, "--listen", &format!("127.0.0.1:{port}"), "--until-stdin-ends"])
            .envs(addresses_of(name, access).map(|(variable, url)| (variable, by_way_of(url))))
            .env("ARIS_SIGNING_KEYS_DIR", &self.keys_dir)
            .env("ARIS_MASTER_KEY_FILE", self.keys_dir.join("master-key"))
            .env("ARIS_MAIL_FOLDER", self.keys_dir.join("mails"))
            .env("ARIS_NATS_URL", nats)
            .env("ARIS_SIGN_UP", "open")
            .env("ARIS_NATS_PREFIX", &self.env.nats_prefix)
            .env("ARIS_JWKS_FILE", &self.jwks)
            .env("ARIS_RELAY_LEASE_MS", "2000")
            .env("ARIS_RELAY_RECONCILE_MS", "1000")
            .env("ARIS_PROJECTION_LEASE_SECONDS", "2")
            .env("ARIS_NODE", format!("{name}-{port}"))
            .env("RUST_LOG", std::env::var("RUST_LOG").unwrap_or_else(|_| "error".to_owned()))
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", self.collector.as_deref().unwrap_or_default())
            .envs(special.env.iter().map(|(name, value)| (*name, value)))
            .envs(self.settings.iter().copied())
            .stdin(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let lifeline = process.stdin.take();
        Service { name: name.to_owned(), port, process, _lifeline: lifeline }
    }

    /// The master key of this installation.
    pub(crate) fn master(&self) -> personal_data::MasterKey {
        personal_data::MasterKey::from_file(self.keys_dir.join("master-key")).unwrap()
    }

    /// A token with a role in every restaurant of the tenant.
    pub(crate) fn staff(&self, role: &str) -> String {
        self.staff_of(self.tenant, role, chrono::Duration::hours(1))
    }

    /// A token with a role in every restaurant of any tenant.
    pub(crate) fn staff_of(&self, tenant: TenantId, role: &str, lifetime: chrono::Duration) -> String {
        self.signed(role, tenant, role, lifetime)
    }

    /// A token of this person, with a role in every restaurant of the tenant.
    pub(crate) fn person(&self, name: &str, role: &str) -> String {
        self.signed(name, self.tenant, role, chrono::Duration::hours(1))
    }

    fn signed(&self, name: &str, tenant: TenantId, role: &str, lifetime: chrono::Duration) -> String {
        let rights = permissions_of(role).unwrap();
        let now = chrono::Utc::now();
        let mut claims = Claims::staff(name, tenant, &[role], &[(At::Everywhere, rights)], now, lifetime);
        claims.iat -= MADE_EARLIER;
        self.key.sign(&claims).unwrap()
    }

    /// A token with these claims.
    pub(crate) fn sign(&self, claims: &Claims) -> String {
        self.key.sign(claims).unwrap()
    }

    /// A token for a new guest.
    pub(crate) fn guest(&self, restaurant: RestaurantId, table: TableId, session: SessionId) -> String {
        self.guest_at(restaurant, table, session, chrono::Utc::now(), chrono::Duration::hours(1))
    }

    /// A token for this guest.
    pub(crate) fn guest_as(
        &self,
        restaurant: RestaurantId,
        table: TableId,
        session: SessionId,
        diner: DinerId,
    ) -> String {
        let (now, hour) = (chrono::Utc::now(), chrono::Duration::hours(1));
        self.key.sign(&Claims::guest(diner, self.tenant, restaurant, (table, session), now, hour)).unwrap()
    }

    /// A token for a new guest, made at this time and good for so long.
    pub(crate) fn guest_at(
        &self,
        restaurant: RestaurantId,
        table: TableId,
        session: SessionId,
        now: chrono::DateTime<chrono::Utc>,
        lifetime: chrono::Duration,
    ) -> String {
        let diner = uuid::Uuid::now_v7().into();
        let mut claims = Claims::guest(diner, self.tenant, restaurant, (table, session), now, lifetime);
        claims.iat -= MADE_EARLIER;
        self.key.sign(&claims).unwrap()
    }
}

impl Drop for Installation {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.jwks);
        let _ = std::fs::remove_dir_all(&self.keys_dir);
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

    /// Waits until it can serve.
    pub(crate) async fn until_ready(&mut self) {
        let client = reqwest::Client::new();
        let (url, name) = (format!("{}/readyz", self.url()), self.name.clone());
        let process = &mut self.process;
        wait_for(&format!("{name} is ready"), READY_WITHIN, async || {
            assert!(process.try_wait().unwrap().is_none(), "{name} ended");
            match client.get(&url).send().await {
                Ok(answer) if answer.status().is_success() => Ok(()),
                Ok(answer) => Err(answer.text().await.unwrap_or_default()),
                Err(error) => Err(error.to_string()),
            }
        })
        .await;
    }

    /// How the process ended, if it has.
    pub(crate) fn ended(&mut self) -> Option<std::process::ExitStatus> {
        self.process.try_wait().unwrap()
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

/// The addresses of the database that a service needs, and no others.
pub(crate) fn addresses_of<'a>(service: &str, access: &'a Access) -> impl Iterator<Item = (&'static str, &'a str)> {
    let all = [
        ("ARIS_WRITER_URL", &access.writer, "command identity"),
        ("ARIS_RELAY_URL", &access.relay, "relay"),
        ("ARIS_READER_URL", &access.reader, "projection gateway identity"),
        ("ARIS_PROJECTION_URL", &access.projection, "projection"),
        ("ARIS_PERSONAL_URL", &access.personal, "command projection identity"),
        ("ARIS_AUDIT_URL", &access.audit, "command projection gateway identity"),
        ("ARIS_IDENTITY_URL", &access.identity, "identity"),
    ];
    let service = service.to_owned();
    let is_its = move |services: &str| service == "all" || services.split(' ').any(|it| it == service);
    all.into_iter().filter(move |(.., services)| is_its(services)).map(|(name, url, _)| (name, url.as_str()))
}

/// The same address at other ports, if there are any.
fn at_ports(url: &str, ports: &[u16]) -> String {
    if ports.is_empty() {
        return url.to_owned();
    }
    let (before, after) = url.rsplit_once('@').unwrap();
    let (_, schema) = after.split_once('/').unwrap();
    let servers: Vec<_> = ports.iter().map(|port| format!("127.0.0.1:{port}")).collect();
    format!("{before}@{}/{schema}", servers.join(","))
}

/// A port that was free a moment ago, and that no outgoing connection takes while its server is away.
pub(crate) fn free_port() -> u16 {
    local_servers::free_port().unwrap()
}
