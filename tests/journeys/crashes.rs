//! Processes are killed and servers go away while orders flow: nothing acknowledged is lost, nothing
//! happens twice, consoles see no hole.

use crate::{
    console::Console,
    installation::Installation,
    restaurant::Restaurant,
    writers::{assert_views_equal_their_fold, assert_whole},
};
use std::{sync::Arc, time::Duration};
use testkit::{Env, own_servers};

#[tokio::test(flavor = "multi_thread")]
async fn kill_9_of_the_whole_process_under_load_loses_nothing() {
    const ORDERS: usize = 150;
    let installation = Installation::new().await;
    let all = installation.serve("all").await;
    let port = all.port();
    let place = Arc::new(Restaurant::open(&installation, &all, "Casa").await);
    let bases = vec![all.url()];
    let realtime = all.realtime();
    let mut console = Console::new(installation.staff("kitchen"), place.id, "kitchen:grill");

    let guests: Vec<_> = (0..3)
        .map(|guest| {
            let (place, bases) = (place.clone(), bases.clone());
            tokio::spawn(async move {
                for number in 0..ORDERS / 3 {
                    place.fire(&bases, &format!("{guest}-{number}")).await;
                }
            })
        })
        .collect();
    let kitchen = tokio::spawn(async move {
        while console.applied.len() < ORDERS {
            let missing = ORDERS - console.applied.len();
            if !console.follow(&realtime, missing).await {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
        console
    });
    let mut process = all;
    for round in 0..4 {
        // Some orders later, wherever it is then.
        let reader = installation.env.reader().await;
        let orders_done = 5 + (round + 1) * 60;
        testkit::wait_until("orders flow", Duration::from_secs(60), async || {
            reader.head(place.id.into()).await.unwrap().unwrap().cursor.position > orders_done
        })
        .await;
        process.kill().await;
        process = installation.serve_at("all", port).await;
    }
    for guest in guests {
        guest.await.unwrap();
    }
    let console =
        tokio::time::timeout(Duration::from_secs(60), kitchen).await.expect("the console must see all").unwrap();
    console.assert_complete(&installation, "grill").await;
    assert_whole(&installation, &place).await;
    let head = installation.env.reader().await.head(place.id.into()).await.unwrap().unwrap();
    // Placed, accepted and two fired lines each: every order once.
    assert_eq!(head.cursor.position, 5 + 4 * ORDERS as u64);
    assert_views_equal_their_fold(&installation, &process, &place, head.cursor.position).await;
    assert!(process.terminate().await.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn nats_away_and_wiped_while_orders_flow_loses_nothing() {
    let servers = Arc::new(tokio::task::spawn_blocking(|| own_servers("nats")).await.unwrap());
    let installation = Installation::with(Env::on(&servers).await);
    let all = installation.serve("all").await;
    let place = Restaurant::open(&installation, &all, "Casa").await;
    let bases = [all.url()];
    let mut console = Console::new(installation.staff("kitchen"), place.id, "kitchen:grill");
    let mut orders = 0;
    let mut fire = async |count: usize| {
        for _ in 0..count {
            place.fire(&bases, &format!("order-{orders}")).await;
            orders += 1;
        }
        orders
    };

    let total = fire(10).await;
    assert!(console.follow(&all.realtime(), total).await);
    // Gone for 30 s: commands and consoles go on without it.
    let nats = servers.clone();
    tokio::task::spawn_blocking(move || nats.nats.kill_hard()).await.unwrap().unwrap();
    let gone = tokio::time::Instant::now();
    while gone.elapsed() < Duration::from_secs(30) {
        let before = console.applied.len();
        let total = fire(5).await;
        assert!(console.follow(&all.realtime(), total - before).await);
    }
    let nats = servers.clone();
    tokio::task::spawn_blocking(move || nats.nats.restart()).await.unwrap().unwrap();
    fire(10).await;
    // And wiped, while orders flow.
    let nats = servers.clone();
    let wipe = tokio::task::spawn_blocking(move || nats.nats.wipe_store_and_restart());
    let total = fire(30).await;
    wipe.await.unwrap().unwrap();
    assert!(console.follow(&all.realtime(), total - console.applied.len()).await);

    console.assert_complete(&installation, "grill").await;
    assert_whole(&installation, &place).await;
    let head = installation.env.reader().await.head(place.id.into()).await.unwrap().unwrap();
    assert_views_equal_their_fold(&installation, &all, &place, head.cursor.position).await;
    // The outbox empties: what was committed meanwhile reached the stream too.
    let admin = sqlx::MySqlPool::connect(&installation.env.events_admin_url()).await.unwrap();
    testkit::wait_until("the outbox is empty", Duration::from_secs(30), async || {
        sqlx::query("SELECT 1 FROM outbox LIMIT 1").fetch_optional(&admin).await.unwrap().is_none()
    })
    .await;
}
