//! Clients that come back.

use crate::world::{PATIENCE, World};
use domain::scope::Scope;
use rand::{RngExt, SeedableRng, rngs::StdRng};
use realtime_gateway::client::{ClientEvent, RealtimeClient};
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    time::timeout,
};
use tokio_util::task::AbortOnDropHandle;

/// Takes events until the stream is live at or beyond this position; gives the envelopes.
async fn follow_to(client: &mut RealtimeClient, position: u64, applied: &mut Vec<String>) {
    loop {
        let event = timeout(PATIENCE, client.next()).await.expect("nothing came").expect("stopped");
        let at = match event {
            ClientEvent::Event { cursor, event, .. } => {
                applied.push(event.get().to_owned());
                cursor
            }
            ClientEvent::Moved { cursor, .. } | ClientEvent::Live { cursor, .. } => cursor,
            ClientEvent::Reset { .. } | ClientEvent::Stopped { .. } => panic!("{event:?}"),
            _ => continue,
        };
        if at.position >= position {
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_of_one_gateway_goes_on_at_another() {
    let world = World::start().await;
    let (first, second) = (world.gateway().await, world.gateway().await);
    let name = world.stream("audit");
    let mut applied = Vec::new();
    let mut client = world.client(&[&first], vec![(name.clone(), Some(0))]);
    world.orders(3, true).await;
    follow_to(&mut client, world.head().await, &mut applied).await;
    let cursor = client.cursors()[&name].unwrap();
    drop(client);
    world.orders(3, true).await;
    let mut client = world.client(&[&second], vec![(name, Some(cursor.position))]);
    follow_to(&mut client, world.head().await, &mut applied).await;
    assert_eq!(applied, world.shown(&Scope::Audit).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_console_that_drops_two_hundred_times_misses_and_repeats_nothing() {
    let seed = rand::random();
    let mut random = StdRng::seed_from_u64(seed);
    let world = World::start().await;
    let gateways = [world.gateway().await, world.gateway().await];
    let name = world.stream("kitchen:grill");
    let mut client = world.client(&[&gateways[0], &gateways[1]], vec![(name.clone(), Some(0))]);
    let mut applied = Vec::new();
    let mut drops = 0;
    while drops < 200 {
        // Some of what happens NATS never hears of.
        world.orders(random.random_range(1..4), random.random_bool(0.9)).await;
        for _ in 0..random.random_range(0..8) {
            client.break_connection().await;
            drops += 1;
            for _ in 0..random.random_range(1..6) {
                let event = timeout(PATIENCE, client.next()).await.expect("nothing came").expect("stopped");
                match event {
                    ClientEvent::Event { event, .. } => applied.push(event.get().to_owned()),
                    // Nothing more may come before the next drop.
                    ClientEvent::Live { .. } => break,
                    _ => {}
                }
            }
        }
    }
    // The last order's last event is the bar's, so the grill's last one is right before it.
    world.orders(1, true).await;
    let last = world.head().await - 1;
    if client.cursors()[&name].is_none_or(|cursor| cursor.position < last) || !is_last(&applied, last) {
        follow_to(&mut client, last, &mut applied).await;
    }
    assert_eq!(applied, world.shown(&name.scope).await, "seed {seed}");
}

fn is_last(applied: &[String], position: u64) -> bool {
    applied.last().is_some_and(|event| event.starts_with(&format!(r#"{{"position":{position},"#)))
}

/// A gateway that has no room, and says for how many seconds; its port.
async fn full_gateway(retry_after: &'static str) -> (u16, AbortOnDropHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let answer = format!("HTTP/1.1 503 Service Unavailable\r\nRetry-After: {retry_after}\r\nContent-Length: 0\r\n\r\n");
    let refuse = async move {
        loop {
            let (mut socket, _) = listener.accept().await.unwrap();
            // Whoever hung up need not be answered.
            let _ = socket.read(&mut [0; 4_096]).await;
            let _ = socket.write_all(answer.as_bytes()).await;
        }
    };
    (port, AbortOnDropHandle::new(tokio::spawn(refuse)))
}

async fn first_pause(client: &mut RealtimeClient) -> Duration {
    match timeout(PATIENCE, client.next()).await.expect("nothing came").expect("stopped") {
        ClientEvent::Disconnected { retry_in, code: None, .. } => retry_in,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_is_full_is_left_alone_for_as_long_as_it_asks() {
    let world = World::start().await;
    let seconds = Duration::from_secs;
    for (asked, from, to) in [("30", 30, 32), ("86400", 60, 62), ("soon", 0, 2)] {
        let (port, _gateway) = full_gateway(asked).await;
        let mut client = world.client_at(&[port], vec![(world.stream("floor"), None)]);
        let pause = first_pause(&mut client).await;
        // What passes between the answer and the pause is part of it.
        assert!(pause > seconds(from).saturating_sub(seconds(5)) && pause <= seconds(to), "{asked}: {pause:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn while_one_gateway_is_full_another_one_is_tried() {
    let world = World::start().await;
    let (gateway, (full, _refusing)) = (world.gateway().await, full_gateway("3600").await);
    let mut client = world.client_at(&[full, gateway.port], vec![(world.stream("floor"), Some(0))]);
    assert!(first_pause(&mut client).await <= Duration::from_secs(2));
    follow_to(&mut client, world.head().await, &mut Vec::new()).await;
}
