//! An installation with a large past, and `aris projections` run on it.

use crate::{
    installation::{Installation, Service},
    open_loop::OpenLoop,
    operator::{Ran, aris, ran},
    restaurant::Caller,
};
use domain::ids::FeedId;
use event_store::pool::{self, Isolation};
use projection_service::{Projection, check, rebuild::Sides};
use serde_json::{Value, json};
use std::{process::Stdio, sync::Arc, time::Duration};
use testkit::{Place, wait_for};
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout},
    sync::mpsc,
};
use tokio_util::task::AbortOnDropHandle;

/// Events of the past, of all restaurants.
pub(super) const PAST: usize = 200_000;
const RESTAURANTS: usize = 4;
/// Orders of guests, in all restaurants together.
pub(super) const ORDERS_PER_SECOND: u32 = 100;
/// One order of so many is accepted too, and so comes to the kitchen.
const ACCEPTED_EVERY: u64 = 10;
/// Orders that wait to be accepted.
const TO_ACCEPT_MAX: usize = 1_024;
/// Longest wait for something that takes seconds.
pub(super) const PATIENCE: Duration = Duration::from_secs(120);
/// It is the store that is loaded here, by four guests who stand for hundreds.
const NO_LIMITS: [&str; 5] = [
    "ARIS_LIMIT_GUEST_COMMAND",
    "ARIS_LIMIT_STAFF_COMMAND",
    "ARIS_LIMIT_STAFF_READ",
    "ARIS_LIMIT_ADDRESS_GUESTS",
    "ARIS_LIMIT_TENANT",
];

/// An installation with a past, and what runs on it.
pub(super) struct Noon {
    pub(super) installation: Installation,
    pub(super) sides: Sides,
    pub(super) places: Vec<Place>,
}

/// A rebuild under way: its lines of progress.
pub(super) struct Rebuilding {
    pub(super) process: Child,
    pub(super) lines: Lines<BufReader<ChildStdout>>,
}

impl Rebuilding {
    pub(super) fn start(installation: &Installation, more: &[&str]) -> Self {
        let mut command = aris(installation, &[&["projections", "rebuild", "orders", "--json"], more].concat());
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        Self { process, lines }
    }

    /// How nice each of its threads is to other processes: 0 as most are, 19 at most.
    pub(super) fn niceness(&self) -> Vec<String> {
        let threads = std::fs::read_dir(format!("/proc/{}/task", self.process.id().unwrap())).unwrap();
        let nice = |stat: String| stat.rsplit(") ").next().unwrap().split(' ').nth(16).unwrap().to_owned();
        threads.map(|thread| nice(std::fs::read_to_string(thread.unwrap().path().join("stat")).unwrap())).collect()
    }

    /// The next line of progress; nothing at the end.
    pub(super) async fn next(&mut self) -> Option<Value> {
        let line = tokio::time::timeout(PATIENCE, self.lines.next_line()).await.expect("a line").unwrap()?;
        Some(serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}")))
    }
}

impl Noon {
    /// So many events of orders that were served long ago. The live generation of `orders` has them all.
    pub(super) async fn start(past: usize) -> Self {
        let mut installation = Installation::new().await;
        installation.settings.extend(NO_LIMITS.map(|limit| (limit, "off")));
        let committers = installation.env.committers();
        let mut places = Vec::new();
        for _ in 0..RESTAURANTS {
            places.push(Place::create_for(installation.tenant, &committers).await);
        }
        let projection = &installation.env.access.projection;
        let sides = Sides {
            views: pool::connect(projection, Isolation::ReadCommitted, 4).await.unwrap(),
            snapshots: pool::connect(projection, Isolation::RepeatableRead, 2).await.unwrap(),
            events: installation.env.reader().await,
        };
        let noon = Self { installation, sides, places };
        let service = noon.installation.serve("projection").await;
        noon.caught_up("restaurants@1").await;
        noon.caught_up("kitchen_board@1").await;
        assert!(service.terminate().await.success());
        let appended = noon.places.iter().map(|place| place.append_past(&committers, past / RESTAURANTS));
        futures::future::join_all(appended).await;
        // The past was published long ago.
        noon.admin(&noon.installation.env.events_admin_url(), "DELETE FROM outbox").await;
        // Orders that were served leave nothing on the board, and nothing in the restaurant's rows.
        for place in &noon.places {
            let head = noon.sides.events.head(place.feed()).await.unwrap().unwrap().cursor.position;
            let moved = "UPDATE projection_checkpoints SET position = ? WHERE feed_id = ? AND projection <> 'orders@1'";
            sqlx::query(moved).bind(head).bind(place.restaurant.0).execute(&noon.sides.views).await.unwrap();
        }
        // No service runs: what was live has met five events, so what is built now is never behind it.
        let built = noon.ran(&["projections", "rebuild", "orders", "--switch"]).await;
        println!("{}", built.text);
        assert!(built.ok, "{} {}", built.text, built.error);
        assert!(built.text.contains("orders@2 answers now; orders@1 is kept up to date"), "{}", built.text);
        assert!(noon.ran(&["projections", "drop", "orders@1"]).await.ok);
        noon
    }

    pub(super) async fn ran(&self, arguments: &[&str]) -> Ran {
        ran(&self.installation, arguments).await
    }

    pub(super) async fn admin(&self, url: &str, text: &str) {
        let admin = sqlx::MySqlPool::connect(url).await.unwrap();
        sqlx::query(text).execute(&admin).await.unwrap();
    }

    /// Waits until this generation stands at the head of every restaurant.
    pub(super) async fn caught_up(&self, projection: &str) {
        for place in &self.places {
            let head = self.sides.events.head(place.feed()).await.unwrap().unwrap().cursor.position;
            wait_for(&format!("{projection} reaches {head}"), PATIENCE, async || {
                let stands = self.stands(projection, place.feed()).await;
                if stands >= head { Ok(()) } else { Err(format!("{stands}")) }
            })
            .await;
        }
    }

    pub(super) async fn stands(&self, projection: &str, feed: FeedId) -> u64 {
        sqlx::query_scalar("SELECT position FROM projection_checkpoints WHERE projection = ? AND feed_id = ?")
            .bind(projection)
            .bind(feed.0)
            .fetch_optional(&self.sides.views)
            .await
            .unwrap()
            .unwrap_or_default()
    }

    /// The sum of the checkpoints of a generation.
    pub(super) async fn done(&self, projection: &str) -> u64 {
        let mut done = 0;
        for place in &self.places {
            done += self.stands(projection, place.feed()).await;
        }
        done
    }

    pub(super) async fn assert_equal_to_fold(&self, projection: &str) {
        self.caught_up(projection).await;
        let projection = Projection::from_name(projection).unwrap();
        for place in &self.places {
            let (views, events) = (&self.sides.snapshots, &self.sides.events);
            let report = check::projection(views, events, projection, place.feed()).await.unwrap();
            assert_eq!((report.n_differences, report.parked), (0, 0), "{report:#?}");
            assert!(report.rows > PAST / RESTAURANTS / 5, "{} rows", report.rows);
        }
    }

    /// Guests order in every restaurant, at a fixed rate, and some of the orders are accepted. Each is
    /// acknowledged, else a loop panics; the manager's ends after the guests' and tells what it has accepted.
    pub(super) fn guests(&self, command: &Service) -> (OpenLoop, AbortOnDropHandle<u64>) {
        let guest = |place: &Place| {
            let token = self.installation.guest_as(place.restaurant, place.table, place.session, place.diner);
            (place.clone(), Caller::new(token))
        };
        let guests: Arc<[_]> = self.places.iter().map(guest).collect();
        let manager = Caller::new(self.installation.staff("owner"));
        let base: Arc<[String]> = [command.url()].into();
        let (to_accept, placed) = mpsc::channel(TO_ACCEPT_MAX);
        let accepting = AbortOnDropHandle::new(tokio::spawn(accept(manager, Arc::clone(&base), placed)));
        let orders = OpenLoop::start(ORDERS_PER_SECOND, move |number| {
            let (guests, base, to_accept) = (Arc::clone(&guests), Arc::clone(&base), to_accept.clone());
            async move {
                let (place, guest) = &guests[usize::try_from(number).unwrap() % guests.len()];
                let path = order(place, guest, &base, number).await;
                if number.is_multiple_of(ACCEPTED_EVERY) {
                    to_accept.send(path).await.unwrap();
                }
            }
        });
        (orders, accepting)
    }

    /// Orders that the events know.
    pub(super) async fn orders_placed(&self) -> u64 {
        let admin = sqlx::MySqlPool::connect(&self.installation.env.events_admin_url()).await.unwrap();
        let count = "SELECT COUNT(*) FROM events WHERE type = 'order.placed'";
        let placed: i64 = sqlx::query_scalar(count).fetch_one(&admin).await.unwrap();
        u64::try_from(placed).unwrap()
    }
}

/// A burger and a beer; gives the order's path.
async fn order(place: &Place, guest: &Caller, bases: &[String], number: u64) -> String {
    let lines = json!([{"item_id": place.burger, "quantity": 1}, {"item_id": place.beer, "quantity": 1}]);
    let order = json!({"session_id": place.session, "lines": lines});
    let path = format!("/{}/orders", place.restaurant);
    let placed = guest.command(bases, &path, &format!("order-{number}"), &order).await.expect(201);
    format!("{path}/{}", placed["id"].as_str().unwrap())
}

/// Accepts every order that it is told of.
async fn accept(manager: Caller, bases: Arc<[String]>, mut orders: mpsc::Receiver<String>) -> u64 {
    let mut accepted = 0;
    while let Some(order) = orders.recv().await {
        let key = format!("accept-{accepted}");
        manager.command(&bases, &format!("{order}/accept"), &key, &json!({})).await.expect(200);
        accepted += 1;
    }
    accepted
}
