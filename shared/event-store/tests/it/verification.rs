//! `verify` finds whatever was changed behind the product's back, and says what and where.
//!
//! A feed of nine events: created (1), two items (2, 3), opened (4), joined (5), placed (6), accepted
//! (7), two lines fired (8, 9). An administrator changes it; the findings are compared as people read
//! them.

use crate::support::{assert_whole, order};
use event_store::verify::{next_feed_of_events, verify_feed};
use testkit::{Env, Place};

/// What is found after these statements; each is given the feed.
async fn found_after(changes: &[&str]) -> Vec<String> {
    let env = Env::start().await;
    let committers = env.committers();
    let place = Place::create(&env, &committers).await;
    order(&committers, &place, "key").await.unwrap();
    let reader = env.reader().await;
    assert_whole(&reader, place.feed(), 9).await;
    let admin = sqlx::MySqlPool::connect(&env.events_admin_url()).await.unwrap();
    for change in changes {
        let changed = sqlx::query(change).bind(place.restaurant.0).execute(&admin).await.unwrap();
        assert!(changed.rows_affected() > 0, "{change} changed nothing");
    }
    let report = verify_feed(&reader, place.feed()).await.unwrap();
    report.findings.iter().map(ToString::to_string).collect()
}

fn not_as_written(position: u64) -> String {
    format!(
        "the event at position {position} is not what was written there \
         (or the one before it was exchanged together with its hash)"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn one_flipped_byte_of_any_column_is_found_where_it_stands() {
    let flip = |column: &str| {
        format!(
            "UPDATE events SET {column} = INSERT({column}, 12, 1, CHAR(ASCII(SUBSTRING({column}, 12, 1)) ^ 1)) \
             WHERE feed_id = ? AND position = 4"
        )
    };
    let changes = [
        flip("payload"),
        flip("metadata"),
        flip("event_id"),
        "UPDATE events SET type = 'table-session.closed' WHERE feed_id = ? AND position = 4".to_owned(),
        "UPDATE events SET schema_version = 2 WHERE feed_id = ? AND position = 4".to_owned(),
        "UPDATE events SET recorded_at = recorded_at + INTERVAL 1 MICROSECOND WHERE feed_id = ? AND position = 4"
            .to_owned(),
    ];
    for change in changes {
        assert_eq!(found_after(&[&change]).await, [not_as_written(4)], "{change}");
    }
}

/// Of whom an address is stands in no event; that they are a member does.
#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_is_nobodys_is_found() {
    let change = "INSERT INTO claims (feed_id, kind, claim_key, aggregate_id) \
                  VALUES (?, 'member-address', '0f1e', UUID_TO_BIN('0198b1c2-0021-8000-8000-000000000021'))";
    let found = found_after(&[change]).await;
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains("member-address") && found[0].contains("nobody"), "{found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_version_is_found_as_both_things_that_it_is() {
    let change = "UPDATE events SET version = 7 WHERE feed_id = ? AND position = 9";
    let found = found_after(&[change]).await;
    assert!(found[0].ends_with("has version 7 at position 9, not 4"), "{found:?}");
    assert_eq!(found[1..], [not_as_written(9)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_hash_is_told_from_a_changed_event() {
    let flip = "UPDATE events SET hash = INSERT(hash, 3, 1, CHAR(ASCII(SUBSTRING(hash, 3, 1)) ^ 1)) \
                WHERE feed_id = ? AND position = ";
    for position in [4, 9] {
        let expected =
            format!("the hash stored at position {position} is not what was written there; the event itself is");
        assert_eq!(found_after(&[&format!("{flip}{position}")]).await, [expected]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_kind_of_the_aggregate_which_no_hash_covers_is_proven_by_the_event() {
    let change = "UPDATE events SET aggregate_type = 'menu' WHERE feed_id = ? AND position = 7";
    let expected = "position 7 is stored as an event of `menu`, but `order.accepted` is one of `order`";
    assert_eq!(found_after(&[change]).await, [expected]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_event_is_found_and_the_next_is_not_accused() {
    let found = found_after(&["DELETE FROM events WHERE feed_id = ? AND position = 7"]).await;
    assert_eq!(found[0], "position 7 is missing: 8 stands there");
    assert!(found[1].ends_with("has version 3 at position 8, not 2"), "{found:?}");
    assert_eq!(found.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_off_tail_is_found() {
    let found = found_after(&["DELETE FROM events WHERE feed_id = ? AND position = 9"]).await;
    assert_eq!(found, ["the head stands at 9, the events end at 8"]);
    let all = found_after(&["DELETE FROM events WHERE feed_id = ?"]).await;
    assert_eq!(all, ["the head stands at 9, the events end at 0"]);
}

const INSERT: &str = "INSERT INTO events SELECT feed_id, {}, aggregate_id, aggregate_type, 90, UNHEX(REPLACE(UUID(), '-', '')), \
                      type, schema_version, recorded_at, metadata, payload, hash FROM events \
                      WHERE feed_id = ? AND position = 9";

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_was_never_committed_is_found_behind_the_head_and_before_the_first() {
    for position in ["10", "0"] {
        let found = found_after(&[&INSERT.replace("{}", position)]).await;
        let expected = format!("an event stands at position {position}, outside of 1 to 9: it was never committed");
        assert_eq!(found, [expected]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_was_squeezed_in_is_found_where_it_stands() {
    let found = found_after(&[
        "UPDATE events SET position = position + 1 WHERE feed_id = ? AND position > 4 ORDER BY position DESC",
        &INSERT.replace("{}", "5").replace("position = 9", "position = 10"),
        "UPDATE feed_heads SET position = 10 WHERE feed_id = ?",
    ])
    .await;
    assert!(found[0].contains("has version 90 at position 5, not 1"), "{found:?}");
    assert_eq!(found[1], not_as_written(5));
    assert!(found.contains(&not_as_written(6)), "what was moved is not where it was written: {found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_exchanged_events_are_both_found() {
    let moved =
        |from: u64, to: u64| format!("UPDATE events SET position = {to} WHERE feed_id = ? AND position = {from}");
    let found = found_after(&[&moved(2, 99), &moved(3, 2), &moved(99, 3)]).await;
    assert!(found[0].ends_with("has version 2 at position 2, not 1"), "{found:?}");
    assert!(found.contains(&not_as_written(2)) && found.contains(&not_as_written(3)), "{found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_head_is_found() {
    let hash = found_after(&["UPDATE feed_heads SET last_hash = REPEAT('x', 32) WHERE feed_id = ?"]).await;
    assert_eq!(hash, ["the head's hash is not that of the last event"]);
    let time =
        found_after(&["UPDATE feed_heads SET recorded_at = recorded_at - INTERVAL 1 SECOND WHERE feed_id = ?"]).await;
    assert_eq!(time, ["the head's time is not that of the last event"]);
    let behind = found_after(&["UPDATE feed_heads SET position = 8 WHERE feed_id = ?"]).await;
    assert!(behind.contains(&"an event stands at position 9, outside of 1 to 8: it was never committed".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn claims_and_outbox_must_be_what_the_events_say() {
    let lost = found_after(&["DELETE FROM claims WHERE feed_id = ? AND kind = 'open-session'"]).await;
    assert!(lost.len() == 1 && lost[0].starts_with("claim open-session `"), "{lost:?}");
    assert!(lost[0].contains("belongs to nobody, and after the events to "), "{lost:?}");
    let kept =
        "INSERT INTO claims SELECT feed_id, 'open-session', 'another-table', feed_id FROM feed_heads WHERE feed_id = ?";
    let kept = found_after(&[kept]).await;
    assert!(kept.len() == 1 && kept[0].ends_with("and after the events to nobody"), "{kept:?}");
    let unsent = found_after(&["DELETE FROM outbox WHERE feed_id = ? AND position = 3"]).await;
    let expected = "8 of the 9 events after position 0 wait in the outbox: \
                    the others are neither published nor will they be";
    assert_eq!(unsent, [expected]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_whose_head_is_gone_is_still_met() {
    let env = Env::start().await;
    let committers = env.committers();
    let place = Place::create(&env, &committers).await;
    let reader = env.reader().await;
    assert_eq!(next_feed_of_events(&reader, None).await.unwrap(), Some((place.feed(), true)));
    let admin = sqlx::MySqlPool::connect(&env.events_admin_url()).await.unwrap();
    sqlx::query("DELETE FROM feed_heads").execute(&admin).await.unwrap();
    assert_eq!(next_feed_of_events(&reader, None).await.unwrap(), Some((place.feed(), false)));
    assert_eq!(next_feed_of_events(&reader, Some(place.feed())).await.unwrap(), None);
    let report = verify_feed(&reader, place.feed()).await.unwrap();
    assert_eq!(report.findings[0].to_string(), "there is no such feed, or its head is gone");
}
