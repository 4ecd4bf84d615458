//! A visit, from an empty installation to guests who leave.

use crate::support::{World, id, item_body, restaurant_body};
use domain::{envelope::ActorKind, ids::FeedId};
use futures::StreamExt;
use messaging::Namespace;
use serde_json::{Value, json};
use std::time::Duration;
use uuid::Uuid;

#[tokio::test]
async fn a_visit_from_sitting_down_to_leaving() {
    let world = World::start().await;
    let place = world.place().await;
    let (waiter, cook) = (world.role(&place, "waiter"), world.role(&place, "kitchen"));

    let placed = world.post(&world.diner(&place), &place.at("/orders"), "order-1", place.order_body()).await;
    assert_eq!(placed.status, 201, "{placed}");
    let order = placed.json();
    assert_eq!(placed.header("location").unwrap(), place.at(&format!("/orders/{}", id(&order["id"]))));
    assert!(!placed.is_replayed());
    assert_eq!((&order["version"], &order["epoch"]), (&json!(1), &json!(1)));
    assert_eq!(order["total"], json!({"amount": 2_850, "currency": "EUR"}));
    assert_eq!(order["tax"], json!({"amount": 259, "currency": "EUR"}));
    assert_eq!(order["code"].as_str().unwrap().len(), 4);
    assert_eq!(order["lines"][0]["item_id"], json!(place.burger));

    let at = place.at(&format!("/orders/{}", id(&order["id"])));
    let accepted = world.done(&cook, &format!("{at}/accept"), Value::Null).await;
    assert_eq!((&accepted["version"], &accepted["id"]), (&json!(4), &order["id"]));
    assert_eq!(accepted["position"].as_u64().unwrap(), order["position"].as_u64().unwrap() + 3);
    for line in order["lines"].as_array().unwrap() {
        let at = format!("{at}/lines/{}", id(&line["line_id"]));
        world.done(&cook, &format!("{at}/start"), json!({})).await;
        world.done(&cook, &format!("{at}/ready"), Value::Null).await;
        world.done(&waiter, &format!("{at}/served"), Value::Null).await;
    }
    let close = place.at(&format!("/sessions/{}/close", place.session));
    world.done(&waiter, &close, Value::Null).await;

    let types: Vec<_> = world.events(place.restaurant).await.into_iter().map(|event| event.event_type).collect();
    let expected = "restaurant.created menu-item.added menu-item.added table-session.opened table-session.joined \
                    order.placed order.accepted line.fired line.fired line.started line.ready line.served \
                    line.started line.ready line.served order.completed table-session.closed";
    assert_eq!(types.join(" "), expected);
}

#[tokio::test]
async fn an_event_says_who_caused_it_and_joins_what_belongs_together() {
    let world = World::start().await;
    let place = world.place().await;
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let (token, path) = (world.diner(&place), place.at("/orders"));
    let headers = [("content-type", "application/json"), ("x-correlation-id", "till-7"), ("traceparent", trace)];
    let body = place.order_body().to_string().into_bytes();
    let request = crate::support::Request { path: &path, token: Some(&token), key: Some("k"), headers: &headers, body };
    let answer = world.send(request).await;
    assert_eq!((answer.status, answer.header("x-correlation-id")), (201, Some("till-7")));

    let events = world.events(place.restaurant).await;
    let metadata = &events.last().unwrap().metadata;
    assert_eq!((metadata.actor.kind, metadata.actor.id.as_str()), (ActorKind::Guest, &*place.diner.to_string()));
    assert_eq!((metadata.correlation_id.as_str(), metadata.traceparent.as_deref()), ("till-7", Some(trace)));
    assert_eq!(metadata.causation_id.get_version_num(), 7);
    assert_eq!(events[0].metadata.actor.kind, ActorKind::Staff);
}

#[tokio::test]
async fn a_commit_wakes_the_relay_of_its_shard() {
    let world = World::start().await;
    let nats = messaging::connect(&world.env.nats_url, "test").await.unwrap();
    let place = world.place().await;
    let subject = Namespace::new(&world.env.nats_prefix).wake_subject(FeedId::from(place.restaurant).shard());
    let mut wakes = nats.subscribe(subject).await.unwrap();
    nats.flush().await.unwrap();
    world.done(&world.owner(), &place.at("/menu/items"), item_body("Soup", 600, "grill")).await;
    let wake = tokio::time::timeout(Duration::from_secs(5), wakes.next()).await.unwrap();
    assert!(wake.unwrap().payload.is_empty());
}

#[tokio::test]
async fn rules_that_say_no_tell_what_a_program_can_act_on() {
    let world = World::start().await;
    let place = world.place().await;
    let owner = world.owner();
    let refused = async |path: String, body: Value, code: &str, fact: &str, value: Value| {
        let answer = world.post(&owner, &place.at(&path), &Uuid::now_v7().to_string(), body).await;
        assert_eq!((answer.status, &*answer.code()), (409, code), "{answer}");
        assert_eq!(answer.json()[fact], value, "{answer}");
        assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    };
    let order = world.done(&owner, &place.at("/orders"), place.order_body()).await["id"].clone();
    let session = place.session;
    let open = format!("/tables/{}/sessions", place.tables[0]);
    refused(open, Value::Null, "table-occupied", "session_id", json!(session)).await;
    let close = format!("/sessions/{session}/close");
    refused(close, Value::Null, "orders-open", "order_ids", json!([order])).await;
    let at = format!("/orders/{}", id(&order));
    world.done(&owner, &place.at(&format!("{at}/reject")), json!({"reason": "sold-out", "note": "no bread"})).await;
    refused(format!("{at}/accept"), Value::Null, "order-not-placed", "state", json!("rejected")).await;
    let cancel = json!({"reason": "mistake"});
    refused(format!("{at}/cancel"), cancel, "order-not-cancellable", "state", json!("rejected")).await;
    refused("/menu/items".into(), item_body("burger", 1, "grill"), "item-name-taken", "status", json!(409)).await;
    refused("/menu/items".into(), item_body("Soup", 1, "pizza"), "unknown-station", "station", json!("pizza")).await;
    let mut dollars = item_body("Soup", 1, "grill");
    dollars["price"]["currency"] = json!("USD");
    refused("/menu/items".into(), dollars, "currency-mismatch", "expected", json!("EUR")).await;
    let beer = format!("/menu/items/{}", place.beer);
    world.done(&owner, &place.at(&format!("{beer}/withdraw")), Value::Null).await;
    refused("/orders".into(), place.order_body(), "item-withdrawn", "item_id", json!(place.beer)).await;
}

#[tokio::test]
async fn two_restaurants_of_a_tenant_do_not_know_each_other() {
    let world = World::start().await;
    let place = world.place().await;
    let owner = world.owner();
    let other = world.done(&owner, "/v1/restaurants", restaurant_body("Casa Otra")).await;
    let order = world.done(&owner, &place.at("/orders"), place.order_body()).await;
    let path = format!("/v1/restaurants/{}/orders/{}/accept", id(&other["id"]), id(&order["id"]));
    let answer = world.post(&owner, &path, "k", Value::Null).await;
    assert_eq!((answer.status, &*answer.code()), (404, "not-found"));
}
