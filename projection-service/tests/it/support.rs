//! An installation with projection-services of its own.

use axum::{Router, body::Body, http::Request};
use chrono::{Duration as Span, Utc};
use domain::{
    envelope::{Cursor, RecordedEvent},
    event::Event,
    ids::SessionId,
    limits::PAGE_EVENTS_MAX,
    stream::StreamId,
};
use event_store::{
    committer::Committers,
    pool::{self, Isolation},
    reader::EventReader,
};
use http::StatusCode;
use identity::{Claims, Permission, SigningKey, claims::At};
use messaging::{Namespace, envelope};
use projection_service::{
    Config, Service,
    check::{self, Report},
};
use service_kit::http::{HttpConfig, app};
use sqlx::{MySqlPool, Row};
use std::{path::PathBuf, time::Duration};
use testkit::{Env, Place, TcpProxy, wait_for};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;
use uuid::Uuid;

/// The longest wait for something that takes milliseconds.
pub(crate) const SOON: Duration = Duration::from_secs(30);
/// The projections.
pub(crate) const PROJECTIONS: [&str; 3] = ["restaurants@1", "kitchen_board@1", "orders@1"];

/// An installation.
pub(crate) struct Setup {
    pub(crate) env: Env,
    pub(crate) committers: Committers,
    pub(crate) reader: EventReader,
    /// The read side, with all rights.
    pub(crate) views: MySqlPool,
    /// The event side, with all rights.
    pub(crate) events: MySqlPool,
    pub(crate) keys: SigningKey,
    jwks: PathBuf,
    nats: async_nats::Client,
}

/// A running projection-service.
pub(crate) struct Running {
    app: Router,
    service: Service,
    shutdown: CancellationToken,
}

impl Setup {
    pub(crate) async fn start() -> Self {
        // What went wrong inside is shown beside a test that fails.
        let _ = tracing_subscriber::fmt().with_test_writer().with_max_level(tracing::Level::WARN).try_init();
        let env = Env::start().await;
        let keys = SigningKey::generate().unwrap();
        let jwks = std::env::temp_dir().join(format!("arisgourmet-jwks-{}.json", Uuid::now_v7()));
        std::fs::write(&jwks, keys.jwks_json()).unwrap();
        Self {
            committers: env.committers(),
            reader: env.reader().await,
            views: pool::connect(&env.views_admin_url(), Isolation::RepeatableRead, 4).await.unwrap(),
            events: pool::connect(&env.events_admin_url(), Isolation::ReadCommitted, 2).await.unwrap(),
            nats: messaging::connect(&env.nats_url, "test").await.unwrap(),
            env,
            keys,
            jwks,
        }
    }

    /// Starts a service under this name.
    pub(crate) async fn service(&self, node: &str) -> Running {
        self.service_over(node, &self.env.access.projection).await
    }

    /// Starts a service that reaches the read side at this address.
    pub(crate) async fn service_over(&self, node: &str, projection_url: &str) -> Running {
        let shutdown = CancellationToken::new();
        let config = Config {
            projection_url: projection_url.to_owned().into(),
            reader_url: self.env.access.reader.clone().into(),
            personal: personal_data::Settings::demo(self.env.access.personal.clone()).unwrap(),
            nats_url: self.env.nats_url.clone(),
            namespace: Namespace::new(&self.env.nats_prefix),
            keys: self.jwks.as_path().into(),
            node: node.to_owned(),
            workers: 4,
            lease: Duration::from_secs(2),
            retention: action_log::Retention::default(),
            query_connections: 8,
        };
        let service = projection_service::start(config, shutdown.clone()).await.unwrap();
        let http = HttpConfig { trail: testkit::trail(&self.env), ..HttpConfig::default() };
        Running { app: app(service.routes(), &http), service, shutdown }
    }

    pub(crate) async fn place(&self) -> Place {
        Place::create(&self.env, &self.committers).await
    }

    /// Appends events as one command; answers the last position.
    pub(crate) async fn append(&self, place: &Place, events: Vec<(StreamId, Event)>) -> u64 {
        let reply = place.append(&self.committers, events).await.unwrap();
        let body: serde_json::Value = serde_json::from_slice(&reply.answer.body).unwrap();
        body["position"].as_u64().unwrap()
    }

    /// A token with these claims.
    pub(crate) fn sign(&self, claims: &Claims) -> String {
        self.keys.sign(claims).unwrap()
    }

    /// The token of somebody who works there and may do this.
    pub(crate) fn staff(&self, place: &Place, permissions: &[Permission]) -> String {
        let grants = [(At::Restaurant(place.restaurant), permissions)];
        let claims = Claims::staff("ana", place.tenant, &[], &grants, Utc::now(), Span::hours(1));
        self.keys.sign(&claims).unwrap()
    }

    /// The token of a guest of this session.
    pub(crate) fn guest(&self, place: &Place, session: SessionId) -> String {
        let at = (place.table, session);
        let claims = Claims::guest(place.diner, place.tenant, place.restaurant, at, Utc::now(), Span::hours(1));
        self.keys.sign(&claims).unwrap()
    }

    /// All events of a place.
    pub(crate) async fn feed(&self, place: &Place) -> Vec<RecordedEvent> {
        let mut events: Vec<RecordedEvent> = Vec::new();
        loop {
            let after = events.last().map_or(0, |event| event.cursor.position);
            let page = self.reader.page(place.feed(), after, PAGE_EVENTS_MAX).await.unwrap();
            if page.is_empty() {
                return events;
            }
            events.extend(page);
        }
    }

    /// Publishes an event as a relay does.
    pub(crate) async fn publish(&self, event: &RecordedEvent) {
        let namespace = Namespace::new(&self.env.nats_prefix);
        let (subject, headers, payload) = envelope::to_message(event, &namespace);
        self.nats.publish_with_headers(subject, headers, payload).await.unwrap();
    }

    /// Where a projection stands.
    pub(crate) async fn stands(&self, projection: &str, place: &Place) -> Option<Cursor> {
        let row =
            sqlx::query("SELECT epoch, position FROM projection_checkpoints WHERE projection = ? AND feed_id = ?")
                .bind(projection)
                .bind(place.restaurant.0)
                .fetch_optional(&self.views)
                .await
                .unwrap()?;
        Some(Cursor { epoch: row.get("epoch"), position: row.get("position") })
    }

    /// Waits until every view has applied everything.
    pub(crate) async fn caught_up(&self, place: &Place) {
        let head = self.reader.head(place.feed()).await.unwrap().unwrap().cursor;
        for projection in PROJECTIONS {
            wait_for(&format!("{projection} reaches {head}"), SOON, async || {
                match self.stands(projection, place).await {
                    Some(cursor) if cursor >= head => Ok(()),
                    seen => Err(format!("{seen:?}")),
                }
            })
            .await;
        }
    }

    /// Compares the views with the fold of the feed.
    pub(crate) async fn check(&self, place: &Place) -> Report {
        check::restaurant(&self.views, &self.reader, place.feed()).await.unwrap()
    }

    /// Waits for every view, then asserts that each row is what the events say.
    pub(crate) async fn assert_equal_to_fold(&self, place: &Place) {
        self.caught_up(place).await;
        let report = self.check(place).await;
        assert!(report.is_clean(), "{report:#?}");
        assert!(report.views.iter().any(|view| view.rows > 0));
    }
}

impl Drop for Setup {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.jwks);
    }
}

impl Running {
    /// Asks for something of a place.
    pub(crate) async fn get(&self, place: &Place, path: &str, token: &str) -> (StatusCode, serde_json::Value) {
        get(self.app.clone(), place, path, token).await
    }

    /// The routes, for requests that run beside the test.
    pub(crate) fn app(&self) -> Router {
        self.app.clone()
    }

    /// Whether every check passes.
    pub(crate) async fn is_ready(&self) -> bool {
        service_kit::health::Health::new(self.service.health(), CancellationToken::new()).is_ready().await
    }

    /// Stops it and waits for its end.
    pub(crate) async fn stop(self) {
        self.shutdown.cancel();
        tokio::time::timeout(SOON, self.service.stopped()).await.expect("the service ends");
    }
}

/// Asks for something of a place.
pub(crate) async fn get(app: Router, place: &Place, path: &str, token: &str) -> (StatusCode, serde_json::Value) {
    let request = Request::get(format!("/v1/restaurants/{}{path}", place.restaurant))
        .header("Authorization", format!("Bearer {token}"))
        .body(Body::empty())
        .unwrap();
    let response = app.oneshot(request).await.unwrap();
    let status = response.status();
    let body = axum::body::to_bytes(response.into_body(), 16 * 1024 * 1024).await.unwrap();
    (status, serde_json::from_slice(&body).unwrap())
}

/// A proxy before the read side, and the address through it.
pub(crate) async fn proxied(setup: &Setup) -> (TcpProxy, String) {
    let url = &setup.env.access.projection;
    let (before, rest) = url.rsplit_once("@127.0.0.1:").unwrap();
    let (port, schema) = rest.split_once('/').unwrap();
    let proxy = TcpProxy::start(port.parse().unwrap()).await;
    let url = format!("{before}@127.0.0.1:{}/{schema}", proxy.port());
    (proxy, url)
}
