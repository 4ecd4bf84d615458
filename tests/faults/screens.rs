//! Consoles that come back by themselves, and what they applied.

use super::cast::Cast;
use crate::restaurant::Restaurant;
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

/// What each restaurant's screens show.
pub(super) const SCOPES: [&str; 2] = ["kitchen:grill", "floor"];

/// A screen.
pub(super) struct Screen {
    pub(super) restaurant: usize,
    pub(super) scope: Scope,
    applied: Arc<Mutex<Vec<String>>>,
    connections: Arc<AtomicU64>,
    _task: AbortOnDropHandle<()>,
}

/// All screens.
pub(super) struct Screens(pub(super) Vec<Screen>);

impl Screens {
    pub(super) fn start(cast: &Cast, places: &[Arc<Restaurant>]) -> Self {
        let token = cast.installation.staff("owner");
        let source: TokenSource = Arc::new(move || {
            let token = token.clone();
            Box::pin(async move { Ok(token) })
        });
        let each = places.iter().enumerate().flat_map(|(restaurant, place)| {
            let (source, urls) = (source.clone(), cast.gateway_urls());
            SCOPES.map(move |scope| Screen::start(restaurant, place, scope, urls.clone(), source.clone()))
        });
        Self(each.collect())
    }

    pub(super) fn applied(&self) -> usize {
        self.0.iter().map(|screen| screen.applied().len()).sum()
    }

    pub(super) fn connections(&self) -> u64 {
        self.0.iter().map(|screen| screen.connections.load(Ordering::Relaxed)).sum()
    }
}

impl Screen {
    fn start(restaurant: usize, place: &Restaurant, scope: &str, mut urls: Vec<String>, token: TokenSource) -> Self {
        let by = restaurant % urls.len();
        urls.rotate_left(by);
        let scope: Scope = scope.parse().unwrap();
        let name = StreamName { restaurant: place.id, scope: scope.clone() };
        let beginning = Cursor { epoch: 1, position: 0 };
        let device = Some("judge".to_owned());
        let client =
            RealtimeClient::connect(ClientConfig { urls, token, device, streams: vec![(name, Some(beginning))] });
        let (applied, connections) = (Arc::<Mutex<Vec<String>>>::default(), Arc::<AtomicU64>::default());
        let task = tokio::spawn(watch(client, Arc::clone(&applied), Arc::clone(&connections)));
        Self { restaurant, scope, applied, connections, _task: AbortOnDropHandle::new(task) }
    }

    /// The envelopes in the order in which they were applied.
    pub(super) fn applied(&self) -> Vec<String> {
        self.applied.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn watch(mut client: RealtimeClient, applied: Arc<Mutex<Vec<String>>>, connections: Arc<AtomicU64>) {
    while let Some(event) = client.next().await {
        match event {
            ClientEvent::Event { event, .. } => {
                applied.lock().unwrap_or_else(PoisonError::into_inner).push(event.get().to_owned());
            }
            ClientEvent::Connected { .. } => {
                connections.fetch_add(1, Ordering::Relaxed);
            }
            ClientEvent::Reset { .. } | ClientEvent::Stopped { .. } => panic!("a screen cannot go on: {event:?}"),
            _ => {}
        }
    }
}
