//! Every metric of the code is in the table of docs/operations.md with its HELP text, and the other
//! way round. Who adds a metric and forgets one of them is told here.

use crate::{
    console::Socket,
    installation::Installation,
    restaurant::{Caller, Restaurant},
    sources,
};
use serde_json::json;
use std::{collections::BTreeSet, time::Duration};
use testkit::wait_for;

/// Names in the first column of the table of metrics.
pub(crate) fn documented() -> BTreeSet<String> {
    let text = sources::read("docs/operations.md");
    let section = text.split("\n## ").find(|it| it.starts_with("Metrics\n")).expect("a section `Metrics`");
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    let mut names = BTreeSet::new();
    for row in rows {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").collect();
        assert_eq!(cells.len(), 4, "metric, unit, what it says, what to do: {row}");
        assert!(cells.iter().all(|cell| !cell.trim().is_empty()), "an empty cell: {row}");
        names.extend(cells[0].split('`').skip(1).step_by(2).map(|it| it.split('{').next().unwrap().to_owned()));
    }
    names
}

#[test]
fn every_metric_of_the_code_is_described_and_documented_and_no_other() {
    let uses = sources::macro_arguments(&["counter!(", "gauge!(", "histogram!("]);
    let (mut described, mut recorded) = (BTreeSet::new(), BTreeSet::new());
    for found in uses {
        let set = if found.prefix.ends_with("describe_") { &mut described } else { &mut recorded };
        set.insert(found.argument);
    }
    let differ = |one: &BTreeSet<String>, other: &BTreeSet<String>| -> Vec<String> {
        one.symmetric_difference(other).cloned().collect()
    };
    assert!(recorded.len() > 40, "the search finds little: {recorded:?}");
    assert!(
        differ(&recorded, &described).is_empty(),
        "recorded or described, not both: {:?}",
        differ(&recorded, &described)
    );
    let rows = documented();
    assert!(differ(&described, &rows).is_empty(), "in the code or in the table: {:?}", differ(&described, &rows));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_metric_of_a_running_installation_has_its_help_and_its_row() {
    let installation = Installation::new().await;
    let all = installation.serve("all").await;
    let base = all.url();
    let place = Restaurant::open(&installation, &all, "Casa").await;
    let mut floor = Socket::open(&all.realtime(), &installation.staff("waiter"), place.id, "floor", Some(0)).await;
    floor.until_live().await;
    let order = place.guest.post(&base, &place.path("/orders"), "order", &place.order()).await.unwrap().expect(201);
    assert_eq!(floor.event().await["type"], "order.placed");
    let position = order["position"].as_u64().unwrap();
    let waiter = Caller::new(installation.staff("manager"));
    waiter.get(&base, &place.path(&format!("/orders/{}", order["id"].as_str().unwrap())), position).await;
    let refused = waiter.post(&base, &place.path("/orders"), "bad", &json!({})).await.unwrap();
    assert!(refused.status.is_client_error());

    // Gauges are set every few seconds; these are the last to come.
    let seen = wait_for("all metrics are there", Duration::from_secs(60), async || {
        let text = reqwest::get(format!("{base}/metrics")).await.unwrap().text().await.unwrap();
        let late =
            ["outbox_oldest_seconds", "mysql_pool_acquire_seconds", "relay_published_total", "projection_lag_seconds"];
        let missing: Vec<_> = late.iter().filter(|name| !text.contains(*name)).collect();
        if missing.is_empty() { Ok(text) } else { Err(format!("{missing:?}")) }
    })
    .await;
    let names = |kind: &str| -> BTreeSet<String> {
        seen.lines().filter_map(|line| line.strip_prefix(kind)?.split(' ').next()).map(str::to_owned).collect()
    };
    let (typed, helped, documented) = (names("# TYPE "), names("# HELP "), documented());
    assert!(typed.len() > 25, "{typed:?}");
    assert_eq!(typed.difference(&documented).collect::<Vec<_>>(), Vec::<&String>::new(), "not in docs/operations.md");
    assert_eq!(typed.difference(&helped).collect::<Vec<_>>(), Vec::<&String>::new(), "without a HELP text");
}
