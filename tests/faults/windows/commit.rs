//! The windows of a commit: a command is done once or not at all, and its sender is told the truth.

use super::{Blow, Points, ended, head};
use crate::{
    installation::{Installation, Service},
    restaurant::{Answer, Restaurant},
    writers::assert_whole,
};
use futures::future::join_all;

/// Before BEGIN; the heads are locked; all is written; it is committed and nobody was told.
const POINTS: [&str; 4] = ["commit.before-begin", "commit.locked", "commit.before-commit", "commit.after-commit"];

/// Two command-services, of which the first has points, and a restaurant that was opened by the second.
struct Scene {
    house: Installation,
    points: Points,
    struck: Service,
    other: Service,
    place: Restaurant,
}

impl Scene {
    async fn new(point: &str) -> Self {
        let house = Installation::new().await;
        let points = Points::new();
        let (struck, other) = (points.serve(&house, "command").await, house.serve("command").await);
        let place = Restaurant::open(&house, &other, point).await;
        Self { house, points, struck, other, place }
    }

    async fn order_at(&self, service: &Service) -> Result<Answer, reqwest::Error> {
        self.place.guest.post(&service.url(), &self.place.path("/orders"), "order", &self.place.order()).await
    }

    /// The command is there once: opening a restaurant makes five events, an order one more.
    async fn assert_done_once(&self) {
        assert_whole(&self.house, &self.place).await;
        assert_eq!(head(&self.house, &self.place).await, 6);
    }
}

async fn killed(point: &str) {
    let mut scene = Scene::new(point).await;
    scene.points.arm(point, Blow::Abort);
    assert!(scene.order_at(&scene.struck).await.is_err(), "{point}: who died answered");
    ended(&mut scene.struck).await;
    let answer = scene
        .place
        .guest
        .command(&[scene.other.url()], &scene.place.path("/orders"), "order", &scene.place.order())
        .await;
    // What was committed is answered from its receipt, and what was not is done now.
    assert_eq!(answer.replayed, point == "commit.after-commit", "{point}");
    answer.expect(201);
    scene.assert_done_once().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_service_that_is_killed_in_any_window_of_a_commit_leaves_all_or_nothing() {
    join_all(POINTS.map(killed)).await;
}

async fn frozen(point: &str) {
    let scene = Scene::new(point).await;
    scene.points.arm(point, Blow::Pause);
    let (guest, base) = (scene.place.guest.clone(), scene.struck.url());
    let (path, order) = (scene.place.path("/orders"), scene.place.order());
    let first = tokio::spawn(async move { guest.post(&base, &path, "order", &order).await });
    scene.points.reached(point).await;
    scene.struck.signal("STOP").await;
    // The guest tries again elsewhere, while the first one holds whatever it holds.
    let path = scene.place.path("/orders");
    let second = scene.place.guest.command(&[scene.other.url()], &path, "order", &scene.place.order()).await;
    assert_eq!(second.status, 201, "{point}");
    scene.struck.signal("CONT").await;
    scene.points.release(point);
    let first = first.await.unwrap().unwrap();
    assert!(first.status == 503 || first.bytes == second.bytes, "{point}: {first:?} and {second:?}");
    scene.assert_done_once().await;
    let again = scene.order_at(&scene.struck).await.unwrap();
    assert!(again.replayed && again.bytes == second.bytes, "{point}: {again:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_service_frozen_in_any_window_of_a_commit_wakes_up_to_the_truth() {
    join_all(POINTS.map(frozen)).await;
}

async fn failed(point: &str) {
    let scene = Scene::new(point).await;
    scene.points.arm(point, Blow::Error);
    let first = scene
        .place
        .guest
        .command(&[scene.struck.url()], &scene.place.path("/orders"), "order", &scene.place.order())
        .await;
    scene.points.reached(point).await;
    let again = scene.order_at(&scene.other).await.unwrap();
    assert!(again.replayed && again.bytes == first.bytes, "{point}: {first:?} and {again:?}");
    first.expect(201);
    scene.assert_done_once().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_in_any_window_of_a_commit_is_found_out_and_not_guessed() {
    join_all(POINTS.map(failed)).await;
}
