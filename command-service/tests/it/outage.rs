//! MySQL goes away and comes back.

use crate::support::World;
use serde_json::Value;
use std::time::Duration;
use testkit::{Env, Fault, TcpProxy};
use uuid::Uuid;

/// The port in an address such as `mysql://user:password@127.0.0.1:3306/schema`.
fn port_of(url: &str) -> u16 {
    url.rsplit_once(':').unwrap().1.split('/').next().unwrap().parse().unwrap()
}

async fn world() -> (TcpProxy, World) {
    let env = Env::start().await;
    let proxy = TcpProxy::start(port_of(&env.access.writer)).await;
    let world = World::behind(&proxy, env).await;
    (proxy, world)
}

#[tokio::test]
async fn a_command_outlives_a_short_outage_and_is_done_once() {
    let (proxy, world) = world().await;
    let place = world.place().await;
    let (guest, path) = (world.diner(&place), place.at("/orders"));
    proxy.set(Fault::Refuse);
    let back = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        proxy.set(Fault::None);
    };
    let (answer, ()) = tokio::join!(world.post(&guest, &path, "k", place.order_body()), back);
    assert_eq!(answer.status, 201, "{answer}");
    let again = world.post(&guest, &path, "k", place.order_body()).await;
    assert!(again.is_replayed() && again.body == answer.body);
    assert_eq!(world.count_of(place.restaurant, "order.placed").await, 1);
}

#[tokio::test]
async fn while_the_store_is_away_nobody_is_told_that_something_is_not_there() {
    let (proxy, world) = world().await;
    proxy.set(Fault::Refuse);
    let path = format!("/v1/restaurants/{}/orders/{}/accept", Uuid::now_v7(), Uuid::now_v7());
    let answer = world.post(&world.owner(), &path, "k", Value::Null).await;
    assert_eq!((answer.status, &*answer.code()), (503, "store-unavailable"), "{answer}");
    assert_eq!(answer.header("retry-after"), Some("1"));
    assert!(!String::from_utf8_lossy(&answer.body).contains("127.0.0.1"), "{answer}");
}

#[tokio::test]
async fn a_service_that_ends_takes_nothing_more() {
    let world = World::start().await;
    let place = world.place().await;
    let committed = world.position(place.restaurant).await;
    world.env.shutdown.cancel();
    let send = world.try_post(&world.diner(&place), &place.at("/orders"), "k", place.order_body()).await;
    // Either nobody listens any more, or the last connection is told so.
    assert!(send.is_none_or(|answer| answer.status == 503));
    assert_eq!(world.position(place.restaurant).await, committed);
}
