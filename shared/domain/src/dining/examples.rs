//! Events of one session that the tests play with: session 1 at table 7, diner `n` with number `n`.

use super::{
    CodeRotated, DinerLeft, JoinDeclined, JoinRequested, SessionClosed, SessionEvent, SessionJoined, SessionOpened,
};
use crate::{limits::JOIN_REQUEST_MINUTES, ordering::four_characters, restaurants::Table, testing::id};
use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

pub(super) fn table() -> Table {
    Table { table_id: id(7), label: "12".into(), seats: 4 }
}

/// This minute of the evening.
pub(super) fn minute(n: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap() + TimeDelta::minutes(n)
}

pub(super) fn opened() -> SessionEvent {
    SessionOpened { session_id: id(1), table_id: id(7), table_label: "12".into() }.into()
}

pub(super) fn joined(n: u8) -> SessionEvent {
    SessionJoined { session_id: id(1), diner_id: id(n.into()), number: n }.into()
}

/// Diner `n` asked in minute `at`.
pub(super) fn asked(n: u16, at: i64) -> SessionEvent {
    JoinRequested {
        session_id: id(1),
        diner_id: id(n.into()),
        table_label: "12".into(),
        mark: four_characters(Uuid::from_u128(n.into())),
        expires_at: minute(at + JOIN_REQUEST_MINUTES),
    }
    .into()
}

pub(super) fn declined(n: u16) -> SessionEvent {
    JoinDeclined { session_id: id(1), diner_id: id(n.into()) }.into()
}

pub(super) fn left(n: u8) -> SessionEvent {
    DinerLeft { session_id: id(1), diner_id: id(n.into()) }.into()
}

pub(super) fn rotated(rotation: u32, locked: bool) -> SessionEvent {
    CodeRotated { session_id: id(1), rotation, locked }.into()
}

pub(super) fn closed() -> SessionEvent {
    SessionClosed { session_id: id(1), table_id: id(7) }.into()
}
