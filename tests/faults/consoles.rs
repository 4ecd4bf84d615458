//! Five hundred consoles lose their gateway at once: all are live again at the other one within five seconds,
//! none has missed or repeated anything, and MySQL is not asked for more pages at a time than it should.

use super::compare::compare;
use crate::{
    console::fire_orders,
    installation::{Installation, Service, Special, free_port},
    restaurant::Restaurant,
};
use domain::{
    envelope::{Cursor, RecordedEvent},
    scope::{Tags, visible},
};
use futures::future::join_all;
use realtime_gateway::{
    client::{ClientConfig, ClientEvent, RealtimeClient, TokenSource},
    frames::StreamName,
};
use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};
use testkit::{wait_for, wait_until};
use tokio::sync::watch;
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

const CONSOLES: usize = 500;
const RESTAURANTS: usize = 5;
const SCOPES: [&str; 3] = ["kitchen:grill", "kitchen:bar", "floor"];
/// What is promised.
const LIVE_WITHIN: Duration = Duration::from_secs(5);
/// What a test waits for anything before it gives up.
const PATIENCE: Duration = Duration::from_secs(90);
/// Pages of the store that a gateway reads at a time (docs/operations.md).
const PAGES_AT_A_TIME: f64 = 6.0;
/// Events that the other gateway keeps in memory of each restaurant: so few that many consoles need MySQL.
const RING_EVENTS: &str = "8";

/// What one console has seen.
#[derive(Default)]
struct Seen {
    applied: Vec<String>,
    node: String,
    /// When it was live at which node.
    live: Option<(String, Instant)>,
}

struct Console {
    place: usize,
    scope: &'static str,
    seen: Arc<Mutex<Seen>>,
    _task: AbortOnDropHandle<()>,
}

impl Console {
    /// A console with an account of its own, as each tablet of a kitchen has.
    fn start(number: usize, house: &Installation, places: &[Restaurant], urls: &[String]) -> Self {
        let (place, scope) = (number % places.len(), SCOPES[number % SCOPES.len()]);
        let stream = StreamName { restaurant: places[place].id, scope: scope.parse().unwrap() };
        let token = house.person(&format!("kds-{number}"), "owner");
        let token: TokenSource = Arc::new(move || {
            let token = token.clone();
            Box::pin(async move { Ok(token) })
        });
        let mut client = RealtimeClient::connect(ClientConfig {
            urls: urls.to_vec(),
            token,
            device: Some(format!("kds-{number}")),
            streams: vec![(stream, Some(Cursor { epoch: 1, position: 0 }))],
        });
        let seen = Arc::<Mutex<Seen>>::default();
        let noting = Arc::clone(&seen);
        let task = tokio::spawn(async move {
            while let Some(event) = client.next().await {
                noting.lock().unwrap().note(event);
            }
        });
        Self { place, scope, seen, _task: AbortOnDropHandle::new(task) }
    }

    /// When it was live at this node.
    fn live_at(&self, node: &str) -> Option<Instant> {
        self.seen.lock().unwrap().live.as_ref().filter(|(at, _)| at == node).map(|(_, when)| *when)
    }

    fn count(&self) -> usize {
        self.seen.lock().unwrap().applied.len()
    }
}

impl Seen {
    fn note(&mut self, event: ClientEvent) {
        match event {
            ClientEvent::Connected { node } => self.node = node,
            ClientEvent::Event { event, .. } => self.applied.push(event.get().to_owned()),
            ClientEvent::Live { .. } => {
                let first = self.live.as_ref().is_none_or(|(at, _)| *at != self.node);
                if first {
                    self.live = Some((self.node.clone(), Instant::now()));
                }
            }
            ClientEvent::Reset { .. } | ClientEvent::Stopped { .. } => panic!("a console cannot go on: {event:?}"),
            _ => {}
        }
    }
}

/// How late this machine wakes who asked to be woken: what it owes to others that work on it.
fn machine_lag(stop: CancellationToken) -> watch::Receiver<Duration> {
    const TICK: Duration = Duration::from_millis(10);
    let (lag, seen) = watch::channel(Duration::ZERO);
    tokio::spawn(async move {
        while !stop.is_cancelled() {
            let asked = Instant::now();
            tokio::time::sleep(TICK).await;
            lag.send_modify(|lag| *lag += asked.elapsed().saturating_sub(2 * TICK));
        }
    });
    seen
}

async fn all_live(consoles: &[Console], node: &str) -> Vec<Instant> {
    wait_for(&format!("all are live at {node}"), PATIENCE, async || {
        let live: Vec<_> = consoles.iter().filter_map(|console| console.live_at(node)).collect();
        if live.len() == consoles.len() { Ok(live) } else { Err(format!("{} are", live.len())) }
    })
    .await
}

async fn metric(service: &Service, name: &str) -> f64 {
    let text = reqwest::get(format!("{}/metrics", service.url())).await.unwrap().text().await.unwrap();
    let line = text.lines().find(|line| line.split(' ').next() == Some(name));
    line.and_then(|line| line.rsplit(' ').next()).map_or(0.0, |value| value.parse().unwrap())
}

/// Envelopes of the whole feed that a scope shows.
async fn promised(house: &Installation, place: &Restaurant, scope: &str) -> Vec<String> {
    let (reader, scope) = (house.env.reader().await, scope.parse().unwrap());
    let mut feed: Vec<RecordedEvent> = Vec::new();
    loop {
        let page =
            reader.page(place.id.into(), feed.last().map_or(0, |event| event.cursor.position), 256).await.unwrap();
        if page.is_empty() {
            break;
        }
        feed.extend(page);
    }
    let shown = feed.iter().filter(|event| visible(&scope, &event.event_type, &Tags::of(&event.payload)));
    shown.map(|event| String::from_utf8(event.envelope_json()).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_consoles_that_lose_their_gateway_are_live_at_the_other_in_five_seconds() {
    let house = Arc::new(Installation::new().await);
    let (command, _relay) = (house.serve("command").await, house.serve("relay").await);
    let lost = house.serve("gateway").await;
    let small = Special { env: vec![("ARIS_REALTIME_RING_EVENTS", RING_EVENTS.to_owned())], ..Special::default() };
    let mut other = house.spawn("gateway", free_port(), &small);
    other.until_ready().await;
    let opened = (0..RESTAURANTS).map(|number| {
        let (house, command) = (&house, &command);
        async move { Restaurant::open(house, command, &format!("Casa-{number}")).await }
    });
    let places = Arc::new(join_all(opened).await);
    let urls = [lost.realtime(), other.realtime()];
    let consoles: Vec<_> = (0..CONSOLES).map(|number| Console::start(number, &house, &places, &urls)).collect();
    let (before, after) = (format!("gateway-{}", lost.port()), format!("gateway-{}", other.port()));
    all_live(&consoles, &before).await;

    let stop = CancellationToken::new();
    let orders = tokio::spawn({
        let (places, bases, stop) = (Arc::clone(&places), [command.url()], stop.clone());
        async move {
            let mut round = 0;
            while !stop.is_cancelled() {
                round += 1;
                let name = format!("round-{round}");
                join_all(places.iter().map(|place| fire_orders(place, &bases, 1, &name))).await;
            }
        }
    });
    wait_until("orders flow", PATIENCE, async || consoles.iter().all(|console| console.count() > 2)).await;
    let watching = CancellationToken::new();
    let lag = machine_lag(watching.clone());
    lost.kill().await;
    let killed = Instant::now();
    let mut waits: Vec<_> = all_live(&consoles, &after).await.iter().map(|at| at.duration_since(killed)).collect();
    watching.cancel();
    stop.cancel();
    orders.await.unwrap();

    let mut violations = Vec::new();
    for (place, restaurant) in places.iter().enumerate() {
        for scope in SCOPES {
            let promised = promised(&house, restaurant, scope).await;
            for console in consoles.iter().filter(|it| it.place == place && it.scope == scope) {
                wait_until("a console has all", PATIENCE, async || console.count() >= promised.len()).await;
                let applied = console.seen.lock().unwrap().applied.clone();
                violations.extend(compare(scope, &promised, &applied));
            }
        }
    }
    assert_eq!(violations, []);
    let most = metric(&other, "realtime_pages_being_read_most").await;
    let (pages, shared) =
        (metric(&other, "realtime_store_catch_ups_total").await, metric(&other, "realtime_shared_pages_total").await);
    waits.sort_unstable();
    let (half, last, lag) = (waits[CONSOLES / 2], waits[CONSOLES - 1], *lag.borrow());
    println!("{CONSOLES} consoles live again: half after {half:?}, the last after {last:?} (machine late by {lag:?})");
    println!("{pages} caught up from MySQL, {shared} with somebody else's page, at most {most} pages at a time");
    assert!(pages > 0.0 && (1.0..=PAGES_AT_A_TIME).contains(&most), "{most} pages at a time");
    assert!(last <= LIVE_WITHIN + lag, "the last was live after {last:?}, on a machine that was late by {lag:?}");
}
