//! Consoles that come back by themselves, and what they applied: over sockets, and one over SSE.

use super::{
    cast::Cast,
    house::{House, TOKEN_FOR},
    ledger::Ledger,
    sse::{Sse, Step},
    violation::{Kind, Violation},
};
use domain::{envelope::Cursor, scope::Scope};
use realtime_gateway::{
    client::{ClientConfig, ClientEvent, RealtimeClient, TokenSource},
    frames::StreamName,
};
use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};
use tokio_util::task::AbortOnDropHandle;

/// What each restaurant's sockets show.
const SCOPES: [&str; 3] = ["kitchen:grill", "kitchen:bar", "floor"];
/// What it follows over SSE.
const SSE_SCOPE: &str = "audit";

/// A screen.
pub(super) struct Screen {
    pub(super) restaurant: usize,
    pub(super) scope: Scope,
    shown: Shown,
    _task: AbortOnDropHandle<()>,
}

/// What a screen has applied.
#[derive(Clone, Default)]
struct Shown {
    applied: Arc<Mutex<Vec<String>>>,
    connections: Arc<AtomicU64>,
}

impl Shown {
    fn apply(&self, envelope: &str) {
        self.applied.lock().unwrap_or_else(PoisonError::into_inner).push(envelope.to_owned());
    }

    fn connected(&self) {
        self.connections.fetch_add(1, Ordering::Relaxed);
    }
}

/// All screens.
pub(super) struct Screens(pub(super) Vec<Screen>);

impl Screens {
    pub(super) fn start(cast: &Cast, houses: &[Arc<House>], ledger: &Arc<Ledger>) -> Self {
        let house = &cast.installation;
        let token = house.staff_of(house.tenant, "owner", TOKEN_FOR);
        let each = houses.iter().flat_map(|house| {
            let mut gateways = cast.gateways();
            gateways.rotate_left(house.number % cast.gateways().len());
            let sockets = SCOPES.map(|scope| Screen::socket(house, scope, &gateways, &token, ledger));
            let sse = Screen::sse(house, &gateways, &token, ledger);
            sockets.into_iter().chain([sse])
        });
        Self(each.collect())
    }

    pub(super) fn applied(&self) -> usize {
        self.0.iter().map(Screen::count).sum()
    }

    pub(super) fn connections(&self) -> u64 {
        self.0.iter().map(|screen| screen.shown.connections.load(Ordering::Relaxed)).sum()
    }
}

impl Screen {
    fn socket(house: &House, scope: &str, gateways: &[String], token: &str, ledger: &Arc<Ledger>) -> Self {
        let urls = gateways.iter().map(|front| format!("ws://{front}/v1/realtime")).collect();
        let scope: Scope = scope.parse().unwrap();
        let stream = StreamName { restaurant: house.id, scope: scope.clone() };
        let beginning = Cursor { epoch: 1, position: 0 };
        let token = token.to_owned();
        let source: TokenSource = Arc::new(move || {
            let token = token.clone();
            Box::pin(async move { Ok(token) })
        });
        let device = Some("judge".to_owned());
        let config = ClientConfig { urls, token: source, device, streams: vec![(stream, Some(beginning))] };
        let (shown, ledger) = (Shown::default(), Arc::clone(ledger));
        let task = tokio::spawn(watch(RealtimeClient::connect(config), shown.clone(), ledger));
        Self { restaurant: house.number, scope, shown, _task: AbortOnDropHandle::new(task) }
    }

    fn sse(house: &House, gateways: &[String], token: &str, ledger: &Arc<Ledger>) -> Self {
        let (gateways, token) = (gateways.to_vec(), token.to_owned());
        let sse = Sse { gateways, token, restaurant: house.id, scope: SSE_SCOPE.to_owned(), last: 0 };
        let (shown, ledger) = (Shown::default(), Arc::clone(ledger));
        let telling = shown.clone();
        let task = tokio::spawn(sse.follow(move |step| match step {
            None => telling.connected(),
            Some(Step::Apply(envelope)) => telling.apply(&envelope),
            Some(Step::Wrong(violation)) => ledger.accuse(violation),
            Some(Step::Noted) => {}
        }));
        let scope = SSE_SCOPE.parse().unwrap();
        Self { restaurant: house.number, scope, shown, _task: AbortOnDropHandle::new(task) }
    }

    /// The envelopes in the order in which they were applied.
    pub(super) fn applied(&self) -> Vec<String> {
        self.shown.applied.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.shown.applied.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

async fn watch(mut client: RealtimeClient, shown: Shown, ledger: Arc<Ledger>) {
    while let Some(event) = client.next().await {
        match event {
            ClientEvent::Event { event, .. } => shown.apply(event.get()),
            ClientEvent::Connected { .. } => shown.connected(),
            ClientEvent::Reset { .. } | ClientEvent::Stopped { .. } => {
                ledger.accuse(Violation::new(Kind::Different, format!("a screen cannot go on: {event:?}")));
            }
            _ => {}
        }
    }
}
