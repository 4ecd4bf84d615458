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
use std::{sync::Arc, time::Duration};
use testkit::{Env, own_servers, wait_for};

/// The events are read; they are on their way; they were acknowledged and their rows are still there; the
/// rows are gone and the relay does not know.
const POINTS: [&str; 4] = ["relay.read", "relay.published", "relay.acked", "relay.deleted"];
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
        let scene = Self::quiet(Installation::new().await).await;
        scene.strike(point, blow).await;
        scene
    }

    /// Everything is published.
    async fn quiet(house: Installation) -> Self {
        let points = Points::new();
        let (struck, command) = (points.serve(&house, "relay").await, house.serve("command").await);
        let place = Restaurant::open(&house, &command, "first").await;
        let scene = Self { house, points, struck, command, place };
        scene.is_complete().await;
        scene
    }

    async fn strike(&self, point: &str, blow: Blow) {
        self.points.arm(point, blow);
        self.order(1).await;
        self.points.reached(point).await;
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
            let (at, head) = (followed(&self.house, &self.place).await?, head(&reader, &self.place).await);
            let (rows,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM outbox").fetch_one(&admin).await.unwrap();
            if at == head && rows == 0 { Ok(()) } else { Err(format!("{at} of {head}, {rows} rows")) }
        })
        .await;
    }
}

async fn head(reader: &EventReader, place: &Restaurant) -> u64 {
    reader.head(place.id.into()).await.unwrap().unwrap().cursor.position
}

/// Where a follower stands that takes the stream in its order, checks positions and drops what it has.
async fn followed(house: &Installation, place: &Restaurant) -> Result<u64, String> {
    let client = async_nats::connect(&house.env.nats_url).await.map_err(|error| error.to_string())?;
    let name = Namespace::new(&house.env.nats_prefix).stream_name();
    let stream = jetstream::new(client).get_stream(name).await.map_err(|error| error.to_string())?;
    let mut last = 0;
    for sequence in 1..=stream.cached_info().state.last_sequence {
        let message = stream.get_raw_message(sequence).await.map_err(|error| error.to_string())?;
        let event = envelope::from_parts(&message.subject, &message.headers, message.payload).unwrap();
        if event.feed != place.id.into() {
            continue;
        }
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

/// A relay learns that the stream has lost everything while the rows of one feed are gone and it does not know,
/// and those of another were acknowledged and are still there: neither can be filled up now, and neither may be
/// forgotten. A third one is filled up at once, so the stream looks like one that has rightly discarded the rest.
#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_is_lost_while_a_relay_deletes_rows_is_filled_again_in_all_feeds() {
    let servers = Arc::new(tokio::task::spawn_blocking(|| own_servers("lost-in-the-window")).await.unwrap());
    let scene = Scene::quiet(Installation::with(Env::on(&servers).await)).await;
    let reader = scene.house.env.reader().await;
    let published = async |place: &Restaurant| {
        wait_for("a restaurant is published", COMPLETE_WITHIN, async || {
            let (at, head) = (followed(&scene.house, place).await?, head(&reader, place).await);
            if at == head { Ok(()) } else { Err(format!("{at} of {head}")) }
        })
        .await;
    };
    let third = Restaurant::open(&scene.house, &scene.command, "third").await;
    scene.is_complete().await;
    let point = "relay.deleted";
    scene.strike(point, Blow::Pause).await;
    let second = Restaurant::open(&scene.house, &scene.command, "second").await;
    published(&second).await;
    let wiping = Arc::clone(&servers);
    tokio::task::spawn_blocking(move || wiping.nats.wipe_store_and_restart()).await.unwrap().unwrap();
    published(&third).await;
    // All that was ordered together with the third one has been refused by then.
    tokio::time::sleep(TWICE_THE_LEASE).await;
    scene.points.release(point);
    published(&scene.place).await;
    published(&second).await;
}
