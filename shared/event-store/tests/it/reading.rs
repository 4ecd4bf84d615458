//! Pages of a feed whose events are as large as clients can make them.

use domain::{event::Event, limits::PAGE_BYTES_MAX, ordering::OrderEvent, stream::StreamId};
use event_store::reader::EventReader;
use testkit::{Env, Place};

/// An order of 100 lines, each with the longest note: about 100 KB.
fn large_order(place: &Place) -> (StreamId, Event) {
    let (_, events) = place.fired_order();
    let (stream, event) = events.into_iter().next().unwrap();
    let Event::Order(OrderEvent::Placed(mut placed)) = event else { panic!("an order begins with order.placed") };
    let mut line = placed.lines[0].clone();
    line.note = Some("🌶".repeat(200).parse().unwrap());
    placed.lines = vec![line; 100];
    (stream, placed_event(placed))
}

fn placed_event(placed: domain::ordering::OrderPlaced) -> Event {
    OrderEvent::Placed(placed).into()
}

async fn pages(reader: &EventReader, place: &Place) -> Vec<Vec<(u64, usize)>> {
    let (mut pages, mut after) = (Vec::new(), 0);
    loop {
        let page = reader.page(place.feed(), after, 256).await.unwrap();
        let Some(last) = page.last() else { return pages };
        after = last.cursor.position;
        pages.push(page.iter().map(|event| (event.cursor.position, event.payload.len())).collect());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_of_large_events_is_read_in_pages_of_bounded_bytes() {
    let env = Env::start().await;
    let committers = env.committers();
    let place = Place::create(&env, &committers).await;
    for _ in 0..20 {
        place.append(&committers, vec![large_order(&place)]).await.unwrap();
    }
    let reader = env.reader().await;
    let pages = pages(&reader, &place).await;
    let positions: Vec<u64> = pages.iter().flatten().map(|(position, _)| *position).collect();
    assert_eq!(positions, (1..=25).collect::<Vec<_>>());
    for page in &pages {
        let bytes: usize = page.iter().map(|(_, bytes)| bytes).sum();
        assert!(bytes <= PAGE_BYTES_MAX, "a page has {bytes} bytes");
    }
    assert!(pages.len() < 20, "a page has more than one of them");

    let large = pages.last().unwrap()[0].1 as u64;
    let tail = async |events, bytes| reader.tail(place.feed(), 25, events, bytes).await.unwrap();
    assert_eq!(tail(256, 3 * large).await, 22, "three of them fit");
    assert_eq!(tail(2, u64::MAX >> 1).await, 23, "no more than two are wanted");
    assert_eq!(tail(256, 10).await, 25, "none fits");
    assert_eq!(tail(256, u64::MAX >> 1).await, 0, "all fit");
}
