//! Rebuild at noon: a view is rebuilt from a large past while orders come in. The rebuild is killed
//! twice, a service is frozen during the switch, and whoever reads notices nothing.

use crate::{
    installation::{Installation, Service},
    restaurant::Caller,
};
use domain::ids::{FeedId, TableId};
use event_store::pool::{self, Isolation};
use projection_service::{Projection, check, rebuild::Sides};
use serde_json::{Value, json};
use std::{
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use testkit::{Place, wait_for, wait_until};
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

/// Events of the past, of all restaurants.
const PAST: usize = 200_000;
const RESTAURANTS: usize = 4;
/// Guests who order at the same time, and the pause of each between two orders.
const GUESTS: usize = 4;
const BETWEEN_ORDERS: Duration = Duration::from_millis(40);
/// Longest wait for something that takes seconds.
const PATIENCE: Duration = Duration::from_secs(120);

/// An installation with a past, and what runs on it.
struct Noon {
    installation: Installation,
    sides: Sides,
    places: Vec<Place>,
}

/// What `aris` printed and how it ended.
struct Ran {
    text: String,
    error: String,
    ok: bool,
}

/// A rebuild under way: its lines of progress.
struct Rebuilding {
    process: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

fn aris(installation: &Installation, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_aris"));
    command
        .args(arguments)
        .env("ARIS_READER_URL", &installation.env.access.reader)
        .env("ARIS_PROJECTION_URL", &installation.env.access.projection)
        .kill_on_drop(true);
    command
}

async fn ran(installation: &Installation, arguments: &[&str]) -> Ran {
    let output = aris(installation, arguments).output().await.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran { text: text(output.stdout), error: text(output.stderr), ok: output.status.success() }
}

impl Rebuilding {
    fn start(installation: &Installation) -> Self {
        let mut command = aris(installation, &["projections", "rebuild", "orders", "--json"]);
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        Self { process, lines }
    }

    /// The next line of progress; nothing at the end.
    async fn next(&mut self) -> Option<Value> {
        let line = tokio::time::timeout(PATIENCE, self.lines.next_line()).await.expect("a line").unwrap()?;
        Some(serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}")))
    }
}

impl Noon {
    /// 200,000 events of orders that were served long ago. The live generation of `orders` has them all.
    async fn start() -> Self {
        let installation = Installation::new().await;
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
        let past = noon.places.iter().map(|place| place.append_past(&committers, PAST / RESTAURANTS));
        futures::future::join_all(past).await;
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

    async fn ran(&self, arguments: &[&str]) -> Ran {
        ran(&self.installation, arguments).await
    }

    async fn admin(&self, url: &str, text: &str) {
        let admin = sqlx::MySqlPool::connect(url).await.unwrap();
        sqlx::query(text).execute(&admin).await.unwrap();
    }

    /// Waits until this generation stands at the head of every restaurant.
    async fn caught_up(&self, projection: &str) {
        for place in &self.places {
            let head = self.sides.events.head(place.feed()).await.unwrap().unwrap().cursor.position;
            wait_for(&format!("{projection} reaches {head}"), PATIENCE, async || {
                let stands = self.stands(projection, place.feed()).await;
                if stands >= head { Ok(()) } else { Err(format!("{stands}")) }
            })
            .await;
        }
    }

    async fn stands(&self, projection: &str, feed: FeedId) -> u64 {
        sqlx::query_scalar("SELECT position FROM projection_checkpoints WHERE projection = ? AND feed_id = ?")
            .bind(projection)
            .bind(feed.0)
            .fetch_optional(&self.sides.views)
            .await
            .unwrap()
            .unwrap_or_default()
    }

    /// The sum of the checkpoints of a generation.
    async fn done(&self, projection: &str) -> u64 {
        let mut done = 0;
        for place in &self.places {
            done += self.stands(projection, place.feed()).await;
        }
        done
    }

    async fn assert_equal_to_fold(&self, projection: &str) {
        self.caught_up(projection).await;
        let projection = Projection::from_name(projection).unwrap();
        for place in &self.places {
            let (views, events) = (&self.sides.snapshots, &self.sides.events);
            let report = check::projection(views, events, projection, place.feed()).await.unwrap();
            assert_eq!((report.n_differences, report.parked), (0, 0), "{report:#?}");
            assert!(report.rows > PAST / RESTAURANTS / 5, "{} rows", report.rows);
        }
    }

    /// Guests order in every restaurant until they are told to stop.
    fn guests(
        &self,
        command: &Service,
        orders: &Arc<AtomicU64>,
        stop: &CancellationToken,
    ) -> Vec<AbortOnDropHandle<()>> {
        let guest = |number: usize| {
            let place = self.places[number % RESTAURANTS].clone();
            let guest = Caller::new(self.guest_token(&place));
            let manager = Caller::new(self.installation.staff("owner"));
            let (base, orders, stop) = (vec![command.url()], Arc::clone(orders), stop.clone());
            AbortOnDropHandle::new(tokio::spawn(async move {
                let mut round = 0;
                while !stop.is_cancelled() {
                    fire(&place, &guest, &manager, &base, &format!("{number}-{round}")).await;
                    orders.fetch_add(1, Ordering::Relaxed);
                    round += 1;
                    tokio::time::sleep(BETWEEN_ORDERS).await;
                }
            }))
        };
        (0..GUESTS).map(guest).collect()
    }

    fn guest_token(&self, place: &Place) -> String {
        let table: TableId = place.table;
        self.installation.guest_as(place.restaurant, table, place.session, place.diner)
    }

    /// Readers that ask all the time, of every service, and look at every answer.
    async fn readers(&self, services: &[&Service], stop: &CancellationToken) -> Vec<AbortOnDropHandle<u64>> {
        let mut readers = Vec::new();
        for place in &self.places {
            let token = Caller::new(self.installation.staff("owner"));
            let path = format!("/{}/orders", place.restaurant);
            let past = token.get(&services[0].url(), &format!("{path}?state=served&limit=3"), 0).await;
            let reader = Reader {
                caller: token,
                path,
                bases: services.iter().map(|service| service.url()).collect(),
                past: past["items"].as_array().unwrap().clone(),
                cursor: 0,
            };
            assert_eq!(reader.past.len(), 3);
            readers.push(AbortOnDropHandle::new(tokio::spawn(reader.read(stop.clone()))));
        }
        readers
    }
}

/// An order with a burger and a beer, accepted.
async fn fire(place: &Place, guest: &Caller, manager: &Caller, bases: &[String], key: &str) {
    let lines = json!([{"item_id": place.burger, "quantity": 1}, {"item_id": place.beer, "quantity": 1}]);
    let order = json!({"session_id": place.session, "lines": lines});
    let path = format!("/{}/orders", place.restaurant);
    let placed = guest.command(bases, &path, key, &order).await.expect(201);
    let accept = format!("{path}/{}/accept", placed["id"].as_str().unwrap());
    manager.command(bases, &accept, &format!("{key}-accept"), &json!({})).await.expect(200);
}

/// Somebody who looks at a restaurant's orders.
struct Reader {
    caller: Caller,
    path: String,
    bases: Vec<String>,
    /// Orders of the past: they never change.
    past: Vec<Value>,
    cursor: u64,
}

impl Reader {
    async fn read(mut self, stop: CancellationToken) -> u64 {
        let mut reads = 0;
        while !stop.is_cancelled() {
            for base in self.bases.clone() {
                self.read_page(&base).await;
                self.read_one(&base, reads).await;
                reads += 2;
            }
        }
        reads
    }

    /// Never empty, never backwards, never an order that is placed after where the answer stands.
    async fn read_page(&mut self, base: &str) {
        let page = self.caller.get(base, &format!("{}?limit=20", self.path), 0).await;
        self.moved(&page);
        let items = page["items"].as_array().unwrap();
        assert_eq!(items.len(), 20);
        for order in items {
            let lines = order["lines"].as_array().unwrap();
            assert_eq!(lines.len(), 2, "an order without its lines: {order}");
        }
    }

    async fn read_one(&mut self, base: &str, reads: u64) {
        let expected = self.past[usize::try_from(reads).unwrap() % self.past.len()].clone();
        let id = expected["order_id"].as_str().unwrap();
        let mut order = self.caller.get(base, &format!("{}/{id}", self.path), 0).await;
        self.moved(&order);
        order.as_object_mut().unwrap().remove("cursor");
        assert_eq!(order, expected);
    }

    fn moved(&mut self, answer: &Value) {
        let cursor = answer["cursor"]["position"].as_u64().unwrap();
        assert!(cursor >= self.cursor, "from {} back to {cursor}", self.cursor);
        self.cursor = cursor;
    }
}

/// Progress that never goes back, is never more than there is, and is what the checkpoints say.
#[derive(Default)]
struct Told {
    done: u64,
    total: u64,
    lines: u64,
}

impl Told {
    fn hear(&mut self, line: &Value) {
        let (done, total) = (line["done"].as_u64().unwrap(), line["total"].as_u64().unwrap());
        assert!(done >= self.done, "from {} back to {done}", self.done);
        assert!(total >= self.total && done <= total, "{line}");
        (self.done, self.total, self.lines) = (done, total, self.lines + 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::too_many_lines, reason = "a noon is one story; cut in pieces it would be harder to follow")]
async fn a_rebuild_at_noon_killed_twice_is_noticed_by_nobody_who_reads() {
    let noon = Noon::start().await;
    let all = noon.installation.serve("all").await;
    let second = noon.installation.serve("projection").await;
    for projection in ["restaurants@1", "kitchen_board@1", "orders@2"] {
        noon.caught_up(projection).await;
    }
    let (stop, orders) = (CancellationToken::new(), Arc::new(AtomicU64::new(0)));
    let guests = noon.guests(&all, &orders, &stop);
    let readers = noon.readers(&[&all, &second], &stop).await;
    wait_until("orders flow", PATIENCE, async || orders.load(Ordering::Relaxed) > 20).await;
    let before = orders.load(Ordering::Relaxed);

    // Killed twice in the middle; run again, it goes on where it was.
    let mut told = Told::default();
    for part in [1, 2] {
        let mut rebuilding = Rebuilding::start(&noon.installation);
        loop {
            let line = rebuilding.next().await.expect("it is not at its end");
            if line["projections"] == json!([]) {
                continue;
            }
            assert_eq!((&line["projections"][0], &line["step"]), (&json!("orders@3"), &json!("filling")));
            assert_eq!(line["resumed"], json!(part > 1));
            told.hear(&line);
            if told.done >= told.total / 4 * part {
                break;
            }
        }
        rebuilding.process.kill().await.unwrap();
        let kept = noon.done("orders@3").await;
        assert!(kept >= told.done, "told {}, and {kept} are there", told.done);
        told.done = kept;
        let refused = noon.ran(&["projections", "switch", "orders"]).await;
        assert!(!refused.ok && refused.error.contains("orders@3 is not built yet"), "{}", refused.error);
        // A COMMIT that was on its way when the process was killed may still have happened since.
        let list = noon.ran(&["projections", "list"]).await;
        let line = list.text.lines().find(|line| line.starts_with("orders@3")).unwrap();
        let words: Vec<&str> = line.split_whitespace().collect();
        let [_, "building", _, _, done, "of", total, behind, "0", ..] = words[..] else { panic!("{}", list.text) };
        let number = |text: &str| text.parse::<u64>().unwrap();
        assert!(number(done) >= kept && number(total) - number(done) == number(behind), "{}", list.text);
        println!("{}", list.text);
    }
    let mut rebuilding = Rebuilding::start(&noon.installation);
    while let Some(line) = rebuilding.next().await {
        println!("{line}");
        if line["projections"] != json!([]) {
            told.hear(&line);
        }
    }
    assert!(rebuilding.process.wait().await.unwrap().success());
    assert!(told.done > PAST as u64 && told.done <= noon.done("orders@3").await && told.lines > 2);
    println!("{} orders came in during the rebuild", orders.load(Ordering::Relaxed) - before);
    assert!(orders.load(Ordering::Relaxed) > before, "orders go on");

    // A projection-service sleeps through the switch.
    second.signal("STOP").await;
    let switched = noon.ran(&["projections", "switch", "orders", "--wait", "60"]).await;
    second.signal("CONT").await;
    assert!(switched.ok, "{} {}", switched.text, switched.error);
    assert!(switched.text.contains("orders@3 answers now; orders@2 is kept up to date"), "{}", switched.text);
    let after = orders.load(Ordering::Relaxed);
    wait_until("orders go on", PATIENCE, async || orders.load(Ordering::Relaxed) > after + 20).await;
    let back = noon.ran(&["projections", "rollback", "orders"]).await;
    assert!(back.ok && back.text.contains("orders@2 answers again; orders@3 is kept up to date"), "{}", back.error);

    stop.cancel();
    for guest in guests {
        guest.await.unwrap();
    }
    for reader in readers {
        assert!(reader.await.unwrap() > 10);
    }
    noon.assert_equal_to_fold("orders@2").await;
    noon.assert_equal_to_fold("orders@3").await;
    let list = noon.ran(&["projections", "list", "--json"]).await;
    println!("{}", list.text);
    let lines: Vec<Value> = list.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let seen: Vec<_> =
        lines.iter().map(|it| (it["projection"].as_str().unwrap(), it["status"].as_str().unwrap())).collect();
    let expected =
        [("restaurants@1", "live"), ("kitchen_board@1", "live"), ("orders@2", "live"), ("orders@3", "previous")];
    assert_eq!(seen, expected);
    assert!(lines.iter().all(|it| it["parked"] == 0 && it["done"].as_u64() <= it["total"].as_u64()), "{}", list.text);
    assert!(all.terminate().await.success() && second.terminate().await.success());
}
