//! Events that cannot be applied.

use crate::support::Setup;
use domain::{
    event::Event,
    ordering::{LineStarted, OrderEvent},
    stream::StreamId,
};
use sqlx::Row;
use testkit::{Place, PlacedOrder};
use uuid::Uuid;

/// (position, cause class) of what a projection has parked.
async fn parked(setup: &Setup, projection: &str, place: &Place) -> Vec<(u64, String)> {
    sqlx::query(
        "SELECT position, cause_class FROM parked_events WHERE projection = ? AND feed_id = ? ORDER BY position",
    )
    .bind(projection)
    .bind(place.restaurant.0)
    .fetch_all(&setup.views)
    .await
    .unwrap()
    .iter()
    .map(|row| (row.get("position"), row.get("cause_class")))
    .collect()
}

fn started(place: &Place, order: &PlacedOrder) -> (StreamId, Event) {
    let (line_id, station) = order.lines[0].clone();
    let started = LineStarted { order_id: order.order, session_id: place.session, line_id, station };
    (order.order.into(), Event::Order(started.into()))
}

/// Views that have what is left, and nothing that differs from it.
async fn assert_rest_is_right(setup: &Setup, place: &Place) {
    setup.caught_up(place).await;
    let report = setup.check(place).await;
    assert!(report.views.iter().all(|view| view.n_differences == 0), "{report:#?}");
    assert!(!report.is_clean());
}

fn expect(parked: &[(u64, String)], expected: &[(u64, &str)]) {
    let parked: Vec<(u64, &str)> = parked.iter().map(|(position, class)| (*position, class.as_str())).collect();
    assert_eq!(parked, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_nobody_can_read_parks_only_its_aggregate() {
    let setup = Setup::start().await;
    let place = setup.place().await;
    let (bad, events) = place.fired_order();
    setup.append(&place, events).await;
    let (good, events) = place.fired_order();
    setup.append(&place, events).await;
    // Position 7 is the acceptance of the first order.
    sqlx::query("UPDATE events SET type = 'order.teleported' WHERE feed_id = ? AND position = 7")
        .bind(place.restaurant.0)
        .execute(&setup.events)
        .await
        .unwrap();
    let service = setup.service("a").await;
    assert_rest_is_right(&setup, &place).await;
    let first = [(7, "undecodable"), (8, "behind"), (9, "behind")];
    for projection in ["restaurants@1", "kitchen_board@1", "orders@1"] {
        expect(&parked(&setup, projection, &place).await, &first);
    }
    // What comes later for the parked order is parked behind it; the other order goes on.
    setup.append(&place, vec![started(&place, &bad), started(&place, &good)]).await;
    assert_rest_is_right(&setup, &place).await;
    expect(&parked(&setup, "orders@1", &place).await, &[first[0], first[1], first[2], (14, "behind")]);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_the_tables_refuse_parks_only_its_aggregate_and_only_there() {
    let setup = Setup::start().await;
    let service = setup.service("a").await;
    let place = setup.place().await;
    let (_, mut bad) = place.fired_order();
    if let Event::Order(OrderEvent::Placed(placed)) = &mut bad[0].1 {
        placed.code = "far too long for a code".to_owned();
    }
    let (_, good) = place.fired_order();
    bad.extend(good);
    setup.append(&place, bad).await;
    assert_rest_is_right(&setup, &place).await;
    let expected = [(6, "constraint"), (7, "behind"), (8, "behind"), (9, "behind")];
    expect(&parked(&setup, "orders@1", &place).await, &expected);
    expect(&parked(&setup, "kitchen_board@1", &place).await, &[]);
    expect(&parked(&setup, "restaurants@1", &place).await, &[]);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_about_nothing_is_parked_and_not_lost() {
    let setup = Setup::start().await;
    let service = setup.service("a").await;
    let place = setup.place().await;
    let (mut order, _) = place.fired_order();
    order.lines[0].0 = Uuid::now_v7().into();
    setup.append(&place, vec![started(&place, &order)]).await;
    setup.caught_up(&place).await;
    expect(&parked(&setup, "orders@1", &place).await, &[(6, "unappliable")]);
    expect(&parked(&setup, "kitchen_board@1", &place).await, &[(6, "unappliable")]);
    expect(&parked(&setup, "restaurants@1", &place).await, &[]);
    service.stop().await;
}
