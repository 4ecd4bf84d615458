//! The windows of a switch: whatever becomes of the operator's process, one whole generation answers.

use super::{Blow, Points, head};
use crate::{
    installation::{Installation, Service},
    operator::{aris, ran},
    restaurant::{Caller, Restaurant},
};
use event_store::pool::{self, Isolation};
use futures::future::join_all;
use reqwest::StatusCode;
use std::{process::Stdio, time::Duration};
use testkit::wait_for;
use tokio::process::{Child, Command};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

/// The checkpoints of the live generation are held still; both rows are exchanged and nothing is committed;
/// it is committed and the process does not know.
const POINTS: [&str; 3] = ["switch.held", "switch.before-commit", "switch.committed"];
/// How long what was held up may take: MySQL ends the silent session after 4 s, and projectors try again.
const COMPLETE_WITHIN: Duration = Duration::from_secs(90);
/// How long a switch may take that goes on.
const SWITCHED_WITHIN: Duration = Duration::from_secs(90);

struct Scene {
    house: Installation,
    points: Points,
    all: Service,
    place: Restaurant,
    switching: Child,
    looking: CancellationToken,
    reader: AbortOnDropHandle<u64>,
}

impl Scene {
    /// `orders@2` is built, somebody looks at orders all the time, and a switch has come to the point.
    async fn new(point: &str) -> Self {
        let house = Installation::new().await;
        let (points, all) = (Points::new(), house.serve("all").await);
        let place = Restaurant::open(&house, &all, point).await;
        for number in 1..=3 {
            place.fire(&[all.url()], &number.to_string()).await;
        }
        let head = head(&house, &place).await;
        place.manager.get(&all.url(), &place.path("/orders"), head).await;
        let built = ran(&house, &["projections", "rebuild", "orders"]).await;
        assert!(built.ok, "{}", built.error);
        let looking = CancellationToken::new();
        let look = look(place.manager.clone(), all.url(), place.path("/orders?limit=100"), looking.clone());
        let reader = AbortOnDropHandle::new(tokio::spawn(look));
        points.arm(point, Blow::Pause);
        let mut switch = aris(&house, &["projections", "switch", "orders", "--wait", "60"]);
        let (name, folder) = points.variable();
        let switching = switch.env(name, folder).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        points.reached(point).await;
        Self { house, points, all, place, switching, looking, reader }
    }

    /// A guest orders, and whoever looks sees it, whatever the switch holds.
    async fn goes_on(&self, number: u32) {
        self.place.fire(&[self.all.url()], &number.to_string()).await;
        let head = head(&self.house, &self.place).await;
        let path = self.place.path(&format!("/orders?min_position={head}"));
        wait_for("the order is seen", COMPLETE_WITHIN, async || {
            match self.place.manager.ask(&self.all.url(), &path).await.unwrap() {
                (StatusCode::OK, page) => {
                    assert_eq!(page["items"].as_array().unwrap().len(), usize::try_from(number).unwrap());
                    Ok(())
                }
                (status, problem) => Err(format!("{status} {problem}")),
            }
        })
        .await;
    }

    /// `orders@2` answers, `orders@1` is kept up to date, and both are what the events say.
    async fn ends_switched(self) {
        self.goes_on(5).await;
        self.looking.cancel();
        assert!(self.reader.await.unwrap() > 0);
        let list = ran(&self.house, &["projections", "list"]).await.text;
        for (projection, status) in [("orders@1", "previous"), ("orders@2", "live")] {
            let line = list.lines().find(|line| line.starts_with(projection)).unwrap();
            assert_eq!(line.split_whitespace().nth(1), Some(status), "{list}");
        }
        let reader = self.house.env.reader().await;
        let views = pool::connect(&self.house.env.access.projection, Isolation::RepeatableRead, 2).await.unwrap();
        let head = head(&self.house, &self.place).await;
        wait_for("both generations are there", COMPLETE_WITHIN, async || {
            let report = projection_service::check::restaurant(&views, &reader, self.place.id.into()).await;
            let report = report.map_err(|error| error.to_string())?;
            assert!(report.is_clean(), "{report:?}");
            let orders = report.views.iter().filter(|view| view.projection.view == "orders");
            let at: Vec<_> = orders.map(|view| view.cursor.position).collect();
            if at == [head, head] { Ok(()) } else { Err(format!("{at:?} of {head}")) }
        })
        .await;
    }

    async fn signal(&self, name: &str) {
        let process = self.switching.id().unwrap().to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &process]).status().await.unwrap().success());
    }
}

/// Looks again and again: never an error, never back, never fewer orders than before.
async fn look(manager: Caller, base: String, path: String, until: CancellationToken) -> u64 {
    let (mut looks, mut seen) = (0, (0, 0));
    while !until.is_cancelled() {
        let page = manager.get(&base, &path, 0).await;
        let now = (page["cursor"]["position"].as_u64().unwrap(), page["items"].as_array().unwrap().len());
        assert!(now.0 >= seen.0 && now.1 >= seen.1, "from {seen:?} back to {now:?}");
        (looks, seen) = (looks + 1, now);
    }
    looks
}

async fn frozen(point: &str) {
    let mut scene = Scene::new(point).await;
    scene.signal("STOP").await;
    scene.goes_on(4).await;
    scene.signal("CONT").await;
    scene.points.release(point);
    let ended = tokio::time::timeout(SWITCHED_WITHIN, scene.switching.wait()).await.expect("it ends").unwrap();
    assert!(ended.success(), "{point}: {ended}");
    scene.ends_switched().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_switch_that_is_frozen_in_any_window_holds_nobody_up_for_long_and_thawed_it_switches_once() {
    join_all(POINTS.map(frozen)).await;
}

async fn killed(point: &str) {
    let mut scene = Scene::new(point).await;
    scene.switching.kill().await.unwrap();
    scene.goes_on(4).await;
    let again = ran(&scene.house, &["projections", "switch", "orders", "--wait", "60"]).await;
    if point == "switch.committed" {
        assert!(!again.ok && again.error.contains("no generation of orders is ready"), "{}", again.error);
    } else {
        assert!(again.ok && again.text.contains("orders@2 answers now"), "{} {}", again.text, again.error);
    }
    scene.ends_switched().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_switch_that_is_killed_in_any_window_has_happened_or_not() {
    join_all(POINTS.map(killed)).await;
}
