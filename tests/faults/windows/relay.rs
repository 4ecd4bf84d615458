//! The windows of a relay: whatever it had in its hands reaches the stream, in order.

use super::{Blow, Points, ended};
use crate::{
    installation::{Installation, Service},
    restaurant::Restaurant,
};
use async_nats::jetstream;
use event_store::reader::EventReader;
use futures::future::join_all;
use messaging::{Namespace, envelope};
use std::time::Duration;
use testkit::wait_for;

/// The events are read; they are on their way; they were acknowledged and their rows are still there.
const POINTS: [&str; 3] = ["relay.read", "relay.published", "relay.acked"];
/// How long the stream may take to have everything: leases run out meanwhile.
const COMPLETE_WITHIN: Duration = Duration::from_secs(60);
/// Twice the lease of relays in these installations.
const TWICE_THE_LEASE: Duration = Duration::from_secs(4);

struct Scene {
    house: Installation,
    points: Points,
    struck: Service,
    command: Service,
    place: Restaurant,
}

impl Scene {
    /// One relay, which holds every shard, is struck at the point with an order in its hands.
    async fn new(point: &str, blow: Blow) -> Self {
        let house = Installation::new().await;
        let points = Points::new();
        let (struck, command) = (points.serve(&house, "relay").await, house.serve("command").await);
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

    /// The stream has the feed up to its head; whoever checks positions as he reads it meets no hole, and the
    /// outbox is empty.
    async fn is_complete(&self) {
        let reader = self.house.env.reader().await;
        let admin = sqlx::MySqlPool::connect(&self.house.env.events_admin_url()).await.unwrap();
        wait_for("the stream has everything", COMPLETE_WITHIN, async || {
            let (at, head) = (followed(&self.house).await?, head(&reader, &self.place).await);
            let (rows,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM outbox").fetch_one(&admin).await.unwrap();
            if at == head && rows == 0 { Ok(()) } else { Err(format!("{at} of {head}, {rows} rows")) }
        })
        .await;
    }
}

async fn head(reader: &EventReader, place: &Restaurant) -> u64 {
    reader.head(place.id).await.unwrap().unwrap().cursor.position
}

/// Where a follower stands that takes the stream in its order, checks positions and drops what it has.
async fn followed(house: &Installation) -> Result<u64, String> {
    let client = async_nats::connect(&house.env.nats_url).await.unwrap();
    let name = Namespace::new(&house.env.nats_prefix).stream_name();
    let stream = jetstream::new(client).get_stream(name).await.map_err(|error| error.to_string())?;
    let mut last = 0;
    for sequence in 1..=stream.cached_info().state.last_sequence {
        let message = stream.get_raw_message(sequence).await.map_err(|error| error.to_string())?;
        let event = envelope::from_parts(&message.subject, &message.headers, message.payload).unwrap();
        let position = event.cursor.position;
        assert!(position <= last + 1, "{position} came after {last}: a hole");
        last = position.max(last);
    }
    Ok(last)
}

async fn killed(point: &str) {
    let mut scene = Scene::new(point, Blow::Abort).await;
    ended(&mut scene.struck).await;
    scene.order(2).await;
    let _other = scene.house.serve("relay").await;
    scene.order(3).await;
    scene.is_complete().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_is_killed_in_any_window_loses_nothing() {
    join_all(POINTS.map(killed)).await;
}

async fn frozen(point: &str) {
    let scene = Scene::new(point, Blow::Pause).await;
    scene.struck.signal("STOP").await;
    let thaw = tokio::time::Instant::now() + TWICE_THE_LEASE;
    let _other = scene.house.serve("relay").await;
    scene.order(2).await;
    // The other one has taken over and published all, with the first one's part.
    scene.is_complete().await;
    tokio::time::sleep_until(thaw).await;
    scene.struck.signal("CONT").await;
    scene.points.release(point);
    for number in 3..8 {
        scene.order(number).await;
    }
    scene.is_complete().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_frozen_in_any_window_for_twice_its_lease_loses_and_disorders_nothing() {
    join_all(POINTS.map(frozen)).await;
}

async fn failed(point: &str) {
    let scene = Scene::new(point, Blow::Error).await;
    scene.order(2).await;
    scene.is_complete().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_in_any_window_of_a_relay_is_made_good() {
    join_all(POINTS.map(failed)).await;
}
