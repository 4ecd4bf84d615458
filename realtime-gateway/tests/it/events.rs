//! The same cursor without a socket: pages, and server-sent events.

use crate::{
    raw::{Raw, stream},
    world::{Gateway, PATIENCE, World},
};
use domain::scope::Scope;
use identity::Permission;
use reqwest::{Response, StatusCode};
use serde_json::{Value, json, value::RawValue};
use std::time::Duration;
use tokio::time::timeout;

/// A page, with the events as the bytes that came.
#[derive(serde::Deserialize)]
struct Page {
    events: Vec<Box<RawValue>>,
    cursor: Cursor,
    live: bool,
}

#[derive(serde::Deserialize, Debug, PartialEq, Eq, Clone, Copy)]
struct Cursor {
    epoch: u32,
    position: u64,
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.epoch, self.position)
    }
}

fn url(world: &World, gateway: &Gateway, query: &str) -> String {
    format!("http://127.0.0.1:{}/v1/restaurants/{}/events?{query}", gateway.port, world.place.restaurant)
}

async fn get(world: &World, gateway: &Gateway, token: &str, query: &str) -> Response {
    reqwest::Client::new().get(url(world, gateway, query)).bearer_auth(token).send().await.unwrap()
}

async fn refused(world: &World, gateway: &Gateway, token: &str, query: &str, status: StatusCode, code: &str) -> Value {
    let answer = get(world, gateway, token, query).await;
    assert_eq!(answer.status(), status, "{query}");
    let problem: Value = answer.json().await.unwrap();
    assert_eq!(problem["code"], code, "{query}: {problem}");
    problem
}

/// Reads pages until there is nothing more.
async fn pages(world: &World, gateway: &Gateway, token: &str, scope: &str, limit: usize) -> (Vec<String>, Cursor) {
    let (mut events, mut after) = (Vec::new(), "1.0".to_owned());
    loop {
        let answer = get(world, gateway, token, &format!("scope={scope}&after={after}&limit={limit}")).await;
        assert_eq!(answer.status(), 200);
        let page: Page = answer.json().await.unwrap();
        assert!(page.events.len() <= limit);
        events.extend(page.events.iter().map(|event| event.get().to_owned()));
        after = page.cursor.to_string();
        if page.live {
            return (events, page.cursor);
        }
    }
}

/// A stream of server-sent events.
struct Sse {
    answer: Response,
    text: String,
}

#[derive(Debug)]
struct Message {
    id: Option<String>,
    kind: String,
    data: Value,
    raw: String,
}

impl Sse {
    async fn open(world: &World, gateway: &Gateway, token: &str, scope: &str, last: Option<&str>) -> Self {
        let request = reqwest::Client::new().get(url(world, gateway, &format!("scope={scope}&after=1.0")));
        let mut request = request.bearer_auth(token).header("accept", "text/event-stream");
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        Self { answer, text: String::new() }
    }

    /// The next message; `None` at the end.
    async fn next(&mut self) -> Option<Message> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let block = block.to_owned();
                self.text = rest.to_owned();
                let field = |name: &str| {
                    block.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")).map(str::to_owned))
                };
                let (Some(kind), Some(raw)) = (field("event"), field("data")) else { continue };
                return Some(Message { id: field("id"), kind, data: serde_json::from_str(&raw).unwrap(), raw });
            }
            let chunk = timeout(PATIENCE, self.answer.chunk()).await.expect("nothing came").unwrap()?;
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    /// Takes envelopes until the client stands at this position; gives the last id.
    async fn follow_to(&mut self, position: u64, applied: &mut Vec<String>) -> String {
        loop {
            let message = self.next().await.expect("it ended");
            if message.kind == "ev" {
                let (_, event) = message.raw.split_once(r#","event":"#).unwrap();
                applied.push(event.strip_suffix('}').unwrap().to_owned());
            }
            let Some(id) = message.id else { continue };
            if id.split_once('.').unwrap().1.parse::<u64>().unwrap() >= position {
                return id;
            }
        }
    }

    async fn until(&mut self, kind: &str) -> Message {
        loop {
            let message = self.next().await.expect("it ended");
            if message.kind == kind {
                return message;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_the_feed_in_its_scope_from_the_store_and_from_the_ring() {
    let world = World::start().await;
    world.orders(90, false).await;
    let gateway = world.gateway().await;
    let token = world.staff(&Permission::ALL);
    for scope in ["audit", "kitchen:grill", "floor"] {
        let shown = world.shown(&scope.parse().unwrap()).await;
        for limit in [7, 256] {
            let (events, cursor) = pages(&world, &gateway, &token, scope, limit).await;
            assert_eq!(events, shown, "{scope} by {limit}");
            assert_eq!(cursor, Cursor { epoch: 1, position: world.head().await });
        }
    }
    // Now somebody follows, so that the newest events are in the ring.
    let mut raw = Raw::hello(&gateway, &token, json!([stream(&world, "audit", None)])).await;
    raw.until("live").await;
    world.orders(3, true).await;
    raw.until("ev").await;
    let wanted = world.shown(&Scope::Audit).await;
    testkit::wait_for("the ring has them", PATIENCE, async || {
        let (events, _) = pages(&world, &gateway, &token, "audit", 256).await;
        if events == wanted { Ok(()) } else { Err(format!("{} of {}", events.len(), wanted.len())) }
    })
    .await;
    // Without a cursor there is nothing before now.
    let page: Page = get(&world, &gateway, &token, "scope=floor").await.json().await.unwrap();
    assert_eq!((page.events.len(), page.live, page.cursor.position), (0, true, world.head().await));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_goes_on_after_its_last_event_id_at_another_gateway() {
    let world = World::start().await;
    let (first, second) = (world.gateway().await, world.gateway().await);
    let token = world.staff(&Permission::ALL);
    world.orders(80, true).await;
    let (mut applied, mut last) = (Vec::new(), None::<String>);
    for round in 0..6_u64 {
        let gateway = if round % 2 == 0 { &first } else { &second };
        let mut sse = Sse::open(&world, gateway, &token, "kitchen:grill", last.as_deref()).await;
        world.orders(2, round != 3).await;
        // Cut somewhere on the way, and at the end follow to the last event of the scope.
        let shown = world.shown(&"kitchen:grill".parse().unwrap()).await;
        let newest: Value = serde_json::from_str(shown.last().unwrap()).unwrap();
        let to = if round == 5 { newest["position"].as_u64().unwrap() } else { 40 + 55 * round };
        last = Some(sse.follow_to(to, &mut applied).await);
    }
    assert_eq!(applied, world.shown(&"kitchen:grill".parse().unwrap()).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_says_that_it_is_live_and_vouches_for_it() {
    let world = World::start().await;
    let mut config = world.config();
    config.timing.heartbeat = Duration::from_millis(200);
    let gateway = Gateway::start(config).await;
    let token = world.staff(&Permission::ALL);
    let mut sse = Sse::open(&world, &gateway, &token, "floor", None).await;
    let live = sse.until("live").await;
    assert_eq!(live.id, Some(format!("1.{}", world.head().await)));
    world.orders(1, true).await;
    let position = sse.until("ev").await.data["position"].as_u64().unwrap();
    assert!(position > live.data["position"].as_u64().unwrap());
    testkit::wait_for("a heartbeat vouches", PATIENCE, async || {
        let heartbeat = sse.until("hb").await;
        assert_eq!(heartbeat.id, None);
        if heartbeat.data["heads"][0]["position"].as_u64() >= Some(position) { Ok(()) } else { Err(heartbeat.raw) }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_that_cannot_be_continued_is_gone_and_told_what_to_read() {
    let world = World::start().await;
    let gateway = world.gateway().await;
    let token = world.staff(&Permission::ALL);
    let ahead = world.head().await + 1_000;
    for (after, why) in [("9.1".to_owned(), "epoch"), (format!("1.{ahead}"), "ahead")] {
        let query = format!("scope=kitchen:grill&after={after}");
        let problem = refused(&world, &gateway, &token, &query, StatusCode::GONE, "cursor-gone").await;
        let view = format!("/v1/restaurants/{}/kitchen-board?station=grill", world.place.restaurant);
        assert_eq!((&problem["why"], &problem["view"]), (&json!(why), &json!(view)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn events_need_the_right_to_their_scope() {
    let world = World::start().await;
    let gateway = world.gateway().await;
    let kitchen = world.staff(&[Permission::KitchenRead]);
    let (forbidden, not_found) = (StatusCode::FORBIDDEN, StatusCode::NOT_FOUND);
    for scope in ["floor", "audit", &format!("table-session:{}", world.place.session)] {
        refused(&world, &gateway, &kitchen, &format!("scope={scope}"), forbidden, "permission-missing").await;
    }
    assert_eq!(get(&world, &gateway, &kitchen, "scope=kitchen:grill").await.status(), 200);
    let guest = world.guest(world.place.session);
    refused(&world, &gateway, &guest, "scope=kitchen:grill", forbidden, "permission-missing").await;
    let own = format!("scope=table-session:{}", world.place.session);
    assert_eq!(get(&world, &gateway, &guest, &own).await.status(), 200);
    let other = world.guest(uuid::Uuid::now_v7().into());
    refused(&world, &gateway, &other, &own, forbidden, "permission-missing").await;
    refused(&world, &gateway, "nonsense", "scope=floor", StatusCode::UNAUTHORIZED, "token-invalid").await;
    let old = world.staff_for(&Permission::ALL, chrono::Duration::seconds(-300));
    refused(&world, &gateway, &old, "scope=floor", StatusCode::UNAUTHORIZED, "token-expired").await;
    let elsewhere = identity::Claims::staff(
        "ana",
        uuid::Uuid::now_v7().into(),
        &[],
        &[(identity::claims::At::Everywhere, &Permission::ALL)],
        chrono::Utc::now(),
        chrono::Duration::minutes(5),
    );
    refused(&world, &gateway, &world.sign(&elsewhere), "scope=floor", not_found, "not-found").await;
    let all = world.staff(&Permission::ALL);
    refused(&world, &gateway, &all, "scope=roof", StatusCode::BAD_REQUEST, "invalid-field").await;
    refused(&world, &gateway, &all, "scope=floor&after=7", StatusCode::BAD_REQUEST, "bad-cursor").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ends_with_its_token_and_with_its_gateway() {
    let world = World::start().await;
    let mut config = world.config();
    config.timing.drain_window = Duration::from_millis(300);
    let Gateway { port, service, shutdown } = Gateway::start(config).await;
    let gateway = Gateway { port, service, shutdown: shutdown.clone() };
    let short = world.staff_for(&Permission::ALL, chrono::Duration::seconds(2));
    let mut ends = Sse::open(&world, &gateway, &short, "floor", None).await;
    assert_eq!(ends.until("end").await.data["code"], "token-expired");
    assert!(ends.next().await.is_none());

    let mut drained = Sse::open(&world, &gateway, &world.staff(&Permission::ALL), "floor", None).await;
    drained.until("live").await;
    shutdown.cancel();
    assert!(drained.until("drain").await.data["in_ms"].as_u64().unwrap() <= 300);
    assert_eq!(drained.until("end").await.data["code"], "drained");
    timeout(PATIENCE, gateway.service.stopped()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_is_let_in_at_a_rate_and_the_rest_is_told_when_to_come_back() {
    let world = World::start().await;
    let mut config = world.config();
    config.accepts_per_second = 3;
    let gateway = Gateway::start(config).await;
    let token = world.staff(&Permission::ALL);
    let open = async || {
        let request = reqwest::Client::new().get(url(&world, &gateway, "scope=floor"));
        request.bearer_auth(&token).header("accept", "text/event-stream").send().await.unwrap()
    };
    let answers = futures::future::join_all((0..20).map(|_| open())).await;
    let (let_in, sent_away): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status() == 200);
    assert!(let_in.len() >= 3 && !sent_away.is_empty(), "{} of 20", let_in.len());
    for answer in sent_away {
        assert_eq!((answer.status().as_u16(), &answer.headers()["retry-after"]), (503, &"1".parse().unwrap()));
    }
    testkit::wait_for("they get in later", PATIENCE, async || {
        let status = open().await.status();
        if status == 200 { Ok(()) } else { Err(status.to_string()) }
    })
    .await;
}
