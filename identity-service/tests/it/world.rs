//! A running service, a tenant that signed up, and people who got its mails.

use axum::{extract::Request, middleware::from_fn};
use domain::{
    envelope::{Actor, ActorKind, Metadata},
    event::Event,
    ids::{MemberId, RoleId, TenantId},
    staff::{Assignment, At, MemberInvited, PermissionSet, RoleDefined, templates::TEMPLATES},
    stream::StreamId,
    tenants::{SignedUp, TenantEvent},
};
use event_store::committer::{Committers, Submission};
use identity::{Verifier, tables::TableKey};
use identity_service::{Config, MailConfig, OpenIdConfig};
use messaging::Namespace;
use personal_data::{Field, MasterKey, PersonalKeys};
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use service_kit::{client::Client as From, config::Secret, http::HttpConfig};
use sqlx::{Connection, MySqlConnection};
use std::{net::SocketAddr, path::PathBuf, sync::OnceLock, time::Duration};
use testkit::{Append, Env, MailServer, wait_for};
use tokio::net::TcpListener;
use uuid::Uuid;

/// Long enough for a busy machine, short enough to notice what hangs.
pub(crate) const PATIENCE: Duration = Duration::from_secs(40);
pub(crate) const PASSWORD: &str = "tres tazas de café";

pub(crate) struct World {
    pub(crate) env: Env,
    pub(crate) tenant: TenantId,
    pub(crate) mails: MailServer,
    pub(crate) committers: Committers,
    pub(crate) keys: PathBuf,
    people: PersonalKeys,
    openid: OpenIdConfig,
    address: SocketAddr,
    master: String,
    http: Client,
}

static DOCUMENT: OnceLock<Value> = OnceLock::new();

/// What came back.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) retry_after: Option<u64>,
    pub(crate) json: Value,
}

impl Answer {
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.json);
        self.json
    }

    pub(crate) fn code(&self) -> &str {
        self.json["code"].as_str().unwrap_or("ok")
    }
}

pub(crate) fn role(name: &str) -> RoleId {
    let number = TEMPLATES.iter().position(|(template, _)| *template == name).expect("a template");
    RoleId(Uuid::from_u128(900 + number as u128))
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::on(Env::start().await).await
    }

    pub(crate) async fn on(env: Env) -> Self {
        Self::with(env, OpenIdConfig::default()).await
    }

    /// One whose people may log in through these providers.
    pub(crate) async fn with(env: Env, openid: OpenIdConfig) -> Self {
        let master = MasterKey::generate().unwrap();
        let keys = std::env::temp_dir().join(format!("aris-identity-{}", Uuid::now_v7()));
        std::fs::create_dir_all(&keys).unwrap();
        let (mails, committers) = (MailServer::start().await, env.committers());
        let pool = event_store::pool::connect(&env.access.personal, event_store::pool::Isolation::ReadCommitted, 2);
        let people = PersonalKeys::new(pool.await.unwrap(), MasterKey::from_base64(&master).unwrap());
        let address = serve(&env, (&master, &openid), &keys, &mails, &HttpConfig::default()).await;
        let tenant = TenantId(Uuid::now_v7());
        let world = Self { env, tenant, mails, committers, keys, people, openid, address, master, http: Client::new() };
        let mut events: Vec<TenantEvent> =
            vec![SignedUp { tenant_id: tenant, name: "Casa Aris".into(), owner_id: MemberId(Uuid::now_v7()) }.into()];
        for (name, permissions) in TEMPLATES {
            let permissions: PermissionSet = permissions.iter().copied().collect();
            let defined = RoleDefined { role_id: role(name), name: name.into(), template: None, permissions };
            events.push(defined.into());
        }
        world.append(events).await;
        world
    }

    /// Another process of the service on the same store.
    pub(crate) async fn another_process(&mut self) {
        self.another_process_with(&HttpConfig::default()).await;
    }

    /// The same, with these limits around it.
    pub(crate) async fn another_process_with(&mut self, http: &HttpConfig) {
        self.address = serve(&self.env, (&self.master, &self.openid), &self.keys, &self.mails, http).await;
    }

    /// Whether what was sealed about this member can still be read.
    pub(crate) async fn can_read(&self, member: MemberId) -> bool {
        !self.people.find(self.tenant, &[member.0]).await.unwrap().is_empty()
    }

    pub(crate) async fn append(&self, events: Vec<TenantEvent>) {
        append(&self.committers, self.tenant, events).await;
    }

    /// Invites somebody everywhere, with the role of this template.
    pub(crate) async fn invite(&self, email: &str, template: &str) -> MemberId {
        let member_id = MemberId(Uuid::now_v7());
        let key = self.people.ensure(self.tenant, member_id.0).await.unwrap();
        let invited = MemberInvited {
            member_id,
            name: key.seal(Field::Name, "Ana").unwrap(),
            email: key.seal(Field::Email, email).unwrap(),
            assignments: vec![Assignment { role_id: role(template), at: At::Everywhere }],
        };
        self.append(vec![invited.into()]).await;
        member_id
    }

    /// The token of the newest mail to this address, once there are this many.
    pub(crate) async fn link(&self, email: &str, mails: usize) -> String {
        wait_for("a mail", PATIENCE, async || {
            let found = self.mails.mails_to(email);
            if found.len() >= mails {
                Ok(found.last().unwrap().link_token().unwrap())
            } else {
                Err(format!("{found:?}"))
            }
        })
        .await
    }

    /// The accounts, as an administrator sees them.
    pub(crate) async fn identity_sql(&self) -> MySqlConnection {
        MySqlConnection::connect(&format!("{}/{}", self.env.admin_url, self.env.schemas.identity)).await.unwrap()
    }

    /// Until every letter that was queued by now was sent, or not.
    pub(crate) async fn until_no_mail_waits(&self) {
        let mut sql = self.identity_sql().await;
        wait_for("no mail waits", PATIENCE, async || {
            let waiting: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM mail_jobs").fetch_one(&mut sql).await.unwrap();
            if waiting == 0 { Ok(()) } else { Err(format!("{waiting} wait")) }
        })
        .await;
    }

    /// Somebody who was invited, got the mail and accepted; the answer of their log-in.
    pub(crate) async fn member(&self, email: &str, template: &str) -> (MemberId, Value) {
        let member = self.invite(email, template).await;
        let token = self.link(email, 1).await;
        let body = json!({"token": token, "password": PASSWORD});
        (member, self.post("/v1/auth/invitations/accept", None, &body).await.expect(200))
    }

    pub(crate) async fn post(&self, path: &str, token: Option<&str>, body: &Value) -> Answer {
        self.post_from("10.0.0.1", path, token, body).await
    }

    pub(crate) async fn post_from(&self, from: &str, path: &str, token: Option<&str>, body: &Value) -> Answer {
        let request =
            self.http.post(format!("http://{}{path}", self.address)).header("x-test-address", from).json(body);
        answer(("POST", path), token.into_iter().fold(request, reqwest::RequestBuilder::bearer_auth)).await
    }

    /// Sends the pass of a guest.
    pub(crate) async fn with_pass(&self, path: &str, pass: &str) -> Answer {
        answer(("POST", path), self.http.post(format!("http://{}{path}", self.address)).header("x-table-token", pass))
            .await
    }

    /// What passes are made with here.
    pub(crate) fn table_key(&self) -> TableKey {
        TableKey::new(&MasterKey::from_base64(&self.master).unwrap().derive(TableKey::PURPOSE))
    }

    pub(crate) async fn get(&self, path: &str, token: &str) -> Answer {
        answer(("GET", path), self.http.get(format!("http://{}{path}", self.address)).bearer_auth(token)).await
    }

    pub(crate) async fn log_in(&self, from: &str, email: &str, password: &str) -> Answer {
        self.post_from(from, "/v1/auth/login", None, &json!({"email": email, "password": password})).await
    }

    pub(crate) async fn refresh(&self, token: &Value) -> Answer {
        self.post("/v1/auth/refresh", None, &json!({"refresh_token": token})).await
    }

    /// The keys of now, as any service gets them.
    pub(crate) async fn verifier(&self) -> Verifier {
        let jwks = self.http.get(format!("http://{}/.well-known/jwks.json", self.address)).send().await.unwrap();
        Verifier::from_jwks(&jwks.text().await.unwrap()).unwrap()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.keys);
    }
}

async fn serve(
    env: &Env,
    (master, openid): (&str, &OpenIdConfig),
    keys: &std::path::Path,
    mails: &MailServer,
    http: &HttpConfig,
) -> SocketAddr {
    let config = Config {
        identity_url: env.access.identity.as_str().into(),
        reader_url: env.access.reader.as_str().into(),
        writer_url: env.access.writer.as_str().into(),
        personal_url: env.access.personal.as_str().into(),
        nats_url: env.nats_url.clone(),
        namespace: Namespace::new(&env.nats_prefix),
        keys_dir: keys.to_path_buf(),
        master: MasterKey::from_base64(master).unwrap(),
        node: "test".to_owned(),
        public_url: "https://pos.example".to_owned(),
        hashes_at_once: 2,
        mail: MailConfig {
            smtp_url: Some(Secret::from(mails.url())),
            folder: None,
            from: "Aris <aris@example.com>".into(),
        },
        openid: openid.clone(),
    };
    let service = identity_service::start(config, env.shutdown.clone()).await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let routes = service.routes().layer(from_fn(async |mut request: Request, next: axum::middleware::Next| {
        if let Some(from) = request.headers().get("x-test-address") {
            let address = from.to_str().unwrap().parse().unwrap();
            request.extensions_mut().insert(From { address, is_https: false });
        }
        next.run(request).await
    }));
    let app = service_kit::http::app(routes, &HttpConfig { trail: testkit::trail(env), ..http.clone() });
    tokio::spawn(service_kit::http::serve(listener, app, env.shutdown.clone()));
    tokio::spawn(service.stopped());
    address
}

/// What came back, which the document must list.
async fn answer(to: (&str, &str), request: reqwest::RequestBuilder) -> Answer {
    let answer = request.send().await.unwrap();
    let status = answer.status();
    let retry_after = answer.headers().get("retry-after").and_then(|it| it.to_str().ok()?.parse().ok());
    let bytes = answer.bytes().await.unwrap();
    let json: Value = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    let document = DOCUMENT.get_or_init(|| serde_json::to_value(identity_service::openapi()).unwrap());
    let code = json["code"].as_str().filter(|_| status.is_client_error() || status.is_server_error());
    testkit::assert_documented(document, to, status.as_u16(), code);
    Answer { status, retry_after, json }
}

/// Appends to the feed of a tenant.
pub(crate) async fn append(committers: &Committers, tenant: TenantId, events: Vec<TenantEvent>) {
    let stream = StreamId::from(tenant);
    let events = events.into_iter().map(|event| (stream, Event::from(event))).collect();
    let command_id = Uuid::now_v7();
    let actor = Actor { kind: ActorKind::Staff, id: "test".to_owned() };
    let correlation_id = command_id.to_string();
    let submission = Submission {
        feed: tenant.into(),
        tenant,
        creates_feed: true,
        principal: "test".to_owned(),
        idempotency_key: command_id.to_string(),
        request_hash: [0; 32],
        command_id,
        metadata: Metadata { actor, correlation_id, causation_id: command_id, traceparent: None, means: None },
        use_case: Box::new(Append(events)),
    };
    committers.submit(submission).await.unwrap();
}
