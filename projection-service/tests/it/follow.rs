//! Following feeds through restarts, losses and repeats.

use crate::support::{SOON, Setup};
use std::time::Duration;
use testkit::{Place, wait_until};
use tokio::time::timeout;

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_goes_on_where_it_was() {
    let setup = Setup::start().await;
    let place = setup.place().await;
    let service = setup.service("a").await;
    setup.append(&place, place.fired_order().1).await;
    setup.assert_equal_to_fold(&place).await;
    service.stop().await;
    setup.append(&place, place.fired_order().1).await;
    // Stopping gave the shards back: the next one need not wait for the leases to run out.
    let service = setup.service("b").await;
    timeout(Duration::from_secs(10), setup.assert_equal_to_fold(&place)).await.unwrap();
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn repeats_disorder_and_losses_on_the_way_do_no_harm() {
    let setup = Setup::start().await;
    let service = setup.service("a").await;
    let place = setup.place().await;
    setup.caught_up(&place).await;
    for round in 0..5 {
        setup.append(&place, place.fired_order().1).await;
        let mut events = setup.feed(&place).await;
        match round {
            // Everything since the beginning, twice.
            0 => events.extend(events.clone()),
            // Backwards.
            1 => events.reverse(),
            // Only the last one: a hole before it.
            2 => events = events.split_off(events.len() - 1),
            // The last ones are lost: nobody tells of them.
            3 => events.clear(),
            // Every second one, and then all of them.
            _ => {
                let all = events.clone();
                events.retain(|event| event.cursor.position % 2 == 0);
                events.extend(all);
            }
        }
        for event in &events {
            setup.publish(event).await;
        }
        setup.assert_equal_to_fold(&place).await;
    }
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn new_feeds_are_found_without_being_told() {
    let setup = Setup::start().await;
    let service = setup.service("a").await;
    for _ in 0..8 {
        let place = setup.place().await;
        setup.assert_equal_to_fold(&place).await;
    }
    service.stop().await;
}

/// Two projectors with the same name both believe that every shard is theirs, as after a long pause.
#[tokio::test(flavor = "multi_thread")]
async fn two_projectors_at_once_apply_everything_once() {
    let setup = Setup::start().await;
    let (one, two) = (setup.service("same").await, setup.service("same").await);
    let places = [setup.place().await, setup.place().await];
    for _ in 0..20 {
        for place in &places {
            append_and_publish(&setup, place).await;
        }
    }
    for place in &places {
        setup.assert_equal_to_fold(place).await;
    }
    one.stop().await;
    two.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn several_projectors_share_and_take_over() {
    let setup = Setup::start().await;
    let (one, two) = (setup.service("one").await, setup.service("two").await);
    wait_until("both hold shards", SOON, async || owners(&setup).await.len() == 2).await;
    let places = [setup.place().await, setup.place().await, setup.place().await];
    for place in &places {
        append_and_publish(&setup, place).await;
        setup.assert_equal_to_fold(place).await;
    }
    one.stop().await;
    wait_until("one is left", SOON, async || matches!(&*owners(&setup).await, [owner] if owner.starts_with("two-")))
        .await;
    for place in &places {
        append_and_publish(&setup, place).await;
        setup.assert_equal_to_fold(place).await;
    }
    two.stop().await;
}

/// Who holds shards of the orders view now.
async fn owners(setup: &Setup) -> Vec<String> {
    let owners = "SELECT DISTINCT owner FROM leases WHERE kind = 'projection orders@1' AND shard < 64 AND owner <> '' \
                  AND until > NOW(6) ORDER BY owner";
    sqlx::query_scalar(owners).fetch_all(&setup.views).await.unwrap()
}

async fn append_and_publish(setup: &Setup, place: &Place) {
    let at = setup.append(place, place.fired_order().1).await;
    for event in setup.feed(place).await.iter().filter(|event| event.cursor.position + 4 > at) {
        setup.publish(event).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renumbered_feed_is_applied_again() {
    let setup = Setup::start().await;
    let service = setup.service("a").await;
    let place = setup.place().await;
    setup.append(&place, place.fired_order().1).await;
    setup.assert_equal_to_fold(&place).await;
    // A restore from a backup that lost the last four events.
    let feed = place.restaurant.0;
    for text in [
        "DELETE FROM events WHERE feed_id = ? AND position > 5",
        "UPDATE feed_heads SET epoch = 2, position = 5 WHERE feed_id = ?",
    ] {
        sqlx::query(text).bind(feed).execute(&setup.events).await.unwrap();
    }
    setup.assert_equal_to_fold(&place).await;
    assert_eq!(setup.stands("orders@1", &place).await.unwrap().epoch, 2);
    service.stop().await;
}
