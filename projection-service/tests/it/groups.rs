//! Live events of many restaurants at once.

use crate::support::{SOON, Setup};
use domain::{event::Event, ordering::OrderEvent, stream::StreamId};
use futures::future::join_all;
use sqlx::Row;
use testkit::{Place, wait_until};

async fn places(setup: &Setup, number: usize) -> Vec<Place> {
    join_all((0..number).map(|_| setup.place())).await
}

/// Appends to all of them, then publishes it place by place, event by event, so that it comes in together.
async fn append_and_publish(setup: &Setup, commands: Vec<(&Place, Vec<(StreamId, Event)>)>) {
    let appended = commands.into_iter().map(|(place, events)| async move {
        let (number, at) = (events.len() as u64, setup.append(place, events).await);
        setup.feed(place).await.split_off(usize::try_from(at - number).unwrap())
    });
    let appended = join_all(appended).await;
    for event in appended.iter().flatten() {
        setup.publish(event).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn live_events_of_many_restaurants_go_in_groups() {
    let setup = Setup::start().await;
    let service = setup.service("a").await;
    let places = places(&setup, 12).await;
    for place in &places {
        setup.caught_up(place).await;
    }
    // What the connections of the projectors have prepared, and how often they ran it.
    let groups = "SELECT CAST(COALESCE(SUM(p.COUNT_EXECUTE), 0) AS SIGNED) \
                  FROM performance_schema.prepared_statements_instances p \
                  JOIN performance_schema.threads t ON t.THREAD_ID = p.OWNER_THREAD_ID \
                  WHERE t.PROCESSLIST_DB = ? AND p.SQL_TEXT LIKE 'UPDATE projection_checkpoints FORCE INDEX%'";
    wait_until("groups are seen", SOON, async || {
        append_and_publish(&setup, places.iter().map(|place| (place, place.fired_order().1)).collect()).await;
        for place in &places {
            setup.caught_up(place).await;
        }
        let groups = sqlx::query_scalar::<_, i64>(groups).bind(&setup.env.schemas.views);
        groups.fetch_one(&setup.views).await.unwrap() > 0
    })
    .await;
    for place in &places {
        setup.assert_equal_to_fold(place).await;
    }
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn poison_in_one_restaurant_parks_its_aggregate_and_every_other_one_moves_on() {
    let setup = Setup::start().await;
    let service = setup.service("a").await;
    let places = places(&setup, 8).await;
    for place in &places {
        setup.caught_up(place).await;
    }
    let mut commands: Vec<_> = places.iter().map(|place| (place, place.fired_order().1)).collect();
    if let Event::Order(OrderEvent::Placed(placed)) = &mut commands[3].1[0].1 {
        placed.code = "far too long for a code".to_owned();
    }
    let more = places[3].fired_order().1;
    commands[3].1.extend(more);
    append_and_publish(&setup, commands).await;
    // A restaurant with parked events follows by itself.
    append_and_publish(&setup, places.iter().map(|place| (place, place.fired_order().1)).collect()).await;
    for (number, place) in places.iter().enumerate().filter(|(number, _)| *number != 3) {
        setup.assert_equal_to_fold(place).await;
        assert_eq!(parked(&setup, place).await, Vec::new(), "of place {number}");
    }
    setup.caught_up(&places[3]).await;
    let report = setup.check(&places[3]).await;
    assert!(report.views.iter().all(|view| view.n_differences == 0), "{report:#?}");
    let expected = (6..10).map(|position| ("orders@1".to_owned(), position)).collect::<Vec<_>>();
    assert_eq!(parked(&setup, &places[3]).await, expected);
    service.stop().await;
}

async fn parked(setup: &Setup, place: &Place) -> Vec<(String, u64)> {
    let text = "SELECT projection, position FROM parked_events WHERE feed_id = ? ORDER BY projection, position";
    let rows = sqlx::query(text).bind(place.restaurant.0).fetch_all(&setup.views).await.unwrap();
    rows.iter().map(|row| (row.get("projection"), row.get("position"))).collect()
}

/// Both believe that every shard is theirs, so that their groups overlap all the time.
#[tokio::test(flavor = "multi_thread")]
async fn groups_of_two_projectors_that_overlap_apply_everything_once() {
    let setup = Setup::start().await;
    let (one, two) = (setup.service("same").await, setup.service("same").await);
    let places = places(&setup, 8).await;
    for _ in 0..6 {
        append_and_publish(&setup, places.iter().map(|place| (place, place.fired_order().1)).collect()).await;
    }
    for place in &places {
        setup.assert_equal_to_fold(place).await;
    }
    one.stop().await;
    two.stop().await;
}
