//! `aris events` and `aris verify`, as an operator types them.

use crate::{installation::Installation, restaurant::Restaurant};
use serde_json::{Value, json};
use sqlx::Connection;
use std::{process::Stdio, time::Duration};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::Command,
};

/// What `aris` printed and how it ended.
struct Ran {
    text: String,
    error: String,
    ok: bool,
}

impl Ran {
    fn lines(&self) -> Vec<&str> {
        self.text.lines().collect()
    }

    #[track_caller]
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {} {}", self.text, self.error))
    }
}

fn command(installation: &Installation, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_aris"));
    command
        .args(arguments)
        .env("ARIS_READER_URL", &installation.env.access.reader)
        .env("ARIS_PROJECTION_URL", &installation.env.access.projection)
        .kill_on_drop(true);
    command
}

async fn aris(installation: &Installation, arguments: &[&str]) -> Ran {
    let output = command(installation, arguments).output().await.unwrap();
    Ran {
        text: String::from_utf8(output.stdout).unwrap(),
        error: String::from_utf8(output.stderr).unwrap(),
        ok: output.status.success(),
    }
}

/// A restaurant with one order that was fired, and whatever follows the feed at its end.
async fn settled(installation: &Installation) -> (crate::installation::Service, Restaurant, String) {
    let all = installation.serve("all").await;
    let place = Restaurant::open(installation, &all, "Casa").await;
    let order = place.fire(&[all.url()], "order").await;
    let admin = sqlx::MySqlPool::connect(&installation.env.events_admin_url()).await.unwrap();
    testkit::wait_until("all is published", Duration::from_secs(30), async || {
        sqlx::query("SELECT 1 FROM outbox LIMIT 1").fetch_optional(&admin).await.unwrap().is_none()
    })
    .await;
    for view in ["", "/kitchen-board", "/orders"] {
        place.manager.get(&all.url(), &place.path(view), 9).await;
    }
    (all, place, order)
}

#[tokio::test(flavor = "multi_thread")]
async fn given_an_order_when_an_operator_looks_then_tail_show_and_trace_tell_the_same_story() {
    let installation = Installation::new().await;
    let (_all, place, order) = settled(&installation).await;
    let id = place.id.to_string();

    // The last three events, in columns.
    let tail = aris(&installation, &["events", "tail", "--restaurant", &id, "--lines", "3"]).await;
    assert!(tail.ok, "{}", tail.error);
    let lines = tail.lines();
    assert_eq!(lines.len(), 4, "{}", tail.text);
    for (line, kind) in lines[1..].iter().zip(["order.accepted", "line.fired", "line.fired"]) {
        let words: Vec<&str> = line.split_whitespace().collect();
        assert_eq!((words[2], words[3]), (kind, format!("order/{order}").as_str()));
        assert_eq!(words[4], "staff:owner");
        for (word, column) in words.iter().zip(["POSITION", "TIME", "TYPE", "AGGREGATE", "ACTOR", "CORRELATION"]) {
            assert_eq!(line.find(word), lines[0].find(column), "{column} stands elsewhere: {}", tail.text);
        }
    }
    let json = aris(&installation, &["events", "tail", "--restaurant", &id, "--after", "1.5", "--json"]).await;
    let events: Vec<Value> = json.lines().iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(events.iter().map(|event| &event["position"]).collect::<Vec<_>>(), [6, 7, 8, 9]);

    // One of them closely.
    let show = aris(&installation, &["events", "show", &id, "7", "--json"]).await.json();
    assert_eq!(show["event"], events[1]);
    assert_eq!((&show["hash"]["fits"], &show["whereabouts"]["outbox"]), (&json!(true), &json!("published")));
    let passed = show["whereabouts"]["projections"].as_array().unwrap();
    assert!(passed.len() >= 3 && passed.iter().all(|it| it["passed"] == true && it["parked"].is_null()), "{show}");
    let show = aris(&installation, &["events", "show", &id, "7"]).await;
    assert!(
        show.text.contains("\"type\": \"order.accepted\"") && show.text.contains("(fits the event"),
        "{}",
        show.text
    );
    assert!(show.text.contains("outbox             published (up to 1.9)"), "{}", show.text);
    assert!(show.text.contains("orders@1           applied (stands at 1.9)"), "{}", show.text);

    // And its command, by the correlation id, by its own id, and by the order's.
    let (correlation, cause) =
        (events[1]["correlation_id"].as_str().unwrap(), events[1]["causation_id"].as_str().unwrap());
    for (wanted, positions) in [(correlation, &[7, 8, 9][..]), (cause, &[7, 8, 9]), (&order, &[6, 7, 8, 9])] {
        let trace = aris(&installation, &["events", "trace", wanted, "--json"]).await.json();
        assert_eq!(trace["search"]["complete"], true);
        let feed = &trace["feeds"][0];
        assert_eq!(feed["restaurant"], json!(place.id));
        let told: Vec<&Value> = feed["events"].as_array().unwrap().iter().map(|event| &event["position"]).collect();
        assert_eq!(told, positions, "{wanted}");
        let command = feed["commands"].as_array().unwrap().last().unwrap();
        assert_eq!((&command["command_id"], &command["principal"]), (&json!(cause), &json!("owner")));
        assert_eq!((&command["receipt"]["status"], &command["receipt"]["position"]), (&json!(200), &json!(9)));
    }
    let trace = aris(&installation, &["events", "trace", correlation]).await;
    assert!(trace.text.contains("answered 200 with position 9 at "), "{}", trace.text);
    // The key would be half of what it takes to be answered the same.
    assert!(!trace.text.contains("order-accept"), "{}", trace.text);
    assert!(trace.text.contains(&format!("aris audit actions --correlation {correlation}")), "{}", trace.text);
    let of_order = aris(&installation, &["events", "trace", &order]).await;
    let (tenant, restaurant) = (installation.tenant, place.id);
    let pointer = format!("aris audit actions --tenant {tenant} --restaurant {restaurant}");
    assert!(of_order.text.contains(&pointer), "{}", of_order.text);

    // A receipt that was purged is told as that.
    let mut admin = sqlx::MySqlConnection::connect(&installation.env.events_admin_url()).await.unwrap();
    for change in ["DELETE FROM receipts", "UPDATE events SET recorded_at = recorded_at - INTERVAL 25 HOUR"] {
        sqlx::query(change).execute(&mut admin).await.unwrap();
    }
    let old = aris(&installation, &["events", "trace", correlation, "--since", "7d"]).await;
    assert!(old.text.contains("was done; its receipt is gone after 24 hours"), "{}", old.text);
    assert!(trace.text.contains(&format!("3 events of {correlation}: 9 events of 1 restaurants were looked at")));
}

#[tokio::test(flavor = "multi_thread")]
async fn given_what_is_not_there_when_it_is_asked_for_then_the_answer_says_what_to_do() {
    let installation = Installation::new().await;
    let (_all, place, _) = settled(&installation).await;
    let id = place.id.to_string();
    let nothing = aris(&installation, &["events", "trace", "nobody-sent-this"]).await;
    assert!(!nothing.ok);
    assert!(nothing.text.contains("nothing of nobody-sent-this") && nothing.text.contains("--since 7d"));
    let bounded = aris(&installation, &["events", "trace", "nobody-sent-this", "--look-at", "0"]).await;
    assert!(bounded.text.contains("a bound was met"), "{}", bounded.text);
    let beyond = aris(&installation, &["events", "show", &id, "10"]).await;
    assert!(!beyond.ok && beyond.error.contains("has no event 10 yet: its last one is 9"), "{}", beyond.error);
    let stranger = uuid::Uuid::now_v7().to_string();
    let unknown = aris(&installation, &["events", "tail", "--restaurant", &stranger]).await;
    assert!(!unknown.ok && unknown.error.contains("there is no restaurant"), "{}", unknown.error);
    let epoch = aris(&installation, &["events", "tail", "--restaurant", &id, "--after", "2.1"]).await;
    assert!(!epoch.ok && epoch.error.contains("is in epoch 1"), "{}", epoch.error);
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_tail_that_follows_when_something_happens_then_it_is_printed_until_it_is_told_to_end() {
    let installation = Installation::new().await;
    let (all, place, _) = settled(&installation).await;
    let id = place.id.to_string();
    let mut tail = command(&installation, &["events", "tail", "--restaurant", &id, "--lines", "1", "--follow"]);
    let mut tail = tail.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(tail.stdout.take().unwrap()).lines();
    let mut next = async || {
        tokio::time::timeout(Duration::from_secs(30), lines.next_line()).await.expect("a line").unwrap().unwrap()
    };
    assert!(next().await.starts_with("POSITION"));
    assert!(next().await.starts_with("1.9 "));
    place.fire(&[all.url()], "another").await;
    for position in 10..=13 {
        let line = next().await;
        assert!(line.starts_with(&format!("1.{position} ")), "{line}");
    }
    let pid = tail.id().unwrap().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().await.unwrap().success());
    let ended = tokio::time::timeout(Duration::from_secs(30), tail.wait()).await.expect("it ends").unwrap();
    assert!(ended.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_feed_when_somebody_changes_it_then_verify_says_which_event_and_ends_with_1() {
    let installation = Installation::new().await;
    let (_all, place, _) = settled(&installation).await;
    let proven = aris(&installation, &["verify"]).await;
    assert!(proven.ok, "{} {}", proven.text, proven.error);
    assert_eq!(proven.lines(), ["1 feeds with 9 events: all proven"]);
    let admin = sqlx::MySqlPool::connect(&installation.env.events_admin_url()).await.unwrap();
    // One bit of who accepted the order.
    let flip =
        "UPDATE events SET metadata = REPLACE(metadata, '\"owner\"', '\"nwner\"') WHERE feed_id = ? AND position = 7";
    sqlx::query(flip).bind(place.id.0).execute(&admin).await.unwrap();
    let changed = aris(&installation, &["verify"]).await;
    assert!(!changed.ok);
    let told = format!("{}: the event at position 7 is not what was written there", place.id);
    assert!(changed.text.starts_with(&told), "{}", changed.text);
    assert!(changed.text.ends_with("1 feeds with 9 events: 1 are wrong\n"), "{}", changed.text);
    let show = aris(&installation, &["events", "show", &place.id.to_string(), "7"]).await;
    assert!(show.text.contains("does NOT fit: run `aris verify`"), "{}", show.text);
    // And a feed whose head is gone is not passed over.
    sqlx::query("DELETE FROM feed_heads").execute(&admin).await.unwrap();
    let headless = aris(&installation, &["verify"]).await;
    let told = format!("{}: there is no such feed, or its head is gone", place.id);
    assert!(!headless.ok && headless.text.starts_with(&told), "{} {}", headless.text, headless.error);
}
