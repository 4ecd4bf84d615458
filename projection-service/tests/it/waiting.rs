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
    assert!(began.elapsed() > Duration::from_millis(4_900));
    service.stop().await;
}

/// The way that most changes take: published, then seen, without anybody looking at heads, which happens
/// once a second. How long it takes depends on the machine; so both ways are measured in turn.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_published_is_seen_sooner_than_by_a_look_at_the_heads() {
    let setup = Setup::start().await;
    let service = setup.service("a").await;
    wait_until("the service is ready", SOON, async || service.is_ready().await).await;
    let place = setup.place().await;
    setup.caught_up(&place).await;
    let token = setup.staff(&place, &[Permission::OrderRead]);
    let (mut published, mut looked_for) = (Vec::new(), Vec::new());
    for round in 0..22 {
        let at = setup.append(&place, place.fired_order().1).await;
        let began = Instant::now();
        let is_published = round % 2 == 0;
        if is_published {
            for event in setup.feed(&place).await.into_iter().filter(|event| event.cursor.position + 4 > at) {
                setup.publish(&event).await;
            }
        }
        let (status, _) = service.get(&place, &format!("/orders?limit=1&min_position={at}"), &token).await;
        assert_eq!(status, 200);
        if is_published { &mut published } else { &mut looked_for }.push(began.elapsed());
    }
    let median = |times: &mut Vec<Duration>| {
        times.sort_unstable();
        times[times.len() / 2]
    };
    let (published, looked_for) = (median(&mut published), median(&mut looked_for));
    println!("published: {published:?}, looked for: {looked_for:?}");
    assert!(published < looked_for, "{published:?}, and {looked_for:?} without a word");
    service.stop().await;
}
