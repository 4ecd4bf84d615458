//! From events to what people see.

use crate::support::Setup;
use domain::{
    dining::SessionClosed,
    event::Event,
    menu::{ItemWithdrawn, MenuEvent},
    ordering::{LineReady, LineServed, LineStarted, OrderEvent},
    stream::StreamId,
};
use identity::Permission;
use serde_json::json;
use testkit::{Place, PlacedOrder};

const READ_ALL: &[Permission] = &[Permission::OrderRead, Permission::KitchenRead, Permission::FloorRead];

fn of_order(order: &PlacedOrder, event: impl Into<OrderEvent>) -> (StreamId, Event) {
    (order.order.into(), Event::Order(event.into()))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_seen_by_everyone_as_it_goes() {
    let setup = Setup::start().await;
    let service = setup.service("a").await;
    let place = setup.place().await;
    let token = setup.staff(&place, READ_ALL);
    let (order, events) = place.fired_order();
    let at = setup.append(&place, events).await;

    let (status, board) = service.get(&place, &format!("/kitchen-board?station=grill&min_position={at}"), &token).await;
    assert_eq!(status, 200, "{board}");
    assert_eq!(board["cursor"], json!({"epoch": 1, "position": at}));
    let ticket = &board["tickets"][0];
    assert_eq!(board["tickets"].as_array().unwrap().len(), 1);
    assert_eq!((&ticket["order_id"], &ticket["state"]), (&json!(order.order), &json!("fired")));
    assert_eq!((&ticket["table_label"], &ticket["station"]), (&json!("7"), &json!("grill")));
    assert_eq!(ticket["lines"][0]["name"], "Burger");
    assert_eq!(ticket["fired_at"], ticket["lines"][0]["changed_at"]);
    assert!(board["now"].as_str().unwrap() >= ticket["fired_at"].as_str().unwrap());

    let path = format!("/orders/{}?min_position={at}", order.order);
    let (status, seen) = service.get(&place, &path, &token).await;
    assert_eq!(status, 200, "{seen}");
    assert_eq!((&seen["state"], &seen["version"]), (&json!("accepted"), &json!(4)));
    assert_eq!(seen["total"], json!({"amount": 2000, "currency": "EUR"}));
    assert_eq!(seen["lines"][1]["name"], "Beer");
    assert_eq!(seen["session_id"], json!(place.session));
    assert!(seen.get("reason").is_none() && seen.get("note").is_none());

    finish(&setup, &place, &order).await;
    setup.assert_equal_to_fold(&place).await;
    let (_, seen) = service.get(&place, &format!("/orders/{}", order.order), &token).await;
    assert_eq!(seen["state"], "ready");
    let (_, board) = service.get(&place, "/kitchen-board", &token).await;
    assert_eq!(board["tickets"], json!([]));
    service.stop().await;
}

/// Both lines go their way; then the table is free.
async fn finish(setup: &Setup, place: &Place, order: &PlacedOrder) {
    let mut events = Vec::new();
    for (line_id, station) in order.lines.clone() {
        let (order_id, session_id) = (order.order, place.session);
        let started = LineStarted { order_id, session_id, line_id, station: station.clone() };
        let ready = LineReady { order_id, session_id, line_id, station: station.clone() };
        events.push(of_order(order, started));
        events.push(of_order(order, ready));
        events.push(of_order(order, LineServed { order_id, session_id, line_id, station }));
    }
    let closed = SessionClosed { session_id: place.session, table_id: place.table };
    events.push((place.session.into(), Event::TableSession(closed.into())));
    setup.append(place, events).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_restaurant_its_menu_and_its_tables_are_told() {
    let setup = Setup::start().await;
    let service = setup.service("a").await;
    let place = setup.place().await;
    let token = setup.staff(&place, READ_ALL);

    let (status, seen) = service.get(&place, "?min_position=5", &token).await;
    assert_eq!(status, 200, "{seen}");
    assert_eq!((&seen["id"], &seen["currency"]), (&json!(place.restaurant), &json!("EUR")));
    assert_eq!(seen["stations"], json!([{"key": "grill", "name": "grill"}, {"key": "bar", "name": "bar"}]));
    let table = json!([{"table_id": place.table, "label": "7", "seats": 4, "open_session_id": place.session}]);
    assert_eq!(seen["tables"], table);

    let (_, seen) = service.get(&place, &format!("/sessions/{}", place.session), &token).await;
    assert_eq!(seen["diners"], json!([{"diner_id": place.diner, "number": 1}]));
    assert_eq!((&seen["state"], &seen["table_label"]), (&json!("open"), &json!("7")));
    assert!(seen.get("closed_at").is_none());

    let withdrawn = ItemWithdrawn { item_id: place.beer, station: "bar".parse().unwrap() };
    let closed = SessionClosed { session_id: place.session, table_id: place.table };
    let events = vec![
        (place.menu.into(), Event::Menu(MenuEvent::ItemWithdrawn(withdrawn))),
        (place.session.into(), Event::TableSession(closed.into())),
    ];
    let at = setup.append(&place, events).await;
    let (_, menu) = service.get(&place, &format!("/menu?min_position={at}"), &token).await;
    let item = json!({"item_id": place.burger, "name": "Burger", "price": {"amount": 1000, "currency": "EUR"},
                      "tax_rate_bp": 1000, "station": "grill", "available": true});
    assert_eq!(menu["items"][0], item);
    assert_eq!(menu["items"][1]["available"], false);
    let (_, seen) = service.get(&place, "", &token).await;
    assert!(seen["tables"][0].get("open_session_id").is_none(), "{seen}");
    let (_, seen) = service.get(&place, &format!("/sessions/{}", place.session), &token).await;
    assert_eq!(seen["state"], "closed");
    assert!(seen["closed_at"].is_string());
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_are_paged_newest_first_and_found_by_their_state() {
    let setup = Setup::start().await;
    let service = setup.service("a").await;
    let place = setup.place().await;
    let token = setup.staff(&place, READ_ALL);
    let mut placed = Vec::new();
    for n in 0..5 {
        let (order, mut events) = place.fired_order();
        // Every second one is only placed.
        events.truncate(if n % 2 == 0 { 1 } else { 4 });
        setup.append(&place, events).await;
        placed.push(order.order.to_string());
    }
    setup.caught_up(&place).await;
    placed.reverse();

    let (mut seen, mut path) = (Vec::new(), "/orders?limit=2".to_owned());
    loop {
        let (status, page) = service.get(&place, &path, &token).await;
        assert_eq!(status, 200, "{page}");
        let items = page["items"].as_array().unwrap();
        assert!(items.len() <= 2);
        seen.extend(items.iter().map(|order| order["order_id"].as_str().unwrap().to_owned()));
        match page.get("next") {
            Some(next) => path = format!("/orders?limit=2&after={next}"),
            None => break,
        }
    }
    assert_eq!(seen, placed);
    let (_, page) = service.get(&place, "/orders?state=placed", &token).await;
    assert_eq!(page["items"].as_array().unwrap().len(), 3);
    assert!(page["items"].as_array().unwrap().iter().all(|order| order["state"] == "placed"));
    service.stop().await;
}
