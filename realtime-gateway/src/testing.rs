//! Feeds and filters for this crate's own tests.

use bytes::Bytes;
use domain::{
    envelope::{Actor, ActorKind, Cursor, Metadata, RecordedEvent},
    ids::{FeedId, OrderId, SessionId},
    scope::Scope,
};
use identity::ScopeFilter;
use uuid::Uuid;

pub(crate) fn feed_id() -> FeedId {
    FeedId::from(Uuid::from_u128(0xa1))
}

pub(crate) fn session(n: u8) -> SessionId {
    Uuid::from_u128(0x5000 + u128::from(n)).into()
}

pub(crate) fn order(n: u8) -> OrderId {
    Uuid::from_u128(0x0900 + u128::from(n)).into()
}

fn event(position: u64, event_type: &str, data: &serde_json::Value) -> RecordedEvent {
    RecordedEvent {
        feed: feed_id(),
        tenant: Uuid::from_u128(0x7e).into(),
        cursor: Cursor { epoch: 1, position },
        event_id: Uuid::from_u128(position.into()),
        aggregate_type: "order".to_owned(),
        aggregate_id: Uuid::from_u128(1),
        version: position,
        event_type: event_type.to_owned(),
        schema_version: 1,
        recorded_at: chrono::DateTime::UNIX_EPOCH,
        metadata: Metadata {
            actor: Actor { kind: ActorKind::Staff, id: "ana".to_owned() },
            correlation_id: "c".to_owned(),
            causation_id: Uuid::nil(),
            traceparent: None,
            means: None,
        },
        payload: Bytes::from(data.to_string()),
    }
}

pub(crate) fn line_fired(position: u64, station: &str, session_of: u8, order_of: u8) -> RecordedEvent {
    let data = serde_json::json!({
        "order_id": order(order_of), "session_id": session(session_of), "station": station, "note": "n".repeat(50),
    });
    event(position, "line.fired", &data)
}

/// An event of a kind chosen by `n`.
pub(crate) fn any(position: u64, n: u8) -> RecordedEvent {
    let (of, second) = (n % 3, n % 2);
    match n % 8 {
        0 | 1 => line_fired(position, "grill", of, second),
        2 => line_fired(position, "bar", of, second),
        3 => {
            event(position, "order.placed", &serde_json::json!({"order_id": order(second), "session_id": session(of)}))
        }
        4 => event(position, "table-session.opened", &serde_json::json!({"session_id": session(of)})),
        5 => event(position, "menu-item.withdrawn", &serde_json::json!({"station": "bar"})),
        _ => event(position, "menu-item.added", &serde_json::json!({"station": "grill"})),
    }
}

pub(crate) fn feed(length: u64) -> Vec<RecordedEvent> {
    (1..=length).map(|position| any(position, u8::try_from(position * 37 % 251).unwrap())).collect()
}

pub(crate) fn filters() -> Vec<ScopeFilter> {
    let mut filters: Vec<_> = ["kitchen:grill", "kitchen:bar", "floor", "audit"]
        .into_iter()
        .map(|scope| ScopeFilter { scope: scope.parse().unwrap(), only_session: None })
        .collect();
    for n in 0..2 {
        filters.push(ScopeFilter { scope: Scope::TableSession(session(n)), only_session: None });
        filters.push(ScopeFilter { scope: Scope::Order(order(n)), only_session: None });
        filters.push(ScopeFilter { scope: Scope::Order(order(n)), only_session: Some(session(n)) });
    }
    filters
}
