//! What operators do with events that could not be applied.

use crate::support::Setup;
use projection_service::parked::{self, ParkedError, Retried, Skip, Which};
use sqlx::Row;
use testkit::{Place, PlacedOrder};
use uuid::Uuid;

fn which(place: &Place, order: &PlacedOrder) -> Which {
    Which { projection: "orders@1".to_owned(), feed: place.feed(), aggregate: order.order.0 }
}

async fn rename(setup: &Setup, place: &Place, position: u64, kind: &str) {
    sqlx::query("UPDATE events SET type = ? WHERE feed_id = ? AND position = ?")
        .bind(kind)
        .bind(place.restaurant.0)
        .bind(position)
        .execute(&setup.events)
        .await
        .unwrap();
}

/// How many events of `orders@1` are parked, as the gauge shows it.
async fn parked_in_orders(setup: &Setup) -> u64 {
    let lines = parked::summary(&setup.views).await.unwrap();
    lines.iter().find(|line| line.projection == "orders@1").map_or(0, |line| line.events)
}

/// A place with a parked order (positions 6 to 9, from 7 on parked) and a good one.
async fn with_a_parked_order(setup: &Setup) -> (Place, PlacedOrder) {
    let place = setup.place().await;
    let (bad, events) = place.fired_order();
    setup.append(&place, events).await;
    rename(setup, &place, 7, "order.teleported").await;
    (place, bad)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_brings_the_order_back_when_its_cause_is_gone() {
    let setup = Setup::start().await;
    let (place, bad) = with_a_parked_order(&setup).await;
    let service = setup.service("a").await;
    setup.append(&place, place.fired_order().1).await;
    setup.caught_up(&place).await;
    assert_eq!(parked_in_orders(&setup).await, 3);
    let which = which(&place, &bad);
    let retried = parked::retry(&setup.views, &setup.reader, &which).await.unwrap();
    assert_eq!((retried.applied, retried.stuck.unwrap().0), (0, 7));
    let events = parked::events(&setup.views, &which).await.unwrap();
    assert_eq!(
        events.iter().map(|event| (event.position, event.attempts)).collect::<Vec<_>>(),
        [(7, 2), (8, 1), (9, 1)]
    );

    rename(&setup, &place, 7, "order.accepted").await;
    for projection in ["restaurants@1", "kitchen_board@1", "orders@1"] {
        let which = Which { projection: projection.to_owned(), ..which.clone() };
        let retried = parked::retry(&setup.views, &setup.reader, &which).await.unwrap();
        assert_eq!(retried, Retried { applied: 3, stuck: None }, "{projection}");
    }
    assert_eq!(parked_in_orders(&setup).await, 0);
    // The projector that ran meanwhile notices, and goes on.
    setup.append(&place, place.fired_order().1).await;
    setup.assert_equal_to_fold(&place).await;
    let again = parked::retry(&setup.views, &setup.reader, &which).await;
    assert!(matches!(again, Err(ParkedError::NothingParked)), "{again:?}");
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_skip_takes_only_the_first_event_and_says_who_and_why() {
    let setup = Setup::start().await;
    let (place, bad) = with_a_parked_order(&setup).await;
    let service = setup.service("a").await;
    setup.caught_up(&place).await;
    let which = which(&place, &bad);
    let decided = Skip { position: 7, by: "ana".to_owned(), reason: "written by a faulty import".to_owned() };
    let second = Skip { position: 8, ..decided.clone() };
    let refused = parked::skip(&setup.views, &which, &second).await;
    assert!(matches!(refused, Err(ParkedError::NotTheFirst { first: 7 })), "{refused:?}");
    let silent = Skip { reason: " ".to_owned(), ..decided.clone() };
    let refused = parked::skip(&setup.views, &which, &silent).await;
    assert!(matches!(refused, Err(ParkedError::Unexplained)), "{refused:?}");
    assert_eq!(parked_in_orders(&setup).await, 3);

    parked::skip(&setup.views, &which, &decided).await.unwrap();
    assert_eq!(parked_in_orders(&setup).await, 2);
    // Neither what is skipped nor what is parked is expected in the rows.
    let report = setup.check(&place).await;
    assert_eq!(report.views.iter().map(|view| view.n_differences).sum::<usize>(), 0, "{report:#?}");
    let kept = sqlx::query("SELECT position, aggregate_id, skipped_by, reason FROM parked_skips WHERE feed_id = ?")
        .bind(place.restaurant.0)
        .fetch_one(&setup.views)
        .await
        .unwrap();
    assert_eq!((kept.get::<u64, _>("position"), kept.get::<Uuid, _>("aggregate_id")), (7, bad.order.0));
    assert_eq!((kept.get("skipped_by"), kept.get("reason")), (decided.by, decided.reason));
    service.stop().await;
}
