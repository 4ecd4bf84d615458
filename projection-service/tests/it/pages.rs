//! Lists that end somewhere.

use crate::support::Setup;
use domain::{event::Event, limits::LIST_BYTES_MAX, ordering::OrderEvent, stream::StreamId};
use identity::Permission;
use testkit::Place;
use uuid::Uuid;

/// An order as large as the rules allow: 100 lines with the longest names and notes.
fn large_order(place: &Place) -> (StreamId, Event) {
    let (_, mut events) = place.fired_order();
    let (stream, event) = events.swap_remove(0);
    let Event::Order(OrderEvent::Placed(mut placed)) = event else { panic!("{event:?}") };
    let mut line = placed.lines[0].clone();
    (line.name, line.note) = ("n".repeat(80), Some("o".repeat(200)));
    let line = || domain::ordering::PlacedLine { line_id: Uuid::now_v7().into(), ..line.clone() };
    placed.lines = (0..100).map(|_| line()).collect();
    (stream, Event::Order(placed.into()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_orders_is_bound_by_its_bytes_and_the_pages_together_have_every_order_once() {
    let setup = Setup::start().await;
    let service = setup.service("a").await;
    let place = setup.place().await;
    let token = setup.staff(&place, &[Permission::OrderRead]);
    let mut placed = Vec::new();
    let mut at = 0;
    for number in 0..18 {
        // Small ones between large ones.
        let events =
            if number % 3 == 0 { vec![place.fired_order().1.swap_remove(0)] } else { vec![large_order(&place)] };
        placed.push(events[0].0.id.to_string());
        at = setup.append(&place, events).await;
    }
    let (mut seen, mut pages, mut after) = (Vec::new(), 0, String::new());
    loop {
        let path = format!("/orders?limit=100&min_position={at}{after}");
        let (status, page) = service.get(&place, &path, &token).await;
        assert_eq!(status, 200, "{page}");
        let items = page["items"].as_array().unwrap();
        let bytes: usize = items.iter().map(|item| item.to_string().len()).sum();
        assert!(!items.is_empty() && bytes <= LIST_BYTES_MAX, "{} orders are {bytes} bytes", items.len());
        for item in items {
            let lines = item["lines"].as_array().unwrap().len();
            assert!(lines == 100 || lines == 2, "{lines} lines");
            seen.push(item["order_id"].as_str().unwrap().to_owned());
        }
        pages += 1;
        match page["next"].as_u64() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    seen.reverse();
    assert_eq!(seen, placed);
    assert!(pages > 2, "{pages} pages");
    service.stop().await;
}
