//! What a rule answers when it says no.

use crate::{
    ids::{GroupId, MemberId, OrderId, RestaurantId, RoleId, SessionId},
    staff::Permission,
    stream::StreamId,
};

/// A command that a rule refused. Each has a stable code that clients branch on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// An id in the path names nothing that this caller may see (404, leaves no receipt).
    #[error("there is no such thing here")]
    NotFound,
    /// The thing that this very command creates exists already: it was sent long ago.
    #[error("this was done already")]
    AlreadyDone(StreamId),
    /// What this very command makes in a tenant exists already: it was sent long ago.
    #[error("this was done already")]
    AlreadyMade {
        /// Where things of its kind are listed, such as `staff`.
        list: &'static str,
        /// Its id.
        id: uuid::Uuid,
    },
    /// The restaurant exists already.
    #[error("the restaurant exists already")]
    RestaurantExists,
    /// The restaurant has no such station.
    #[error("the restaurant has no station `{0}`")]
    UnknownStation(String),
    /// The price is in another currency than the restaurant's.
    #[error("prices of this restaurant are in {expected}")]
    CurrencyMismatch {
        /// The restaurant's currency.
        expected: String,
    },
    /// Another item has this name.
    #[error("another item of the menu has this name")]
    ItemNameTaken,
    /// The menu has as many items as it can hold.
    #[error("the menu is full")]
    MenuFull,
    /// The item was withdrawn.
    #[error("the item is withdrawn")]
    ItemWithdrawn,
    /// The item is available already.
    #[error("the item is available already")]
    ItemAvailable,
    /// Guests sit at this table already.
    #[error("the table has an open session")]
    TableOccupied(SessionId),
    /// The session is over.
    #[error("the session is closed")]
    SessionClosed,
    /// The diner joined before.
    #[error("this diner has joined already")]
    AlreadyJoined,
    /// The session has as many diners as it can hold.
    #[error("the session is full")]
    SessionFull,
    /// The session has orders that are neither completed, rejected nor cancelled.
    #[error("{} orders of the session are still open", .0.len())]
    OrdersOpen(Vec<OrderId>),
    /// The body names a session that does not exist.
    #[error("there is no such session")]
    UnknownSession,
    /// The diner has not joined the session.
    #[error("this diner has not joined the session")]
    NotJoined,
    /// The diner has left the session.
    #[error("this diner has left the session")]
    DinerLeft,
    /// Nobody sits at the table.
    #[error("the table has no open session")]
    NoOpenSession,
    /// So many ask to join that nobody could answer them.
    #[error("too many ask to join this session")]
    JoinRequestsFull,
    /// The request to join is answered, or was not answered in time.
    #[error("the request to join is {state}, not waiting")]
    JoinNotWaiting {
        /// What became of it.
        state: &'static str,
    },
    /// The digits are not those that the table shows.
    #[error("these are not the digits that the table shows")]
    WrongCode,
    /// Somebody guessed at the digits, or they changed too often.
    #[error("digits let nobody in now: ask somebody at the table or staff")]
    CodeLocked,
    /// The body names an item that is not on the menu.
    #[error("the menu has no such item")]
    UnknownItem(crate::ids::ItemId),
    /// The order names an item that was withdrawn.
    #[error("an item of the order is withdrawn")]
    OrderedItemWithdrawn(crate::ids::ItemId),
    /// An order without lines could never be completed; the edge refuses it first.
    #[error("an order has 1 to 100 lines")]
    LineCount,
    /// The total of the order is larger than any amount of money may be.
    #[error("the total of the order is too large")]
    AmountTooLarge,
    /// The order is not waiting for acceptance.
    #[error("the order is {state}, not placed")]
    OrderNotPlaced {
        /// The state that it is in.
        state: &'static str,
    },
    /// The order is closed, or one of its lines was started.
    #[error("the order can no longer be cancelled")]
    OrderNotCancellable {
        /// The state that it is in.
        state: &'static str,
    },
    /// The line does not wait to be cooked.
    #[error("the line is {state}, not fired")]
    LineNotFired {
        /// The state that it is in.
        state: &'static str,
    },
    /// The line is not being cooked, nor waits for it.
    #[error("the line is {state}, neither fired nor preparing")]
    LineNotCooking {
        /// The state that it is in.
        state: &'static str,
    },
    /// The line is not ready to be served.
    #[error("the line is {state}, not ready")]
    LineNotReady {
        /// The state that it is in.
        state: &'static str,
    },
    /// Nobody gives or takes a right that they do not hold themselves (403, leaves no receipt).
    #[error("this gives or takes `{0}`, which you do not hold there yourself")]
    RightsExceeded(Permission),
    /// Nobody would be left who can give rights.
    #[error("nobody would be left who may change the staff of the tenant")]
    LastOwner,
    /// The body names a role that does not exist, or was retired.
    #[error("there is no such role")]
    UnknownRole(RoleId),
    /// The body names a group of restaurants that does not exist.
    #[error("there is no such group of restaurants")]
    UnknownGroup(GroupId),
    /// The body names a restaurant that the tenant does not have.
    #[error("there is no such restaurant")]
    UnknownRestaurant(RestaurantId),
    /// Another role has this name.
    #[error("another role has this name")]
    RoleNameTaken,
    /// Members have the role.
    #[error("{members} members have the role")]
    RoleInUse {
        /// How many.
        members: usize,
    },
    /// The role was retired.
    #[error("the role is retired")]
    RoleRetired,
    /// Another group has this name.
    #[error("another group has this name")]
    GroupNameTaken,
    /// The restaurant belongs to the group already.
    #[error("the restaurant belongs to the group already")]
    RestaurantInGroup,
    /// The restaurant does not belong to the group.
    #[error("the restaurant does not belong to the group")]
    RestaurantNotInGroup,
    /// The member is in another state than this needs.
    #[error("the member is {state}")]
    MemberState {
        /// The state that they are in.
        state: &'static str,
    },
    /// Somebody with this address is a member already. Says how they get in.
    #[error("{}", what_to_do(*.member, .state))]
    AddressTaken {
        /// Who has it.
        member: MemberId,
        /// The state that they are in.
        state: &'static str,
    },
    /// The member was sent as many invitations as anybody is.
    #[error("they were sent {max} invitations: is the address right? Forget them, and invite the right one")]
    InvitationsSpent {
        /// How many that is.
        max: u32,
    },
    /// The key was revoked.
    #[error("the key is revoked")]
    ApiKeyRevoked,
    /// The tenant has as many as it can have.
    #[error("a tenant has at most {max} {what}")]
    TenantFull {
        /// Of what, in words.
        what: &'static str,
        /// How many it can have.
        max: usize,
    },
}

/// How somebody gets in whose address is that of a member.
fn what_to_do(member: MemberId, state: &str) -> String {
    match state {
        "invited" => format!("they are invited: POST /v1/staff/{member}/invitation sends the invitation again"),
        "deactivated" => format!("they were deactivated: POST /v1/staff/{member}/reactivate lets them back in"),
        _ => format!("they work here: POST /v1/staff/{member}/roles gives them other roles"),
    }
}

impl Refusal {
    /// The stable code of the refusal, the last part of the problem's `type`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "not-found",
            Self::AlreadyDone(_) | Self::AlreadyMade { .. } => "already-done",
            Self::RestaurantExists => "restaurant-exists",
            Self::UnknownStation(_) => "unknown-station",
            Self::CurrencyMismatch { .. } => "currency-mismatch",
            Self::ItemNameTaken => "item-name-taken",
            Self::MenuFull => "menu-full",
            Self::ItemWithdrawn | Self::OrderedItemWithdrawn(_) => "item-withdrawn",
            Self::ItemAvailable => "item-available",
            Self::TableOccupied(_) => "table-occupied",
            Self::SessionClosed => "session-closed",
            Self::AlreadyJoined => "already-joined",
            Self::SessionFull => "session-full",
            Self::OrdersOpen(_) => "orders-open",
            Self::UnknownSession => "unknown-session",
            Self::NotJoined => "not-joined",
            Self::DinerLeft => "diner-left",
            Self::NoOpenSession => "no-open-session",
            Self::JoinRequestsFull => "join-requests-full",
            Self::JoinNotWaiting { .. } => "join-not-waiting",
            Self::WrongCode => "wrong-code",
            Self::CodeLocked => "code-locked",
            Self::UnknownItem(_) => "unknown-item",
            Self::LineCount => "line-count",
            Self::AmountTooLarge => "amount-too-large",
            Self::OrderNotPlaced { .. } => "order-not-placed",
            Self::OrderNotCancellable { .. } => "order-not-cancellable",
            Self::LineNotFired { .. } => "line-not-fired",
            Self::LineNotCooking { .. } => "line-not-cooking",
            Self::LineNotReady { .. } => "line-not-ready",
            Self::RightsExceeded(_) => "rights-exceeded",
            Self::LastOwner => "last-owner",
            Self::UnknownRole(_) => "unknown-role",
            Self::UnknownGroup(_) => "unknown-group",
            Self::UnknownRestaurant(_) => "unknown-restaurant",
            Self::RoleNameTaken => "role-name-taken",
            Self::RoleInUse { .. } => "role-in-use",
            Self::RoleRetired => "role-retired",
            Self::GroupNameTaken => "group-name-taken",
            Self::RestaurantInGroup => "restaurant-in-group",
            Self::RestaurantNotInGroup => "restaurant-not-in-group",
            Self::MemberState { .. } => "member-state",
            Self::AddressTaken { .. } => "address-taken",
            Self::InvitationsSpent { .. } => "invitations-spent",
            Self::ApiKeyRevoked => "api-key-revoked",
            Self::TenantFull { .. } => "tenant-full",
        }
    }
}
