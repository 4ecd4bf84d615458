//! What the client is told when a rule says no.

use domain::{
    ids::RestaurantId,
    refusal::Refusal,
    stream::{AggregateKind, StreamId},
};
use event_store::committer::Answer;
use service_kit::problem::{Code, Problem};

/// A refusal as an answer. What was created long ago is pointed at.
pub(crate) fn answer(refusal: &Refusal, restaurant: RestaurantId, correlation_id: &str) -> Answer {
    let problem = problem(refusal);
    let location = match refusal {
        Refusal::AlreadyDone(stream) => Some(location_of(restaurant, *stream)),
        Refusal::AlreadyMade { list, .. } => Some(format!("/v1/{list}")),
        Refusal::RestaurantExists => Some(location_of(restaurant, restaurant.into())),
        _ => None,
    };
    Answer { status: problem.status().as_u16(), location, body: problem.to_bytes(correlation_id) }
}

/// Where a thing is found: always a GET of the read side.
pub(crate) fn location_of(restaurant: RestaurantId, stream: StreamId) -> String {
    let StreamId { kind, id } = stream;
    match kind {
        AggregateKind::Restaurant => format!("/v1/restaurants/{restaurant}"),
        AggregateKind::Menu => format!("/v1/restaurants/{restaurant}/menu"),
        AggregateKind::TableSession => format!("/v1/restaurants/{restaurant}/sessions/{id}"),
        AggregateKind::Order => format!("/v1/restaurants/{restaurant}/orders/{id}"),
        AggregateKind::Tenant => "/v1/tenant".to_owned(),
    }
}

/// A refusal as a problem document.
pub(crate) fn problem(refusal: &Refusal) -> Problem {
    let said = |code| Problem::new(code).detail(refusal.to_string());
    match refusal {
        Refusal::NotFound => Problem::not_found(),
        Refusal::AlreadyDone(stream) => said(Code::AlreadyDone).fact("id", stream.id.to_string()),
        Refusal::AlreadyMade { id, .. } => said(Code::AlreadyDone).fact("id", id.to_string()),
        Refusal::RestaurantExists => said(Code::RestaurantExists),
        Refusal::UnknownStation(station) => said(Code::UnknownStation).fact("station", station.as_str()),
        Refusal::CurrencyMismatch { expected } => said(Code::CurrencyMismatch).fact("expected", expected.as_str()),
        Refusal::ItemNameTaken => said(Code::ItemNameTaken),
        Refusal::MenuFull => said(Code::MenuFull),
        Refusal::ItemWithdrawn => said(Code::ItemWithdrawn),
        Refusal::OrderedItemWithdrawn(item) => said(Code::ItemWithdrawn).fact("item_id", item.to_string()),
        Refusal::ItemAvailable => said(Code::ItemAvailable),
        Refusal::TableOccupied(session) => said(Code::TableOccupied).fact("session_id", session.to_string()),
        Refusal::SessionClosed => said(Code::SessionClosed),
        Refusal::AlreadyJoined => said(Code::AlreadyJoined),
        Refusal::SessionFull => said(Code::SessionFull),
        Refusal::OrdersOpen(orders) => {
            said(Code::OrdersOpen).fact("order_ids", orders.iter().map(ToString::to_string).collect::<Vec<_>>())
        }
        Refusal::UnknownSession => said(Code::UnknownSession),
        Refusal::NotJoined => said(Code::NotJoined),
        Refusal::DinerLeft => said(Code::DinerLeft),
        Refusal::NoOpenSession => said(Code::NoOpenSession),
        Refusal::JoinRequestsFull => said(Code::JoinRequestsFull),
        Refusal::JoinNotWaiting { state } => said(Code::JoinNotWaiting).fact("state", *state),
        Refusal::WrongCode => said(Code::WrongCode),
        Refusal::CodeLocked => said(Code::CodeLocked),
        Refusal::UnknownItem(item) => said(Code::UnknownItem).fact("item_id", item.to_string()),
        // The body says how many lines; that it was not refused before it came here is no matter.
        Refusal::LineCount => Problem::invalid_field("/lines", refusal.to_string()),
        Refusal::AmountTooLarge => said(Code::AmountTooLarge),
        Refusal::OrderNotPlaced { state } => said(Code::OrderNotPlaced).fact("state", *state),
        Refusal::OrderNotCancellable { state } => said(Code::OrderNotCancellable).fact("state", *state),
        Refusal::LineNotFired { state } => said(Code::LineNotFired).fact("state", *state),
        Refusal::LineNotCooking { state } => said(Code::LineNotCooking).fact("state", *state),
        Refusal::LineNotReady { state } => said(Code::LineNotReady).fact("state", *state),
        Refusal::RightsExceeded(_)
        | Refusal::LastOwner
        | Refusal::UnknownRole(_)
        | Refusal::UnknownGroup(_)
        | Refusal::UnknownRestaurant(_)
        | Refusal::RoleNameTaken
        | Refusal::RoleInUse { .. }
        | Refusal::RoleRetired
        | Refusal::GroupNameTaken
        | Refusal::RestaurantInGroup
        | Refusal::RestaurantNotInGroup
        | Refusal::MemberState { .. }
        | Refusal::AddressTaken { .. }
        | Refusal::InvitationsSpent { .. }
        | Refusal::ApiKeyRevoked
        | Refusal::TenantFull { .. } => of_tenant(refusal),
    }
}

/// Refusals about a tenant and its staff.
fn of_tenant(refusal: &Refusal) -> Problem {
    let said = |code| Problem::new(code).detail(refusal.to_string());
    match refusal {
        Refusal::RightsExceeded(permission) => said(Code::RightsExceeded).fact("permission", permission.as_str()),
        Refusal::LastOwner => said(Code::LastOwner),
        Refusal::UnknownRole(role) => said(Code::UnknownRole).fact("role_id", role.to_string()),
        Refusal::UnknownGroup(group) => said(Code::UnknownGroup).fact("group_id", group.to_string()),
        Refusal::UnknownRestaurant(id) => said(Code::UnknownRestaurant).fact("restaurant_id", id.to_string()),
        Refusal::RoleNameTaken => said(Code::RoleNameTaken),
        Refusal::RoleInUse { members } => said(Code::RoleInUse).fact("members", *members),
        Refusal::RoleRetired => said(Code::RoleRetired),
        Refusal::GroupNameTaken => said(Code::GroupNameTaken),
        Refusal::RestaurantInGroup => said(Code::RestaurantInGroup),
        Refusal::RestaurantNotInGroup => said(Code::RestaurantNotInGroup),
        Refusal::MemberState { state } => said(Code::MemberState).fact("state", *state),
        Refusal::AddressTaken { member, state } => {
            said(Code::AddressTaken).fact("member_id", member.to_string()).fact("state", *state)
        }
        Refusal::InvitationsSpent { max } => said(Code::InvitationsSpent).fact("max", *max),
        Refusal::ApiKeyRevoked => said(Code::ApiKeyRevoked),
        Refusal::TenantFull { max, .. } => said(Code::TenantFull).fact("max", *max),
        // Every other refusal has its line above, in `problem`.
        _ => Problem::new(Code::Internal),
    }
}
