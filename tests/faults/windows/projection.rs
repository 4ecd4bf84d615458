//! The windows of a projection: each event has its effect once, whoever applies it.

use super::{Blow, Points, ended, head};
use crate::{
    installation::{Installation, Service},
    restaurant::Restaurant,
};
use event_store::pool::{self, Isolation};
use futures::future::join_all;
use std::time::Duration;
use testkit::wait_for;

/// The checkpoint moved and no row did; all moved and nothing is committed; it is committed and nobody knows.
const POINTS: [&str; 3] = ["projection.advanced", "projection.before-commit", "projection.committed"];
/// How long the models may take: a lease runs out meanwhile, and MySQL ends a frozen transaction after 10 s.
const COMPLETE_WITHIN: Duration = Duration::from_secs(90);

struct Scene {
    house: Installation,
    points: Points,
    struck: Service,
    command: Service,
    place: Restaurant,
}

impl Scene {
    /// One projection-service, which holds every shard, is struck at the point with an order in its hands.
    async fn new(point: &str, blow: Blow) -> Self {
        let house = Installation::new().await;
        let points = Points::new();
        let (struck, command) = (points.serve(&house, "projection").await, house.serve("command").await);
        let place = Restaurant::open(&house, &command, point).await;
        let scene = Self { house, points, struck, command, place };
        scene.is_complete().await;
        scene.points.arm(point, blow);
        scene.order(1).await;
        scene.points.reached(point).await;
        scene
    }

    async fn order(&self, number: u32) {
        self.place.fire(&[self.command.url()], &number.to_string()).await;
    }

    /// Every model stands at the head and equals its fold.
    async fn is_complete(&self) {
        let (reader, head) = (self.house.env.reader().await, head(&self.house, &self.place).await);
        let views = pool::connect(&self.house.env.access.projection, Isolation::RepeatableRead, 2).await.unwrap();
        wait_for("the models are there", COMPLETE_WITHIN, async || {
            let report = projection_service::check::restaurant(&views, &reader, self.place.id.into()).await;
            let report = report.map_err(|error| error.to_string())?;
            assert!(report.is_clean(), "{report:?}");
            let at: Vec<_> = report.views.iter().map(|view| view.cursor.position).collect();
            if at.iter().all(|at| *at == head) { Ok(()) } else { Err(format!("{at:?} of {head}")) }
        })
        .await;
    }
}

async fn killed(point: &str) {
    let mut scene = Scene::new(point, Blow::Abort).await;
    ended(&mut scene.struck).await;
    scene.order(2).await;
    let other = scene.house.serve("projection").await;
    scene.is_complete().await;
    let head = head(&scene.house, &scene.place).await;
    scene.place.manager.get(&other.url(), &scene.place.path("/orders"), head).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_projection_that_is_killed_in_any_window_applies_each_event_once() {
    join_all(POINTS.map(killed)).await;
}

async fn frozen(point: &str) {
    let scene = Scene::new(point, Blow::Pause).await;
    scene.struck.signal("STOP").await;
    scene.order(2).await;
    let other = scene.house.serve("projection").await;
    scene.is_complete().await;
    scene.struck.signal("CONT").await;
    scene.points.release(point);
    scene.order(3).await;
    scene.is_complete().await;
    let head = head(&scene.house, &scene.place).await;
    for service in [&scene.struck, &other] {
        scene.place.manager.get(&service.url(), &scene.place.path("/orders"), head).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_projection_frozen_in_any_window_until_another_took_over_changes_nothing_twice() {
    join_all(POINTS.map(frozen)).await;
}

async fn failed(point: &str) {
    let scene = Scene::new(point, Blow::Error).await;
    scene.order(2).await;
    scene.is_complete().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_in_any_window_of_a_projection_is_tried_again() {
    join_all(POINTS.map(failed)).await;
}
