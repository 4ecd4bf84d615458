//! Who sits at a table, who left, and who asks to join.

use crate::support::Setup;
use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    dining::{DinerLeft, JoinDeclined, JoinRequested, SessionClosed, SessionEvent, SessionJoined},
    event::Event,
    ids::DinerId,
};
use identity::Permission;
use serde_json::{Value, json};
use testkit::Place;
use uuid::Uuid;

fn asked(place: &Place, diner_id: DinerId, expires_at: DateTime<Utc>) -> SessionEvent {
    let (session_id, table_label) = (place.session, "7".to_owned());
    JoinRequested { session_id, diner_id, table_label, mark: "7K2M".to_owned(), expires_at }.into()
}

async fn happens(setup: &Setup, place: &Place, events: impl IntoIterator<Item = SessionEvent>) -> u64 {
    let events = events.into_iter().map(|event| (place.session.into(), Event::TableSession(event)));
    setup.append(place, events.collect()).await
}

fn who(answer: &Value) -> Vec<Value> {
    answer["join_requests"].as_array().unwrap().iter().map(|it| it["diner_id"].clone()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_is_shown_to_the_floor_and_to_the_table_until_somebody_answers() {
    let setup = Setup::start().await;
    let service = setup.service("a").await;
    let place = setup.place().await;
    let (floor, guest) = (setup.staff(&place, &[Permission::FloorRead]), setup.guest(&place, place.session));
    let [first, second, third, late]: [DinerId; 4] = std::array::from_fn(|_| Uuid::now_v7().into());
    let soon = Utc::now() + TimeDelta::minutes(10);
    let requests = [first, second, third].map(|diner| asked(&place, diner, soon));
    let expired = asked(&place, late, Utc::now() - TimeDelta::seconds(1));
    let at = happens(&setup, &place, requests.into_iter().chain([expired])).await;

    let (status, waiting) = service.get(&place, &format!("/join-requests?min_position={at}"), &floor).await;
    assert_eq!(status, 200, "{waiting}");
    let mut expected = [first, second, third];
    // Asked in one moment, so that only the id orders them.
    expected.sort();
    assert_eq!(who(&waiting), expected.map(|diner| json!(diner)));
    assert_eq!(waiting["join_requests"][0]["mark"], "7K2M");
    assert_eq!(waiting["join_requests"][0]["table_label"], "7");
    let (_, table) = service.get(&place, &format!("/sessions/{}", place.session), &guest).await;
    assert_eq!(who(&table).len(), 3);

    let session_id = place.session;
    let events = [
        SessionJoined { session_id, diner_id: first, number: 2 }.into(),
        JoinDeclined { session_id, diner_id: second }.into(),
        DinerLeft { session_id, diner_id: place.diner }.into(),
    ];
    let at = happens(&setup, &place, events).await;
    let (_, table) = service.get(&place, &format!("/sessions/{session_id}?min_position={at}"), &guest).await;
    assert_eq!(who(&table), [json!(third)]);
    assert!(table["diners"][0]["left_at"].is_string() && table["diners"][1].get("left_at").is_none(), "{table}");
    setup.assert_equal_to_fold(&place).await;

    let at = happens(&setup, &place, [SessionClosed { session_id, table_id: place.table }.into()]).await;
    let (_, waiting) = service.get(&place, &format!("/join-requests?min_position={at}"), &floor).await;
    assert_eq!(who(&waiting), Vec::<Value>::new());
    setup.assert_equal_to_fold(&place).await;
    service.stop().await;
}
