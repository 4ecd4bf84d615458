//! Writing actions down, with real MySQL.

#![expect(clippy::unwrap_used, reason = "clippy takes the helpers of a test for other code")]

mod support;

use action_log::{
    Retention,
    fold::{ROWS_OF_ONE_MAX, ROWS_OF_STRANGERS_MAX},
    table::{self, Wanted},
};
use chrono::{Duration, Utc};
use identity::Permission;
use service_kit::audit::{QUEUE_MAX, Trail, Who};
use support::{Log, PATIENCE, denial, stranger};
use testkit::Fault;
use tokio::net::TcpListener;
use uuid::Uuid;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_handed_over_is_found_again_with_all_that_it_says() {
    let log = Log::start().await;
    let (trail, writer) = action_log::start(&log.env.access.audit).unwrap();
    let mut action = denial(log.tenant, "ana", "GET /v1/staff");
    action.restaurant = Some(Uuid::now_v7().into());
    action.permission = Some(Permission::StaffRead);
    action.who.via = "device:1 token:2".to_owned();
    trail.record(action.clone());
    let found = log.until_there_are(1, log.wanted()).await;
    assert_eq!((&found[0].action, found[0].repeats), (&action, 1));
    // The same again is a count, which is written when the minute, or the process, ends.
    for _ in 0..6 {
        trail.record(denial(log.tenant, "ana", "GET /v1/roles"));
    }
    writer.end().await;
    let found = table::list(&log.pool, &log.wanted(), 10).await.unwrap();
    let repeats: Vec<_> = found.iter().map(|row| (row.action.action.as_str(), row.repeats)).collect();
    assert_eq!(repeats, [("GET /v1/roles", 6), ("GET /v1/staff", 1)]);
    assert!(found[0].last_at >= found[0].action.at);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_strangers_fills_no_table_and_hides_no_tenants_rows() {
    let log = Log::start().await;
    let (trail, writer) = action_log::start(&log.env.access.audit).unwrap();
    // As many as the queue takes at once, so that none is dropped on the way; each from an address of their own.
    let strangers = u32::try_from(QUEUE_MAX).unwrap() - 100;
    (0..strangers).for_each(|number| trail.record(stranger(number)));
    (0..100).for_each(|route| trail.record(denial(log.tenant, "ana", &format!("GET /v1/{route}"))));
    let known = log.until_there_are(ROWS_OF_ONE_MAX + 1, log.wanted()).await;
    assert_eq!(known.len(), ROWS_OF_ONE_MAX + 1);
    writer.end().await;
    let rows = table::list(&log.pool, &Wanted::default(), 1_000).await.unwrap();
    assert_eq!(rows.len(), ROWS_OF_STRANGERS_MAX + 1);
    assert_eq!(rows.iter().map(|row| row.repeats).sum::<u32>(), strangers);
}

#[tokio::test(flavor = "multi_thread")]
async fn while_mysql_is_away_actions_wait_and_nobody_waits_for_them() {
    let log = Log::start().await;
    let (proxy, url) = log.through_a_proxy().await;
    let (trail, writer) = action_log::start(&url).unwrap();
    trail.record(denial(log.tenant, "ana", "GET /v1/staff"));
    log.until_there_are(1, log.wanted()).await;
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap();
    proxy.retarget(nobody.local_addr().unwrap().port());
    proxy.cut();
    for name in ["ben", "eva", "kim", "ben"] {
        trail.record(denial(log.tenant, name, "GET /v1/staff"));
    }
    // It tries, and finds nobody.
    tokio::time::timeout(PATIENCE, nobody.accept()).await.unwrap().unwrap();
    proxy.retarget(log.mysql_port());
    proxy.cut();
    log.until_there_are(4, log.wanted()).await;
    writer.end().await;
    let rows = table::list(&log.pool, &log.wanted(), 10).await.unwrap();
    let twice = rows.iter().find(|row| row.action.who.id == "ben").unwrap();
    assert_eq!((rows.len(), twice.repeats), (4, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_without_mysql_ends_and_says_what_is_lost() {
    let log = Log::start().await;
    let (proxy, url) = log.through_a_proxy().await;
    proxy.set(Fault::Refuse);
    let (trail, writer) = action_log::start(&url).unwrap();
    trail.record(denial(log.tenant, "ana", "GET /v1/staff"));
    tokio::time::timeout(PATIENCE, writer.end()).await.unwrap();
    assert!(table::list(&log.pool, &log.wanted(), 10).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_full_queue_drops_and_counts_and_a_trail_to_nowhere_takes_all() {
    let (trail, taken) = Trail::new();
    for _ in 0..QUEUE_MAX + 3 {
        trail.record(stranger(1));
    }
    assert_eq!((taken.dropped(), taken.dropped(), taken.actions.len()), (3, 0, QUEUE_MAX));
    assert!(trail.leads_somewhere() && !Trail::default().leads_somewhere());
    Trail::default().record(stranger(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_narrowed_and_read_in_pages() {
    let log = Log::start().await;
    let restaurant = Uuid::now_v7().into();
    for (name, at) in [("ana", Some(restaurant)), ("ben", None), ("ana", None)] {
        let mut action = denial(log.tenant, name, "GET /v1/staff");
        action.restaurant = at;
        table::record(&log.pool, action).await.unwrap();
    }
    let mut done = denial(log.tenant, "eva", "POST /v1/auth/login");
    (done.status, done.is_denied, done.code) = (200, false, String::new());
    table::record(&log.pool, done).await.unwrap();
    table::record(&log.pool, denial(Uuid::now_v7().into(), "foreign", "GET /v1/staff")).await.unwrap();

    let names = async |wanted: Wanted| -> Vec<String> {
        let rows = table::list(&log.pool, &wanted, 10).await.unwrap();
        rows.into_iter().map(|row| row.action.who.id).collect()
    };
    assert_eq!(names(log.wanted()).await, ["eva", "ana", "ben", "ana"]);
    assert_eq!(names(Wanted { actor: Some("ana".to_owned()), ..log.wanted() }).await, ["ana", "ana"]);
    assert_eq!(names(Wanted { restaurant: Some(restaurant), ..log.wanted() }).await, ["ana"]);
    assert_eq!(names(Wanted { is_denied: Some(false), ..log.wanted() }).await, ["eva"]);
    assert_eq!(names(Wanted { status_class: Some(4), ..log.wanted() }).await, ["ana", "ben", "ana"]);
    let (past, future) = (Utc::now() - Duration::hours(1), Utc::now() + Duration::hours(1));
    assert_eq!(names(Wanted { since: Some(past), until: Some(future), ..log.wanted() }).await.len(), 4);
    assert!(names(Wanted { until: Some(past), ..log.wanted() }).await.is_empty());
    assert!(names(Wanted { since: Some(future), ..log.wanted() }).await.is_empty());

    let (mut seen, mut before) = (Vec::new(), None);
    loop {
        let page = table::list(&log.pool, &Wanted { before, ..log.wanted() }, 3).await.unwrap();
        let Some(last) = page.last() else { break };
        before = Some(last.action.id);
        seen.extend(page.into_iter().map(|row| row.action.who.id));
    }
    assert_eq!(seen, ["eva", "ana", "ben", "ana"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_old_goes_and_the_rest_stays() {
    let log = Log::start().await;
    let now = Utc::now();
    for days in [0, 399, 401, 500] {
        for _ in 0..300 {
            let mut action = denial(log.tenant, &format!("{days}"), "GET /v1/staff");
            action.at = now - Duration::days(days);
            table::record(&log.pool, action).await.unwrap();
        }
    }
    // More than one statement deletes.
    assert_eq!(Retention::default().purge(&log.pool, now).await.unwrap(), 600);
    assert_eq!(Retention::default().purge(&log.pool, now).await.unwrap(), 0);
    assert_eq!(Retention::days(30).purge(&log.pool, now).await.unwrap(), 300);
    let left = table::list(&log.pool, &log.wanted(), 1_000).await.unwrap();
    assert!(left.len() == 300 && left.iter().all(|row| row.action.who.id == "0"));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_writes_actions_cannot_read_change_or_delete_them() {
    let log = Log::start().await;
    let audit = sqlx::MySqlPool::connect(&log.env.access.audit).await.unwrap();
    table::record(&audit, denial(log.tenant, "ana", "GET /v1/staff")).await.unwrap();
    for forbidden in [
        "SELECT actor_id FROM actions",
        "SELECT repeats FROM actions WHERE actor_id = 'ana'",
        "DELETE FROM actions",
        "UPDATE actions SET actor_id = 'ben'",
        "SELECT COUNT(*) FROM personal_keys",
        "SELECT COUNT(*) FROM events",
    ] {
        assert!(sqlx::query(forbidden).execute(&audit).await.is_err(), "{forbidden}");
    }
    // And who owns the accounts, appends, relays or reads events writes none.
    for (user, url) in [("reader", &log.env.access.reader), ("writer", &log.env.access.writer)] {
        let pool = sqlx::MySqlPool::connect(url).await.unwrap();
        assert!(table::record(&pool, denial(log.tenant, "ana", "GET /v1/staff")).await.is_err(), "{user}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_is_too_long_is_cut_and_holds_up_nothing() {
    let log = Log::start().await;
    let (trail, writer) = action_log::start(&log.env.access.audit).unwrap();
    let mut action = denial(log.tenant, &"é".repeat(80), &"x".repeat(500));
    action.subject = "ñ".repeat(5_000);
    action.correlation_id = "c".repeat(300);
    action.who = Who { kind: "k".repeat(40), via: "v".repeat(400), ..action.who };
    trail.record(action);
    trail.record(denial(log.tenant, "ana", "GET /v1/staff"));
    log.until_there_are(2, log.wanted()).await;
    writer.end().await;
}
