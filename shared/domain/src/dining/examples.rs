//! Events of one session that the tests play with: session 1 at table 7, diner `n` with number `n`.

use super::{SessionClosed, SessionEvent, SessionJoined, SessionOpened};
use crate::{restaurants::Table, testing::id};

pub(super) fn table() -> Table {
    Table { table_id: id(7), label: "12".into(), seats: 4 }
}

pub(super) fn opened() -> SessionEvent {
    SessionOpened { session_id: id(1), table_id: id(7), table_label: "12".into() }.into()
}

pub(super) fn joined(n: u8) -> SessionEvent {
    SessionJoined { session_id: id(1), diner_id: id(n.into()), number: n }.into()
}

pub(super) fn closed() -> SessionEvent {
    SessionClosed { session_id: id(1), table_id: id(7) }.into()
}
