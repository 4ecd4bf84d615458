//! The journey: guests sit down, join, order; staff accept; cooks cook; waiters serve; guests leave.
//! Every answer and every frame is looked at.

use crate::{
    console::Socket,
    installation::Installation,
    restaurant::{Caller, Restaurant},
};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::too_many_lines, reason = "a dinner is one story; cut in pieces it would be harder to follow")]
async fn a_dinner_from_sitting_down_to_leaving() {
    let installation = Installation::new().await;
    let all = installation.serve("all").await;
    let base = all.url();
    let place = Restaurant::open(&installation, &all, "Casa").await;
    let (kitchen, waiter) = (Caller::new(installation.staff("kitchen")), Caller::new(installation.staff("waiter")));
    let post = async |who: &Caller, path: &str, key: &str, status: u16| {
        who.post(&base, &place.path(path), key, &json!({})).await.unwrap().expect(status)
    };

    let mut grill =
        Socket::open(&all.realtime(), &installation.staff("kitchen"), place.id, "kitchen:grill", None).await;
    let table_scope = format!("table-session:{}", place.session);
    let mut table = Socket::open(&all.realtime(), &place.guest_token, place.id, &table_scope, Some(0)).await;
    assert_eq!(grill.until_live().await, Vec::<Value>::new());
    let seen = table.until_live().await;
    assert_eq!(types(&seen), ["table-session.opened", "table-session.joined"]);

    // The guest orders. The table sees it; the kitchen does not.
    let answer = place.guest.post(&base, &place.path("/orders"), "order", &place.order()).await.unwrap();
    let order = answer.clone().expect(201)["id"].as_str().unwrap().to_owned();
    assert_eq!(answer.location.as_deref(), Some(format!("/v1/restaurants/{}/orders/{order}", place.id).as_str()));
    let placed = answer.json();
    assert_eq!(placed["total"], json!({"amount": 3000, "currency": "EUR"}));
    assert_eq!(placed["tax"], json!({"amount": 273, "currency": "EUR"}));
    assert_eq!(placed["version"], 1);
    let frame = table.event().await;
    assert_eq!(frame["type"], "order.placed");
    assert_eq!(frame["position"], placed["position"]);
    assert_eq!(frame["data"]["lines"].as_array().unwrap().len(), 2);

    // Staff accept. The grill sees its line and nothing else.
    let accepted = post(&waiter, &format!("/orders/{order}/accept"), "accept", 200).await;
    let line = grill.event().await;
    assert_eq!((line["type"].as_str(), line["data"]["name"].as_str()), (Some("line.fired"), Some("Burger")));
    assert_eq!(line["data"]["station"], "grill");
    let board =
        kitchen.get(&base, &place.path("/kitchen-board?station=grill"), accepted["position"].as_u64().unwrap()).await;
    assert_eq!(board["tickets"].as_array().unwrap().len(), 1);
    assert_eq!(board["tickets"][0]["state"], "fired");
    assert_eq!(board["cursor"]["epoch"], 1);

    // Each line is cooked and served; the last one completes the order.
    let burger = line["data"]["line_id"].as_str().unwrap().to_owned();
    let lines: Vec<String> =
        placed["lines"].as_array().unwrap().iter().map(|it| it["line_id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(lines[0], burger);
    let mut position = 0;
    for (number, line) in lines.iter().enumerate() {
        let path = |verb: &str| format!("/orders/{order}/lines/{line}/{verb}");
        post(&kitchen, &path("start"), &format!("start-{number}"), 200).await;
        post(&kitchen, &path("ready"), &format!("ready-{number}"), 200).await;
        position = post(&waiter, &path("served"), &format!("served-{number}"), 200).await["position"].as_u64().unwrap();
    }
    for expected in ["line.started", "line.ready", "line.served"] {
        let frame = grill.event().await;
        assert_eq!(
            (frame["type"].as_str(), frame["data"]["line_id"].as_str()),
            (Some(expected), Some(burger.as_str()))
        );
    }
    let served = place.manager.get(&base, &place.path(&format!("/orders/{order}")), position).await;
    assert_eq!(served["state"], "served");
    let board = kitchen.get(&base, &place.path("/kitchen-board?station=grill"), position).await;
    assert_eq!(board["tickets"], json!([]));

    // The guests leave; the table's stream told all of it, in order.
    post(&waiter, &format!("/sessions/{}/close", place.session), "close", 200).await;
    let mut told = Vec::new();
    while told.last().map(String::as_str) != Some("table-session.closed") {
        told.push(table.event().await["type"].as_str().unwrap().to_owned());
    }
    let per_line = ["line.started", "line.ready", "line.served"];
    let expected: Vec<&str> = ["order.accepted", "line.fired", "line.fired"]
        .into_iter()
        .chain(per_line)
        .chain(per_line)
        .chain(["order.completed", "table-session.closed"])
        .collect();
    assert_eq!(told, expected);

    // Nobody orders at a table that is left.
    let late = place.guest.post(&base, &place.path("/orders"), "late", &place.order()).await.unwrap();
    assert_eq!(late.expect(409)["code"], "session-closed");
    assert!(all.terminate().await.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_order_sent_fifty_times_at_once_is_one_order() {
    let installation = Installation::new().await;
    let all = installation.serve("all").await;
    let base = all.url();
    let place = Restaurant::open(&installation, &all, "Casa").await;
    let path = place.path("/orders");
    let sent = (0..50).map(|_| async { place.guest.post(&base, &path, "one-key", &place.order()).await.unwrap() });
    let answers = futures::future::join_all(sent).await;
    assert!(answers.iter().all(|answer| answer.status == 201 && answer.bytes == answers[0].bytes));
    assert_eq!(answers.iter().filter(|answer| !answer.replayed).count(), 1);

    let mut other = place.order();
    other["lines"][0]["quantity"] = json!(2);
    let refused = place.guest.post(&base, &path, "one-key", &other).await.unwrap();
    assert_eq!(refused.expect(422)["code"], "idempotency-key-reused");

    let position = answers[0].json()["position"].as_u64().unwrap();
    let orders = place.manager.get(&base, &place.path("/orders"), position).await;
    assert_eq!(orders["items"].as_array().unwrap().len(), 1);
}

fn types(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["type"].as_str().unwrap()).collect()
}
