//! What auditors ask: the events of an order, and the order as it was.

use crate::support::{Running, Setup};
use chrono::{DateTime, Utc};
use domain::{
    event::Event,
    ordering::{LineReady, LineServed, LineStarted, OrderEvent},
};
use identity::Permission;
use serde_json::{Value, json};
use testkit::{Place, PlacedOrder};
use uuid::Uuid;

const AUDITOR: &[Permission] = &[Permission::AuditRead, Permission::OrderRead];

/// Another order, then one that goes as far as its first line being ready: positions 10 to 15.
async fn begun(setup: &Setup, place: &Place) -> PlacedOrder {
    setup.append(place, place.fired_order().1).await;
    let (order, events) = place.fired_order();
    setup.append(place, events).await;
    let (line_id, station) = order.lines[0].clone();
    let (order_id, session_id) = (order.order, place.session);
    let started = LineStarted { order_id, session_id, line_id, station: station.clone() };
    setup.append(place, vec![(order_id.into(), Event::Order(OrderEvent::from(started)))]).await;
    let ready = LineReady { order_id, session_id, line_id, station };
    assert_eq!(setup.append(place, vec![(order_id.into(), Event::Order(OrderEvent::from(ready)))]).await, 15);
    order
}

async fn ok(service: &Running, place: &Place, path: &str, token: &str) -> Value {
    let (status, body) = service.get(place, path, token).await;
    assert_eq!(status, 200, "{path}: {body}");
    body
}

#[tokio::test(flavor = "multi_thread")]
async fn given_an_order_when_its_history_is_asked_then_every_event_is_told_with_who_when_and_why() {
    let setup = Setup::start().await;
    let service = setup.service("a").await;
    let place = setup.place().await;
    let order = begun(&setup, &place).await;
    let token = setup.staff(&place, AUDITOR);

    let history = ok(&service, &place, &format!("/orders/{}/history", order.order), &token).await;
    assert_eq!(history["cursor"], json!({"epoch": 1, "position": 15}));
    assert_eq!(history["order_id"], json!(order.order));
    assert!(history.get("next").is_none());
    // The same envelopes that the feed has, data included.
    let feed = setup.feed(&place).await;
    let expected: Vec<Value> =
        feed[9..].iter().map(|event| serde_json::from_slice(&event.envelope_json()).unwrap()).collect();
    assert_eq!(history["events"], json!(expected));
    let first = &history["events"][0];
    assert_eq!((&first["type"], &first["position"], &first["epoch"]), (&json!("order.placed"), &json!(10), &json!(1)));
    assert_eq!(first["actor"], json!({"kind": "staff", "id": "test"}));
    assert!(first["correlation_id"].as_str().unwrap().starts_with("test-"));
    assert!(Uuid::parse_str(first["causation_id"].as_str().unwrap()).is_ok());
    // One command, one cause: the four events of placing and firing have it in common.
    assert_eq!(first["causation_id"], history["events"][3]["causation_id"]);
    assert_ne!(first["causation_id"], history["events"][4]["causation_id"]);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_long_history_when_it_is_paged_then_nothing_is_missing_or_told_twice() {
    let setup = Setup::start().await;
    let service = setup.service("a").await;
    let place = setup.place().await;
    let order = begun(&setup, &place).await;
    let token = setup.staff(&place, AUDITOR);
    let path = format!("/orders/{}/history", order.order);
    let (mut versions, mut asked) = (Vec::new(), format!("{path}?limit=2"));
    loop {
        let page = ok(&service, &place, &asked, &token).await;
        let events = page["events"].as_array().unwrap();
        assert!((1..=2).contains(&events.len()));
        versions.extend(events.iter().map(|event| event["aggregate"]["version"].as_u64().unwrap()));
        match page.get("next") {
            Some(next) => asked = format!("{path}?limit=2&after={next}"),
            None => break,
        }
    }
    assert_eq!(versions, [1, 2, 3, 4, 5, 6]);
    let end = ok(&service, &place, &format!("{path}?after=6"), &token).await;
    assert_eq!((&end["events"], end.get("next")), (&json!([]), None));
    for (wrong, code) in [("limit=101", "invalid-field"), ("after=x", "bad-cursor"), ("from=1", "invalid-field")] {
        let (status, body) = service.get(&place, &format!("{path}?{wrong}"), &token).await;
        assert_eq!((status.as_u16(), &body["code"]), (400, &json!(code)), "{wrong}");
    }
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_ids_of_nothing_or_of_something_else_then_there_is_no_history() {
    let setup = Setup::start().await;
    let service = setup.service("a").await;
    let (place, other) = (setup.place().await, setup.place().await);
    let order = begun(&setup, &place).await;
    let (mine, others) = (setup.staff(&place, AUDITOR), setup.staff(&other, AUDITOR));
    // Another restaurant's order, a session, nothing at all.
    for (at, id, token) in [
        (&other, order.order.to_string(), &others),
        (&place, place.session.to_string(), &mine),
        (&place, Uuid::now_v7().to_string(), &mine),
        (&place, order.order.to_string(), &others),
    ] {
        for query in ["/history", "/history?after=3", "?as_of_position=5"] {
            let (status, body) = service.get(at, &format!("/orders/{id}{query}"), token).await;
            assert_eq!((status.as_u16(), &body["code"]), (404, &json!("not-found")), "{id}{query}");
        }
    }
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_an_order_when_it_is_asked_as_of_a_position_or_time_then_it_is_what_it_was() {
    let setup = Setup::start().await;
    let service = setup.service("a").await;
    let place = setup.place().await;
    let order = begun(&setup, &place).await;
    let token = setup.staff(&place, AUDITOR);
    let path = format!("/orders/{}", order.order);
    let feed = setup.feed(&place).await;

    for (position, state, version) in
        [(10, "placed", 1), (11, "accepted", 2), (14, "preparing", 5), (15, "preparing", 6)]
    {
        let then = ok(&service, &place, &format!("{path}?as_of_position={position}"), &token).await;
        assert_eq!((&then["state"], &then["version"]), (&json!(state), &json!(version)), "{then}");
        assert_eq!(then["cursor"], json!({"epoch": 1, "position": position}));
    }
    // At the time of its last event it is what the view says now, to the last member.
    setup.caught_up(&place).await;
    let now = ok(&service, &place, &path, &token).await;
    assert_eq!(ok(&service, &place, &format!("{path}?as_of_position=15"), &token).await, now);
    let at = |time: DateTime<Utc>| format!("{path}?as_of={}", domain::envelope::format_time(time));
    assert_eq!(ok(&service, &place, &at(feed[14].recorded_at), &token).await, now);
    // A microsecond before, the last command had not happened.
    let before = feed[14].recorded_at - chrono::Duration::microseconds(1);
    let then = ok(&service, &place, &at(before), &token).await;
    assert_eq!((&then["lines"][0]["state"], &then["cursor"]["position"]), (&json!("preparing"), &json!(14)));

    // Before it was placed, there was no order.
    let placed = feed[9].recorded_at - chrono::Duration::microseconds(1);
    for early in [at(placed), format!("{path}?as_of_position=9"), format!("{path}?as_of_position=0")] {
        let (status, body) = service.get(&place, &early, &token).await;
        assert_eq!((status.as_u16(), &body["code"]), (404, &json!("not-found")), "{early}");
    }
    let tomorrow = at(Utc::now() + chrono::Duration::days(1));
    for (future, pointer) in [(tomorrow, "/as_of"), (format!("{path}?as_of_position=16"), "/as_of_position")] {
        let (status, body) = service.get(&place, &future, &token).await;
        assert_eq!((status.as_u16(), &body["errors"][0]["pointer"]), (400, &json!(pointer)), "{body}");
    }
    service.stop().await;
}

/// The past does not change: what was true as of a position is told the same after the order has ended.
#[tokio::test(flavor = "multi_thread")]
async fn given_an_answer_about_the_past_when_the_order_goes_on_then_the_answer_stays() {
    let setup = Setup::start().await;
    let service = setup.service("a").await;
    let place = setup.place().await;
    let order = begun(&setup, &place).await;
    let token = setup.staff(&place, AUDITOR);
    let path = format!("/orders/{}?as_of_position=13", order.order);
    let before = ok(&service, &place, &path, &token).await;
    let (line_id, station) = order.lines[0].clone();
    let served = LineServed { order_id: order.order, session_id: place.session, line_id, station };
    setup.append(&place, vec![(order.order.into(), Event::Order(OrderEvent::from(served)))]).await;
    assert_eq!(ok(&service, &place, &path, &token).await, before);
    service.stop().await;
}
