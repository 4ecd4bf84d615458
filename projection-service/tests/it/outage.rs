//! Databases and networks that fail.

use crate::support::{SOON, Setup, get, proxied};
use identity::Permission;
use sqlx::Executor;
use testkit::{Fault, wait_until};

/// The COMMIT happened or not; its sender cannot know. Either way each event counts once.
#[tokio::test(flavor = "multi_thread")]
async fn lost_commits_are_found_out_and_nothing_is_applied_twice() {
    for deliver in [true, false] {
        let setup = Setup::start().await;
        let (proxy, url) = proxied(&setup).await;
        proxy.set(Fault::CutAfter { needle: b"COMMIT", every: 3, deliver });
        let service = setup.service_over("a", &url).await;
        let place = setup.place().await;
        for _ in 0..15 {
            setup.append(&place, place.fired_order().1).await;
            for event in setup.feed(&place).await.iter().rev().take(4).rev() {
                setup.publish(event).await;
            }
        }
        setup.assert_equal_to_fold(&place).await;
        assert!(proxy.cuts() > 3, "only {} commits were cut", proxy.cuts());
        proxy.set(Fault::None);
        service.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_views_are_away_queries_say_so_and_afterwards_nothing_is_missing() {
    let setup = Setup::start().await;
    let (proxy, url) = proxied(&setup).await;
    let service = setup.service_over("a", &url).await;
    let place = setup.place().await;
    let token = setup.staff(&place, &[Permission::OrderRead]);
    setup.caught_up(&place).await;
    proxy.set(Fault::Refuse);
    wait_until("the service is not ready", SOON, async || !service.is_ready().await).await;
    let (status, problem) = service.get(&place, "/orders", &token).await;
    assert_eq!((status.as_u16(), &problem["code"]), (503, &"store-unavailable".into()));
    setup.append(&place, place.fired_order().1).await;
    proxy.set(Fault::None);
    setup.assert_equal_to_fold(&place).await;
    assert_eq!(service.get(&place, "/orders", &token).await.0, 200);
    service.stop().await;
}

/// The cable is pulled while a query is on its way, and put back later. Every request has its answer in a
/// bounded time, whatever it was waiting for, and none is given the answer of another.
#[tokio::test(flavor = "multi_thread")]
async fn a_query_under_way_when_the_views_freeze_is_answered_in_time_and_the_next_ones_are_right() {
    let setup = Setup::start().await;
    let (proxy, url) = proxied(&setup).await;
    let service = setup.service_over("a", &url).await;
    let place = setup.place().await;
    let token = setup.staff(&place, &[Permission::OrderRead]);
    setup.append(&place, place.fired_order().1).await;
    setup.caught_up(&place).await;
    let (_, expected) = service.get(&place, "/orders", &token).await;
    // The test holds the table, so that the queries are on their way when the cable is pulled.
    let mut blocker = setup.views.acquire().await.unwrap();
    blocker.execute("LOCK TABLES orders_v1 WRITE").await.unwrap();
    let ask = || {
        let (app, place, token) = (service.app(), place.clone(), token.clone());
        tokio::spawn(async move { get(app, &place, "/orders", &token).await })
    };
    let asked = [ask(), ask(), ask()];
    let blocked = "SELECT COUNT(*) FROM performance_schema.metadata_locks \
                   WHERE object_schema = ? AND object_name = 'orders_v1' AND lock_status = 'PENDING'";
    wait_until("the queries are on their way", SOON, async || {
        let blocked = sqlx::query_scalar::<_, i64>(blocked).bind(&setup.env.schemas.views);
        blocked.fetch_one(&setup.views).await.unwrap() == 3
    })
    .await;
    proxy.set(Fault::HalfOpen);
    blocker.execute("UNLOCK TABLES").await.unwrap();
    // The fourth one finds every connection silent, or cannot make one.
    for asked in asked.into_iter().chain([ask()]) {
        // Without a bound of its own it would wait for as long as the network is silent.
        let (status, problem) = tokio::time::timeout(SOON, asked).await.expect("an answer in time").unwrap();
        assert_eq!((status.as_u16(), &problem["code"]), (503, &"store-unavailable".into()));
    }
    proxy.set(Fault::None);
    wait_until("it answers again", SOON, async || service.get(&place, "/orders", &token).await.0 == 200).await;
    for _ in 0..30 {
        assert_eq!(service.get(&place, "/orders", &token).await, (http::StatusCode::OK, expected.clone()));
    }
    service.stop().await;
}

/// The cable is pulled in the middle of a transaction, and nobody tells MySQL that it is over: the
/// checkpoint stays locked until the server ends the session by itself.
#[tokio::test(flavor = "multi_thread")]
async fn a_projector_that_is_cut_off_does_not_hold_another_up_for_long() {
    let setup = Setup::start().await;
    let (proxy, url) = proxied(&setup).await;
    let cut_off = setup.service_over("cut off", &url).await;
    let place = setup.place().await;
    setup.caught_up(&place).await;

    // The test holds a key that the projector is about to insert, so that it stops after it has moved
    // its checkpoint.
    let (order, events) = place.fired_order();
    let mut blocker = setup.views.begin().await.unwrap();
    let row = "INSERT INTO orders_v1 (feed_id, order_id, placed_position, session_id, table_label, code, state, \
               placed_at, currency, total, tax, version) \
               VALUES (?, ?, 999, '', '', '', '', NOW(6), '', 0, 0, 0)";
    sqlx::query(row).bind(place.restaurant.0).bind(order.order.0).execute(&mut *blocker).await.unwrap();
    setup.append(&place, events).await;
    let blocked = "SELECT COUNT(*) FROM performance_schema.data_locks \
                   WHERE object_schema = ? AND object_name = 'orders_v1' AND lock_status = 'WAITING'";
    wait_until("the projector is in its transaction", SOON, async || {
        sqlx::query_scalar::<_, i64>(blocked).bind(&setup.env.schemas.views).fetch_one(&setup.views).await.unwrap() > 0
    })
    .await;
    proxy.set(Fault::HalfOpen);
    blocker.rollback().await.unwrap();

    let service = setup.service("b").await;
    setup.assert_equal_to_fold(&place).await;
    proxy.set(Fault::Refuse);
    service.stop().await;
    cut_off.stop().await;
}
