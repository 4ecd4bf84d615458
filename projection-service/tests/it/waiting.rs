//! Read your writes.

use crate::support::{SOON, Setup, get};
use identity::Permission;
use std::time::Duration;
use testkit::wait_until;
use tokio::time::Instant;

#[tokio::test(flavor = "multi_thread")]
async fn a_query_waits_for_a_position_that_is_not_there_yet() {
    let setup = Setup::start().await;
    let service = setup.service("a").await;
    let place = setup.place().await;
    setup.caught_up(&place).await;
    let token = setup.staff(&place, &[Permission::KitchenRead]);
    let (app, asking) = (service.app(), place.clone());
    let asked = tokio::spawn(async move { get(app, &asking, "/kitchen-board?min_position=9", &token).await });
    setup.append(&place, place.fired_order().1).await;
    let (status, board) = asked.await.unwrap();
    assert_eq!((status.as_u16(), &board["cursor"]["position"]), (200, &9.into()), "{board}");
    assert_eq!(board["tickets"].as_array().unwrap().len(), 2);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_that_waited_in_vain_tells_the_lag() {
    let setup = Setup::start().await;
    let service = setup.service("a").await;
    let place = setup.place().await;
    setup.caught_up(&place).await;
    let token = setup.staff(&place, &[Permission::OrderRead]);
    let began = Instant::now();
    let (status, problem) = service.get(&place, "/orders?min_position=25", &token).await;
    assert_eq!(status, 409, "{problem}");
    assert_eq!((&problem["code"], &problem["lag"]), (&"projection-behind".into(), &20.into()));
    assert!((Duration::from_millis(4_900)..Duration::from_secs(7)).contains(&began.elapsed()));
    service.stop().await;
}

/// The way that most changes take: published, then seen, without anybody looking at heads.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_published_is_seen_within_milliseconds() {
    let setup = Setup::start().await;
    let service = setup.service("a").await;
    wait_until("the service is ready", SOON, async || service.is_ready().await).await;
    let place = setup.place().await;
    setup.caught_up(&place).await;
    let token = setup.staff(&place, &[Permission::OrderRead]);
    let mut fastest = Duration::MAX;
    for _ in 0..10 {
        let at = setup.append(&place, place.fired_order().1).await;
        let began = Instant::now();
        for event in setup.feed(&place).await.into_iter().filter(|event| event.cursor.position + 4 > at) {
            setup.publish(&event).await;
        }
        let (status, _) = service.get(&place, &format!("/orders?limit=1&min_position={at}"), &token).await;
        assert_eq!(status, 200);
        fastest = fastest.min(began.elapsed());
    }
    println!("fastest: {fastest:?}");
    // A look at the heads alone would take half a second on average; never 10 times less than this.
    assert!(fastest < Duration::from_millis(100), "{fastest:?}");
    service.stop().await;
}
