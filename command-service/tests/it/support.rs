//! A running service, a restaurant in it, and people with tokens.

use axum::{
    extract,
    middleware::{Next, from_fn},
};
use chrono::{DateTime, Duration, Utc};
use command_service::{Config, Service, SignUp};
use domain::{
    envelope::RecordedEvent,
    ids::{ApiKeyId, DinerId, FeedId, RestaurantId, SessionId, TableId, TenantId},
};
use event_store::reader::EventReader;
use identity::{Claims, Permission, SigningKey, claims::At, roles};
use messaging::Namespace;
use reqwest::{Client, header::HeaderMap};
use serde_json::{Value, json};
use service_kit::{
    client::Client as From,
    http::{HttpConfig, app, serve},
};
use std::{net::SocketAddr, num::NonZeroU32, path::Path, sync::OnceLock};
use testkit::{Env, TcpProxy};
use tokio::net::TcpListener;
use uuid::Uuid;

/// A service of this test's own.
pub(crate) struct World {
    pub(crate) env: Env,
    pub(crate) key: SigningKey,
    pub(crate) reader: EventReader,
    pub(crate) tenant: TenantId,
    address: SocketAddr,
    client: Client,
}

static DOCUMENT: OnceLock<Value> = OnceLock::new();

/// What came back.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// A request to be sent.
pub(crate) struct Request<'a> {
    pub(crate) path: &'a str,
    pub(crate) token: Option<&'a str>,
    pub(crate) key: Option<&'a str>,
    pub(crate) headers: &'a [(&'a str, &'a str)],
    pub(crate) body: Vec<u8>,
}

/// A restaurant with a grill, a bar, two tables, two items and guests at the first table.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) restaurant: RestaurantId,
    pub(crate) tables: Vec<TableId>,
    pub(crate) burger: Uuid,
    pub(crate) beer: Uuid,
    pub(crate) session: SessionId,
    pub(crate) diner: DinerId,
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::of(Env::start().await, SigningKey::generate().unwrap(), Uuid::now_v7().into()).await
    }

    /// Another process of the service on the same store, which remembers nothing.
    pub(crate) async fn another_process(&self) -> Self {
        let env = Env {
            access: self.env.access.clone(),
            admin_url: self.env.admin_url.clone(),
            schemas: self.env.schemas.clone(),
            nats_url: self.env.nats_url.clone(),
            nats_prefix: self.env.nats_prefix.clone(),
            shutdown: self.env.shutdown.child_token(),
        };
        Self::of(env, self.key.clone(), self.tenant).await
    }

    /// A service whose connections to MySQL go through this proxy.
    pub(crate) async fn behind(proxy: &TcpProxy, mut env: Env) -> Self {
        let (rest, schema) = env.access.writer.rsplit_once('/').unwrap();
        let (user, _) = rest.rsplit_once(':').unwrap();
        env.access.writer = format!("{user}:{}/{schema}", proxy.port());
        Self::of(env, SigningKey::generate().unwrap(), Uuid::now_v7().into()).await
    }

    async fn of(env: Env, key: SigningKey, tenant: TenantId) -> Self {
        let jwks = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("jwks-{}.json", Uuid::now_v7()));
        std::fs::write(&jwks, key.jwks_json()).unwrap();
        let personal = personal_data::Settings::demo(env.access.personal.clone()).unwrap();
        let config = Config {
            namespace: Namespace::new(&env.nats_prefix),
            sign_up: SignUp::Open,
            ..Config::new(env.access.writer.clone(), personal, env.nats_url.clone(), jwks)
        };
        let service: Service = command_service::start(config, env.shutdown.clone()).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let routes = service.routes().layer(from_fn(async |mut request: extract::Request, next: Next| {
            if let Some(from) = request.headers().get("x-test-address") {
                let address = from.to_str().unwrap().parse().unwrap();
                request.extensions_mut().insert(From { address, is_https: false });
            }
            next.run(request).await
        }));
        let app = app(routes, &HttpConfig { trail: testkit::trail(&env), ..HttpConfig::default() });
        tokio::spawn(serve(listener, app, env.shutdown.clone()));
        tokio::spawn(service.stopped());
        let reader = env.reader().await;
        Self { env, key, reader, tenant, address, client: Client::new() }
    }

    pub(crate) async fn send(&self, request: Request<'_>) -> Answer {
        self.try_send(request).await.unwrap()
    }

    /// Nothing when nobody listens.
    async fn try_send(&self, request: Request<'_>) -> Option<Answer> {
        let mut builder = self.client.post(format!("http://{}{}", self.address, request.path)).body(request.body);
        if let Some(token) = request.token {
            builder = builder.bearer_auth(token);
        }
        if let Some(key) = request.key {
            builder = builder.header("idempotency-key", key);
        }
        for (name, value) in request.headers {
            builder = builder.header(*name, *value);
        }
        let response = builder.send().await.ok()?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let answer = Answer { status, headers, body: response.bytes().await.ok()?.to_vec() };
        answer.must_be_listed("POST", request.path);
        Some(answer)
    }

    /// A sound command; `Value::Null` sends no body.
    pub(crate) async fn post(&self, token: &str, path: &str, key: &str, body: Value) -> Answer {
        self.try_post(token, path, key, body).await.unwrap()
    }

    /// Like [`Self::post`]; nothing when nobody listens.
    pub(crate) async fn try_post(&self, token: &str, path: &str, key: &str, body: Value) -> Option<Answer> {
        let headers = [("content-type", "application/json")];
        let (headers, body) =
            if body.is_null() { (&headers[..0], Vec::new()) } else { (&headers[..], body.to_string().into_bytes()) };
        self.try_send(Request { path, token: Some(token), key: Some(key), headers, body }).await
    }

    /// A sound command under a key of its own that must succeed.
    pub(crate) async fn done(&self, token: &str, path: &str, body: Value) -> Value {
        let answer = self.post(token, path, &Uuid::now_v7().to_string(), body).await;
        assert!((200..300).contains(&answer.status), "{path} answered {answer}");
        answer.json()
    }

    /// A command of somebody who has no token.
    pub(crate) async fn send_without_token(&self, path: &str, key: &str, body: Value) -> Answer {
        let (headers, body) = ([("content-type", "application/json")], body.to_string().into_bytes());
        self.send(Request { path, token: None, key: Some(key), headers: &headers, body }).await
    }

    /// Reads something; `headers` say who asks.
    pub(crate) async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut builder = self.client.get(format!("http://{}{path}", self.address));
        for (name, value) in headers {
            builder = builder.header(*name, *value);
        }
        let response = builder.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let answer = Answer { status, headers, body: response.bytes().await.unwrap().to_vec() };
        answer.must_be_listed("GET", path);
        answer
    }

    /// Reads something with a token.
    pub(crate) async fn read(&self, token: &str, path: &str) -> Answer {
        self.get(path, &[("authorization", &format!("Bearer {token}"))]).await
    }

    pub(crate) fn sign(&self, claims: &Claims) -> String {
        self.key.sign(claims).unwrap()
    }

    /// Somebody with these permissions.
    pub(crate) fn staff(&self, at: At, permissions: &[Permission]) -> String {
        self.sign(&staff_claims(self.tenant, at, permissions, Utc::now()))
    }

    pub(crate) fn owner(&self) -> String {
        self.staff(At::Everywhere, &Permission::ALL)
    }

    /// A machine whose key allows this in this restaurant.
    pub(crate) fn machine(&self, restaurant: RestaurantId, permissions: &[Permission]) -> String {
        self.machine_with(Uuid::now_v7().into(), restaurant, permissions)
    }

    /// The same with this key.
    pub(crate) fn machine_with(&self, key: ApiKeyId, restaurant: RestaurantId, permissions: &[Permission]) -> String {
        let (limit, place) = (NonZeroU32::new(600).unwrap(), (restaurant, permissions.iter().copied().collect()));
        self.sign(&Claims::machine(key, self.tenant, place, limit, Utc::now(), Duration::minutes(15)))
    }

    pub(crate) fn role(&self, place: &Place, role: &str) -> String {
        self.staff(At::Restaurant(place.restaurant), roles::permissions_of(role).unwrap())
    }

    pub(crate) fn guest(&self, place: &Place, session: SessionId, diner: DinerId) -> String {
        let seat = (place.tables[0], session);
        self.sign(&Claims::guest(diner, self.tenant, place.restaurant, seat, Utc::now(), Duration::hours(1)))
    }

    /// The guest who joined.
    pub(crate) fn diner(&self, place: &Place) -> String {
        self.guest(place, place.session, place.diner)
    }

    pub(crate) async fn place(&self) -> Place {
        let owner = self.owner();
        let created = self.done(&owner, "/v1/restaurants", restaurant_body("Casa Prueba")).await;
        let at = format!("/v1/restaurants/{}", created["id"].as_str().unwrap());
        let burger = self.done(&owner, &format!("{at}/menu/items"), item_body("Burger", 1_250, "grill")).await;
        let beer = self.done(&owner, &format!("{at}/menu/items"), item_body("Beer", 350, "bar")).await;
        let tables: Vec<TableId> =
            created["tables"].as_array().unwrap().iter().map(|it| id(&it["table_id"]).into()).collect();
        let opened = self.done(&owner, &format!("{at}/tables/{}/sessions", tables[0]), Value::Null).await;
        let place = Place {
            restaurant: id(&created["id"]).into(),
            tables,
            burger: id(&burger["item_id"]),
            beer: id(&beer["item_id"]),
            session: id(&opened["id"]).into(),
            diner: Uuid::now_v7().into(),
        };
        let join = place.at(&format!("/sessions/{}/join", place.session));
        self.done(&self.diner(&place), &join, Value::Null).await;
        place
    }

    /// The last position of the restaurant's feed.
    pub(crate) async fn position(&self, restaurant: RestaurantId) -> u64 {
        self.reader.head(restaurant.into()).await.unwrap().map_or(0, |head| head.cursor.position)
    }

    /// The last positions of the restaurant's feed and of its tenant's own.
    pub(crate) async fn positions(&self, place: &Place) -> (u64, u64) {
        let tenant = self.reader.head(self.tenant.into()).await.unwrap();
        (self.position(place.restaurant).await, tenant.map_or(0, |head| head.cursor.position))
    }

    /// The whole feed.
    pub(crate) async fn events(&self, feed: impl Into<FeedId>) -> Vec<RecordedEvent> {
        let (feed, mut events) = (feed.into(), Vec::new());
        loop {
            let page = self.reader.page(feed, events.len() as u64, 256).await.unwrap();
            if page.is_empty() {
                return events;
            }
            events.extend(page);
        }
    }

    pub(crate) async fn count_of(&self, restaurant: RestaurantId, event_type: &str) -> usize {
        self.events(restaurant).await.iter().filter(|event| event.event_type == event_type).count()
    }
}

impl Place {
    /// A path in this restaurant.
    pub(crate) fn at(&self, rest: &str) -> String {
        format!("/v1/restaurants/{}{rest}", self.restaurant)
    }

    pub(crate) fn order_body(&self) -> Value {
        json!({
            "session_id": self.session,
            "lines": [
                {"item_id": self.burger, "quantity": 2, "note": "no onions"},
                {"item_id": self.beer, "quantity": 1},
            ],
        })
    }
}

impl Answer {
    /// The document lists it.
    #[track_caller]
    fn must_be_listed(&self, method: &str, path: &str) {
        let document = DOCUMENT.get_or_init(|| serde_json::to_value(command_service::openapi()).unwrap());
        let code = serde_json::from_slice::<Value>(&self.body).ok().filter(|_| self.status >= 400);
        let code = code.as_ref().and_then(|problem| problem["code"].as_str());
        testkit::assert_documented(document, (method, path), self.status, code);
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The code of the problem, `ok` where there is none.
    pub(crate) fn code(&self) -> String {
        let code = self.json().get("code").and_then(|code| code.as_str().map(str::to_owned));
        code.filter(|_| self.status >= 400).unwrap_or_else(|| "ok".to_owned())
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub(crate) fn is_replayed(&self) -> bool {
        self.header("idempotency-replayed") == Some("true")
    }
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.status, String::from_utf8_lossy(&self.body))
    }
}

pub(crate) fn staff_claims(tenant: TenantId, at: At, permissions: &[Permission], now: DateTime<Utc>) -> Claims {
    Claims::staff("ana", tenant, &[], &[(at, permissions)], now, Duration::minutes(15))
}

pub(crate) fn id(value: &Value) -> Uuid {
    value.as_str().unwrap().parse().unwrap()
}

pub(crate) fn restaurant_body(name: &str) -> Value {
    json!({
        "name": name,
        "currency": "EUR",
        "time_zone": "Europe/Madrid",
        "stations": [{"key": "grill", "name": "Grill"}, {"key": "bar", "name": "Bar"}],
        "tables": [{"label": "1", "seats": 4}, {"label": "2", "seats": 2}],
    })
}

pub(crate) fn item_body(name: &str, amount: i64, station: &str) -> Value {
    json!({"name": name, "price": {"amount": amount, "currency": "EUR"}, "tax_rate_bp": 1_000, "station": station})
}
