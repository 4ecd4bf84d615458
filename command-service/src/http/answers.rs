//! Answers of commands, for the document. The bytes are made by the committer, which alone knows
//! position and version.

use super::fields::MoneyDocument;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// A command was done.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Done {
    /// What was acted on.
    id: Uuid,
    /// Its version: how many events it has.
    #[schema(example = 3)]
    version: u64,
    /// The position of the last event that this command wrote; GETs take it as `min_position`.
    #[schema(example = 1042)]
    position: u64,
    /// Changes only when the numbering was restored from a backup.
    #[schema(example = 1)]
    epoch: u32,
}

/// A restaurant was created.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RestaurantCreated {
    #[serde(flatten)]
    done: Done,
    /// The menu that was made with it.
    menu_id: Uuid,
    /// Its tables, in the order of the request.
    tables: Vec<CreatedTable>,
}

/// A table of a new restaurant.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CreatedTable {
    table_id: Uuid,
    #[schema(example = "12")]
    label: String,
}

/// An item was added; `id` is that of the menu.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ItemAdded {
    #[serde(flatten)]
    done: Done,
    /// The new item.
    item_id: Uuid,
}

/// A guest joined.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SessionJoined {
    #[serde(flatten)]
    done: Done,
    /// Who joined: the `sub` of the token.
    diner_id: Uuid,
    /// 1 for the first who joined.
    #[schema(example = 1)]
    number: u8,
}

/// Somebody asked to join and waits, or has joined with a code of the table.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct JoinRequested {
    #[serde(flatten)]
    done: Done,
    /// The restaurant whose code was scanned.
    restaurant_id: Uuid,
    /// The session at that table.
    session_id: Uuid,
    /// Who they are, or will be.
    diner_id: Uuid,
    /// `waiting`, or `joined` with a code of the table.
    #[schema(example = "waiting")]
    state: &'static str,
    /// Four characters to show, so that the others can tell whom they let in.
    #[schema(example = "7K2M")]
    mark: String,
    /// Until when they can be let in, while they wait.
    #[schema(format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<String>,
    /// Which guest of the table they are, once they have joined; 1 is the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<u8>,
    /// Names them in `X-Table-Token` from now on. It opens nothing until they are let in.
    pass: String,
}

/// What became of a request to join.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct JoinRequestAnswer {
    /// The time of the answer.
    #[schema(format = DateTime)]
    pub(crate) now: String,
    /// The session.
    pub(crate) session_id: Uuid,
    /// Who asked.
    pub(crate) diner_id: Uuid,
    /// waiting, joined, declined, expired, left, or closed.
    #[schema(example = "waiting")]
    pub(crate) state: &'static str,
    /// Of who joined: 1 for the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) number: Option<u8>,
}

/// The digits of a session.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SessionCode {
    /// The session.
    pub(crate) session_id: Uuid,
    /// Four digits; absent while they let nobody in, because somebody guessed, or because they changed too often.
    #[schema(example = "0417")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) code: Option<String>,
    /// Whether the four digits let nobody in: type the long code, or ask for new digits.
    pub(crate) locked: bool,
    /// Twelve digits, which always let somebody in.
    #[schema(example = "041722139981")]
    pub(crate) long_code: String,
}

/// What is printed on a table.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TableCodeAnswer {
    /// The table.
    pub(crate) table_id: Uuid,
    /// What stands on it.
    #[schema(example = "12")]
    pub(crate) label: String,
    /// Which of its codes this is; 1 is the first.
    #[schema(example = 1)]
    pub(crate) issue: u32,
    /// The code.
    pub(crate) code: String,
    /// Where a phone goes that scans it.
    pub(crate) url: String,
}

/// A table has a new code; `id` is that of the restaurant.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TableCodeReissued {
    #[serde(flatten)]
    done: Done,
    /// Which of the table's codes counts now.
    #[schema(example = 2)]
    issue: u32,
}

/// An order was placed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OrderPlaced {
    #[serde(flatten)]
    done: Done,
    /// Four characters that people can call out; not unique.
    #[schema(example = "7K2M")]
    code: String,
    /// What it costs.
    total: MoneyDocument,
    /// The tax in it.
    tax: MoneyDocument,
    /// Its lines, in the order of the request.
    lines: Vec<CreatedLine>,
}

/// A line of a new order.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CreatedLine {
    line_id: Uuid,
    item_id: Uuid,
}

/// A command about a tenant was done that made something. `id`, `version` and `position` are those of the tenant,
/// whose events these are; what was made has an id of its own.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MadeInTenant {
    /// The tenant, not what was made.
    id: Uuid,
    /// The version of the tenant: how many events it has.
    #[schema(example = 31)]
    version: u64,
    /// The position of the last event that this command wrote; GETs take it as `min_position`.
    #[schema(example = 31)]
    position: u64,
    /// Changes only when the numbering was restored from a backup.
    #[schema(example = 1)]
    epoch: u32,
    /// The tenant, the same as `id`.
    tenant_id: Uuid,
}

/// A tenant was signed up.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TenantSignedUp {
    #[serde(flatten)]
    made: MadeInTenant,
    /// The first owner, who was sent an invitation.
    owner_id: Uuid,
}

/// Somebody was invited.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MemberInvited {
    #[serde(flatten)]
    made: MadeInTenant,
    /// The new member: what `{member}` is in the other routes of staff.
    member_id: Uuid,
}

/// A role was defined.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RoleDefined {
    #[serde(flatten)]
    made: MadeInTenant,
    /// The new role: what `{role}` is in the other routes of roles.
    role_id: Uuid,
}

/// A group was made.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GroupCreated {
    #[serde(flatten)]
    made: MadeInTenant,
    /// The new group: what `{group}` is in the other routes of groups.
    group_id: Uuid,
}

/// A key was issued.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ApiKeyIssued {
    #[serde(flatten)]
    made: MadeInTenant,
    /// The new key: what `{key}` is in the route that revokes it.
    key_id: Uuid,
    /// The key in full. It is told here and nowhere else.
    #[schema(example = "aris_0198b1c2…_5f1d…")]
    secret: String,
}
