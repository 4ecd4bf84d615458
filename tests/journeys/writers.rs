//! Many writers, several processes, one truth.

use crate::{
    installation::{Installation, Service},
    restaurant::Restaurant,
};
use event_store::verify::verify_feed;
use futures::future::join_all;
use std::time::{Duration, Instant};

/// Fails unless the feed is whole.
pub(crate) async fn assert_whole(installation: &Installation, place: &Restaurant) {
    let report = verify_feed(&installation.env.reader().await, place.id.into()).await.unwrap();
    assert_eq!(report.findings, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_guests_order_at_once_through_two_processes() {
    let installation = Installation::new().await;
    let processes = [installation.serve("command").await, installation.serve("command").await];
    let projection = installation.serve("projection").await;
    let place = Restaurant::open(&installation, &processes[0], "Casa").await;
    let others = join_all((0..200).map(|number| {
        let (installation, process) = (&installation, &processes[number % 2]);
        async move { Restaurant::open(installation, process, &format!("Casa-{number}")).await }
    }))
    .await;
    let one = (0..200).map(|number| {
        let (place, base) = (&place, processes[number % 2].url());
        async move {
            place
                .guest
                .post(&base, &place.path("/orders"), &number.to_string(), &place.order())
                .await
                .unwrap()
                .expect(201)
        }
    });
    let many = others.iter().enumerate().map(|(number, place)| {
        let base = processes[number % 2].url();
        async move { place.guest.post(&base, &place.path("/orders"), "1", &place.order()).await.unwrap().expect(201) }
    });
    let (one, _) = tokio::join!(join_all(one), join_all(many));

    let mut positions: Vec<u64> = one.iter().map(|answer| answer["position"].as_u64().unwrap()).collect();
    positions.sort_unstable();
    let first = positions[0];
    assert_eq!(positions, (first..first + 200).collect::<Vec<_>>());
    assert_whole(&installation, &place).await;
    for other in &others {
        assert_whole(&installation, other).await;
    }
    assert_views_equal_their_fold(&installation, &projection, &place, positions[199]).await;
}

/// Fails unless the read models, once they are there, are what the events say.
pub(crate) async fn assert_views_equal_their_fold(
    installation: &Installation,
    projection: &Service,
    place: &Restaurant,
    position: u64,
) {
    place.manager.get(&projection.url(), &place.path("/orders"), position).await;
    let views = event_store::pool::connect(
        &installation.env.access.projection,
        event_store::pool::Isolation::RepeatableRead,
        2,
    );
    let (views, reader) = (views.await.unwrap(), installation.env.reader().await);
    let report = projection_service::check::restaurant(&views, &reader, place.id.into()).await.unwrap();
    assert!(report.is_clean(), "{report:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_frozen_under_load_does_not_stop_its_restaurants() {
    let installation = Installation::new().await;
    let frozen = installation.serve("command").await;
    let other = installation.serve("command").await;
    let place = Restaurant::open(&installation, &frozen, "Casa").await;
    let mut slowest = Duration::ZERO;
    for round in 0..4 {
        // Load, so that a transaction is open when it freezes; nobody waits for these answers.
        let load: Vec<_> = (0..40)
            .map(|number| {
                let (guest, base, path) = (place.guest.clone(), frozen.url(), place.path("/orders"));
                let (key, order) = (format!("{round}-{number}"), place.order());
                tokio::spawn(async move { guest.post(&base, &path, &key, &order).await })
            })
            .collect();
        tokio::task::yield_now().await;
        frozen.signal("STOP").await;
        let started = Instant::now();
        let path = place.path("/orders");
        let answer = place.guest.command(&[other.url()], &path, &format!("other-{round}"), &place.order()).await;
        answer.expect(201);
        slowest = slowest.max(started.elapsed());
        frozen.signal("CONT").await;
        // Thawed, it answers what it was asked: done, or not done.
        for answer in join_all(load).await {
            let answer = answer.unwrap().unwrap();
            assert!(answer.status == 201 || answer.status == 503, "{answer:?}");
        }
    }
    assert!(slowest < Duration::from_secs(5), "the other process needed {slowest:?}");
    for round in 0..4 {
        for number in 0..40 {
            let (path, key) = (place.path("/orders"), format!("{round}-{number}"));
            place.guest.command(&[frozen.url(), other.url()], &path, &key, &place.order()).await.expect(201);
        }
    }
    assert_whole(&installation, &place).await;
    let head = installation.env.reader().await.head(place.id.into()).await.unwrap().unwrap();
    // Five events of the opening, 4 × 40 of the load, 4 of the other: each order is there once.
    assert_eq!(head.cursor.position, 5 + 4 * 41);
}
