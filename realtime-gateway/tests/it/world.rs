//! A restaurant, and gateways that follow it.

use chrono::Utc;
use domain::{envelope::RecordedEvent, event::Event, scope::Scope, stream::StreamId};
use event_store::{committer::Committers, reader::EventReader};
use identity::{Claims, Permission, SigningKey, claims::At};
use messaging::Namespace;
use realtime_gateway::{
    Config, Service,
    client::{ClientConfig, RealtimeClient, TokenSource},
    frames::{Retry, StreamName},
};
use service_kit::http::HttpConfig;
use std::{path::PathBuf, sync::Arc, time::Duration};
use testkit::{Env, Place};
use tokio::net::{TcpListener, TcpSocket};
use tokio_util::sync::CancellationToken;

/// Long enough for a busy machine, short enough to notice what hangs.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct World {
    pub(crate) env: Env,
    pub(crate) place: Place,
    committers: Committers,
    pub(crate) reader: EventReader,
    nats: async_nats::Client,
    key: SigningKey,
    jwks: PathBuf,
}

pub(crate) struct Gateway {
    pub(crate) port: u16,
    pub(crate) service: Service,
    pub(crate) shutdown: CancellationToken,
}

impl World {
    pub(crate) async fn start() -> Self {
        let env = Env::start().await;
        let committers = env.committers();
        let place = Place::create(&env, &committers).await;
        let (reader, key) = (env.reader().await, SigningKey::generate().unwrap());
        let jwks = std::env::temp_dir().join(format!("aris-jwks-{}.json", uuid::Uuid::now_v7()));
        std::fs::write(&jwks, key.jwks_json()).unwrap();
        let nats = messaging::connect(&env.nats_url, "test").await.unwrap();
        Self { env, place, committers, reader, nats, key, jwks }
    }

    pub(crate) fn config(&self) -> Config {
        let mut config = Config::new(self.env.access.reader.as_str(), self.env.nats_url.as_str(), &self.jwks);
        config.namespace = Namespace::new(&self.env.nats_prefix);
        config.retry = Retry { base_ms: 5, cap_ms: 50, first_ms: [0, 20] };
        config
    }

    pub(crate) async fn gateway(&self) -> Gateway {
        let http = HttpConfig { trail: testkit::trail(&self.env), ..HttpConfig::default() };
        Gateway::limited(self.config(), http).await
    }

    /// Appends orders, four events each; `told` says whether NATS hears of them.
    pub(crate) async fn orders(&self, count: usize, told: bool) {
        let events = (0..count).flat_map(|_| self.place.fired_order().1).collect();
        self.append(events, told).await;
    }

    pub(crate) async fn append(&self, events: Vec<(StreamId, Event)>, told: bool) {
        let from = self.head().await;
        self.place.append(&self.committers, events).await.unwrap();
        if told {
            self.publish(from).await;
        }
    }

    /// What the relay does.
    async fn publish(&self, after: u64) {
        let namespace = Namespace::new(&self.env.nats_prefix);
        for event in self.reader.page(self.place.feed(), after, 256).await.unwrap() {
            let (subject, headers, payload) = messaging::envelope::to_message(&event, &namespace);
            self.nats.publish_with_headers(subject, headers, payload).await.unwrap();
        }
        self.nats.flush().await.unwrap();
    }

    pub(crate) async fn head(&self) -> u64 {
        self.reader.head(self.place.feed()).await.unwrap().map_or(0, |head| head.cursor.position)
    }

    pub(crate) async fn feed(&self) -> Vec<RecordedEvent> {
        let mut feed: Vec<RecordedEvent> = Vec::new();
        loop {
            let after = feed.last().map_or(0, |event| event.cursor.position);
            let page = self.reader.page(self.place.feed(), after, 256).await.unwrap();
            if page.is_empty() {
                return feed;
            }
            feed.extend(page);
        }
    }

    /// What a scope shows of the feed, as envelopes.
    pub(crate) async fn shown(&self, scope: &Scope) -> Vec<String> {
        let shown = |event: &RecordedEvent| {
            domain::scope::visible(scope, &event.event_type, &domain::scope::Tags::of(&event.payload))
        };
        let feed = self.feed().await;
        feed.iter()
            .filter(|event| shown(event))
            .map(|event| String::from_utf8(event.envelope_json()).unwrap())
            .collect()
    }

    pub(crate) fn staff(&self, permissions: &[Permission]) -> String {
        self.staff_for(permissions, chrono::Duration::minutes(15))
    }

    /// For another than the one that all these tokens are for.
    pub(crate) fn staff_named(&self, name: &str, permissions: &[Permission]) -> String {
        let grants = [(At::Restaurant(self.place.restaurant), permissions)];
        let lifetime = chrono::Duration::minutes(15);
        self.sign(&Claims::staff(name, self.place.tenant, &[], &grants, Utc::now(), lifetime))
    }

    pub(crate) fn staff_for(&self, permissions: &[Permission], lifetime: chrono::Duration) -> String {
        let grants = [(At::Restaurant(self.place.restaurant), permissions)];
        self.sign(&Claims::staff("ana", self.place.tenant, &[], &grants, Utc::now(), lifetime))
    }

    pub(crate) fn guest(&self, session: domain::ids::SessionId) -> String {
        let Place { diner, tenant, restaurant, table, .. } = self.place;
        let lifetime = chrono::Duration::minutes(15);
        self.sign(&Claims::guest(diner, tenant, restaurant, (table, session), Utc::now(), lifetime))
    }

    pub(crate) fn sign(&self, claims: &Claims) -> String {
        self.key.sign(claims).unwrap()
    }

    pub(crate) fn client(&self, gateways: &[&Gateway], streams: Vec<(StreamName, Option<u64>)>) -> RealtimeClient {
        self.client_at(&gateways.iter().map(|gateway| gateway.port).collect::<Vec<_>>(), streams)
    }

    /// A client of what stands behind these ports.
    pub(crate) fn client_at(&self, ports: &[u16], streams: Vec<(StreamName, Option<u64>)>) -> RealtimeClient {
        let token = self.staff(&Permission::ALL);
        let source: TokenSource = Arc::new(move || {
            let token = token.clone();
            Box::pin(async move { Ok(token) })
        });
        let cursor = |position| domain::envelope::Cursor { epoch: 1, position };
        RealtimeClient::connect(ClientConfig {
            urls: ports.iter().map(|port| url_at(*port)).collect(),
            token: source,
            device: Some("test".to_owned()),
            streams: streams.into_iter().map(|(name, after)| (name, after.map(cursor))).collect(),
        })
    }

    pub(crate) fn stream(&self, scope: &str) -> StreamName {
        StreamName { restaurant: self.place.restaurant, scope: scope.parse().unwrap() }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.jwks);
    }
}

impl Gateway {
    pub(crate) async fn start(config: Config) -> Self {
        Self::limited(config, HttpConfig::default()).await
    }

    /// With these settings of what stands around its routes.
    pub(crate) async fn limited(config: Config, http: HttpConfig) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        // Small, so that a client that does not read is noticed early.
        socket.set_send_buffer_size(16 * 1024).unwrap();
        socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
        Self::on(socket.listen(1_024).unwrap(), config, http).await
    }

    async fn on(listener: TcpListener, config: Config, http: HttpConfig) -> Self {
        let port = listener.local_addr().unwrap().port();
        let shutdown = CancellationToken::new();
        let service = realtime_gateway::start(config, shutdown.clone()).await.unwrap();
        let app = service_kit::http::app(service.routes(), &http);
        tokio::spawn(service_kit::http::serve(listener, app, shutdown.clone()));
        Self { port, service, shutdown }
    }

    pub(crate) fn url(&self) -> String {
        url_at(self.port)
    }
}

fn url_at(port: u16) -> String {
    format!("ws://127.0.0.1:{port}/v1/realtime")
}
