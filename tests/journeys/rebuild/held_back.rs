//! What holding back for orders saves. Measured and printed; nothing here can fail by being slow.

use super::noon::{Noon, Rebuilding};
use crate::open_loop::Sent;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Rebuilds of each kind, in turn.
const ROUNDS: usize = 3;
/// Orders without a rebuild, before each one.
const QUIET: Duration = Duration::from_secs(6);
/// Events of the past where the environment does not say `EVENTS=`.
const EVENTS: usize = 400_000;

/// What was going on, from when to when.
struct Span {
    what: &'static str,
    from: Instant,
    to: Instant,
}

/// Runs a rebuild to its end; what it did when.
async fn rebuilt(noon: &Noon, kind: [&'static str; 2], arguments: &[&str]) -> Vec<Span> {
    let [filling, comparing] = kind;
    let mut spans = Vec::new();
    let mut rebuilding = Rebuilding::start(&noon.installation, arguments);
    let (mut step, mut from) = (None, Instant::now());
    while let Some(line) = rebuilding.next().await {
        let now = match line["step"].as_str().unwrap() {
            "beginning" => None,
            "filling" => Some(filling),
            _ => Some(comparing),
        };
        if now != step {
            spans.extend(step.map(|what| Span { what, from, to: Instant::now() }));
            (step, from) = (now, Instant::now());
        }
    }
    spans.extend(step.map(|what| Span { what, from, to: Instant::now() }));
    assert!(rebuilding.process.wait().await.unwrap().success());
    let list = noon.ran(&["projections", "list"]).await;
    let ready = list.text.lines().find(|line| line.contains(" ready ")).unwrap();
    let dropped = noon.ran(&["projections", "drop", ready.split_whitespace().next().unwrap()]).await;
    assert!(dropped.ok, "{}", dropped.error);
    spans
}

fn print(sent: &Sent, spans: &[Span], what: &str) {
    let of_it = || spans.iter().filter(|span| span.what == what);
    for span in of_it() {
        println!("  {what:<32} {:>5.1} s  {}", (span.to - span.from).as_secs_f64(), sent.between(span.from, span.to));
    }
    let windows: Vec<_> = of_it().map(|span| (span.from, span.to)).collect();
    println!("{what:<34} all      {}", sent.within(&windows));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement of some minutes, which says something in a release build only: `make bench-rebuild`"]
async fn what_holding_back_saves_for_guests() {
    let events = std::env::var("EVENTS").map_or(EVENTS, |events| events.parse().unwrap());
    let noon = Noon::start(events).await;
    let all = noon.installation.serve("all").await;
    for projection in ["restaurants@1", "kitchen_board@1", "orders@2"] {
        noon.caught_up(projection).await;
    }
    let (orders, accepting) = noon.guests(&all);
    let mut spans = Vec::new();
    for _ in 0..ROUNDS {
        for (kind, full_speed) in [
            (["at full speed, filling", "at full speed, comparing"], &["--full-speed"][..]),
            (["holding back, filling", "holding back, comparing"], &[]),
        ] {
            let from = Instant::now();
            sleep(QUIET).await;
            spans.push(Span { what: "no rebuild", from, to: Instant::now() });
            spans.extend(rebuilt(&noon, kind, full_speed).await);
        }
    }
    let sent = orders.stop().await;
    accepting.await.unwrap();
    println!("{sent}");
    for what in [
        "no rebuild",
        "at full speed, filling",
        "holding back, filling",
        "at full speed, comparing",
        "holding back, comparing",
    ] {
        print(&sent, &spans, what);
    }
    assert!(sent.answered().abs_diff(sent.due()) <= 1, "{sent}");
    assert!(all.terminate().await.success());
}
