//! Everything that was promised, compared with everything that is there.

use super::{
    guests::{Guests, Told},
    screens::{Screen, Screens},
};
use crate::{installation::Installation, restaurant::Restaurant};
use domain::{
    envelope::RecordedEvent,
    ids::FeedId,
    scope::{Tags, visible},
};
use event_store::{
    pool::{self, Isolation},
    reader::EventReader,
    verify::verify_feed,
};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use testkit::wait_for;

/// How long views and screens may take to come to the end of the feed once all is mended.
const RECOVERY: Duration = Duration::from_secs(90);
/// Events of one page.
const PAGE: usize = 256;

/// Fails with the first promise that was not kept. Nobody orders meanwhile.
pub(super) async fn judge(house: &Installation, places: &[Arc<Restaurant>], guests: &Guests, screens: &Screens) {
    let reader = house.env.reader().await;
    let views = pool::connect(&house.env.access.projection, Isolation::RepeatableRead, 2).await.unwrap();
    let told = guests.told();
    for (number, place) in places.iter().enumerate() {
        let feed = feed(&reader, place.id.into()).await;
        everything_acknowledged_is_there_once(&told, number, &feed);
        let report = wait_for("the feed is whole and published", RECOVERY, async || {
            let report = verify_feed(&reader, place.id.into()).await.map_err(|error| error.to_string())?;
            if report.findings.is_empty() { Ok(report) } else { Err(format!("{:?}", report.findings)) }
        })
        .await;
        assert_eq!(report.events, feed.len() as u64);
        views_equal_their_fold(&reader, &views, place.id.into(), feed.len() as u64).await;
        for screen in screens.0.iter().filter(|screen| screen.restaurant == number) {
            shows_all_in_order(screen, &feed).await;
        }
    }
}

async fn feed(reader: &EventReader, id: FeedId) -> Vec<RecordedEvent> {
    let mut feed: Vec<RecordedEvent> = Vec::new();
    loop {
        let after = feed.last().map_or(0, |event| event.cursor.position);
        let page = reader.page(id, after, PAGE).await.unwrap();
        if page.is_empty() {
            return feed;
        }
        feed.extend(page);
    }
}

/// Each answer names the last event that its command wrote, and no command wrote twice.
fn everything_acknowledged_is_there_once(told: &Told, restaurant: usize, feed: &[RecordedEvent]) {
    let at: BTreeMap<u64, &RecordedEvent> = feed.iter().map(|event| (event.cursor.position, event)).collect();
    let mine: Vec<_> = told.acknowledged.iter().filter(|it| it.restaurant == restaurant).collect();
    for it in &mine {
        let event = at.get(&it.position).unwrap_or_else(|| panic!("{} was answered and is lost: {it:?}", it.path));
        assert_eq!(event.aggregate_id.to_string(), it.id, "{}: another event stands there", it.path);
    }
    let count = |event_type: &str| feed.iter().filter(|event| event.event_type == event_type).count();
    let placed = mine.iter().filter(|it| it.is_order).count();
    assert_eq!((count("order.placed"), count("order.accepted")), (placed, mine.len() - placed), "done more than once");
}

async fn views_equal_their_fold(reader: &EventReader, views: &sqlx::MySqlPool, id: FeedId, head: u64) {
    wait_for("the views are there", RECOVERY, async || {
        let report = projection_service::check::restaurant(views, reader, id).await.map_err(|it| it.to_string())?;
        let behind: Vec<_> = report.views.iter().filter(|view| view.cursor.position < head).collect();
        if !behind.is_empty() {
            return Err(format!("{behind:?} of {head}"));
        }
        assert!(report.is_clean(), "{report:?}");
        Ok(())
    })
    .await;
}

async fn shows_all_in_order(screen: &Screen, feed: &[RecordedEvent]) {
    let shown = |event: &&RecordedEvent| visible(&screen.scope, &event.event_type, &Tags::of(&event.payload));
    let promised: Vec<String> =
        feed.iter().filter(shown).map(|event| String::from_utf8(event.envelope_json()).unwrap()).collect();
    wait_for("a screen has caught up", RECOVERY, async || {
        let applied = screen.applied().len();
        if applied >= promised.len() { Ok(()) } else { Err(format!("{applied} of {}", promised.len())) }
    })
    .await;
    let applied = screen.applied();
    let first = applied.iter().zip(&promised).position(|(applied, promised)| applied != promised);
    assert!(
        first.is_none() && applied.len() == promised.len(),
        "{}: {first:?}, {} for {}",
        screen.scope,
        applied.len(),
        promised.len()
    );
}
