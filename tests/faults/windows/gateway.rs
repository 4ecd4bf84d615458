//! The windows of a gateway: what is committed while a console comes back is shown once, in order.

use super::{Blow, Points, ended};
use crate::{
    console::{Console, fire_orders},
    installation::{Installation, Service},
    restaurant::Restaurant,
};
use futures::future::join_all;

/// It is subscribed and has not read the head; the ring does not reach back and no page is read yet; a page
/// is read, and what comes after it was not looked at again.
const POINTS: [&str; 3] = ["gateway.subscribed", "gateway.before-page", "gateway.caught-up"];
/// Orders before the console comes: four events each, more than a new ring starts with (256).
const BEFORE: usize = 80;
/// Orders while the gateway stands in the window, and after it.
const MEANWHILE: usize = 5;

struct Scene {
    house: Installation,
    points: Points,
    struck: Service,
    command: Service,
    _relay: Service,
    place: Restaurant,
}

impl Scene {
    async fn new(point: &str) -> Self {
        let house = Installation::new().await;
        let points = Points::new();
        let (struck, command) = (points.serve(&house, "gateway").await, house.serve("command").await);
        let relay = house.serve("relay").await;
        let place = Restaurant::open(&house, &command, point).await;
        let scene = Self { house, points, struck, command, _relay: relay, place };
        scene.order(BEFORE, "before").await;
        scene
    }

    fn console(&self) -> Console {
        Console::new(self.house.staff("kitchen"), self.place.id, "kitchen:grill")
    }

    async fn order(&self, orders: usize, name: &str) {
        fire_orders(&self.place, &[self.command.url()], orders, name).await;
    }
}

async fn stopped(point: &str) {
    let scene = Scene::new(point).await;
    scene.points.arm(point, Blow::Pause);
    let (mut console, url) = (scene.console(), scene.struck.realtime());
    let following = tokio::spawn(async move {
        let all = console.follow(&url, BEFORE + 2 * MEANWHILE).await;
        (console, all)
    });
    scene.points.reached(point).await;
    scene.order(MEANWHILE, "meanwhile").await;
    scene.points.release(point);
    scene.order(MEANWHILE, "after").await;
    let (console, all) = following.await.unwrap();
    assert!(all, "{point}: {} events", console.applied.len());
    console.assert_complete(&scene.house, "grill").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_committed_in_any_window_of_a_catch_up_is_shown_once() {
    join_all(POINTS.map(stopped)).await;
}

async fn broken(point: &str, blow: Blow) {
    let mut scene = Scene::new(point).await;
    let other = scene.house.serve("gateway").await;
    scene.points.arm(point, blow);
    let (all, mut console) = (BEFORE + MEANWHILE, scene.console());
    assert!(!console.follow(&scene.struck.realtime(), all).await, "{point}: it went on");
    scene.points.reached(point).await;
    if blow == Blow::Abort {
        ended(&mut scene.struck).await;
    }
    scene.order(MEANWHILE, "meanwhile").await;
    let missing = all - console.applied.len();
    assert!(console.follow(&other.realtime(), missing).await, "{point}");
    console.assert_complete(&scene.house, "grill").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_console_whose_gateway_is_killed_in_any_window_goes_on_at_another() {
    join_all(POINTS.map(|point| broken(point, Blow::Abort))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_console_whose_gateway_fails_in_any_window_goes_on_at_another() {
    join_all(POINTS.map(|point| broken(point, Blow::Error))).await;
}
