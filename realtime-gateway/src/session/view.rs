//! Which view a client reads after a reset.

use crate::frames::StreamName;
use domain::scope::Scope;

/// The path of the view that shows what this stream shows.
pub(crate) fn view_of(name: &StreamName) -> String {
    let base = format!("/v1/restaurants/{}", name.restaurant);
    match &name.scope {
        Scope::Kitchen(station) => format!("{base}/kitchen-board?station={station}"),
        Scope::Floor => format!("{base}/orders"),
        // An auditor's state is the log itself: it starts again from the first event of this stream.
        Scope::Audit => base,
        Scope::TableSession(session) => format!("{base}/sessions/{session}"),
        Scope::Order(order) => format!("{base}/orders/{order}"),
    }
}
