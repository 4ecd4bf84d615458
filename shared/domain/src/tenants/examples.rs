//! A tenant that the tests play with.
//!
//! Role 1 is an owner, role 2 a cook, role 3 may invite people and knows nothing else. Member 1 is an active
//! owner, member 2 an invited cook at restaurant 1, member 3 an active inviter. Group 1 has restaurant 1.

use super::{GroupCreated, RestaurantAdded, SignedUp, TenantCommand, TenantEvent, TenantRequest};
use crate::{
    ids::{ApiKeyId, GroupId, MemberId, RestaurantId, RoleId, TenantId},
    staff::{
        ApiKeyIssued, Assignment, Assignments, At, Grants, MemberDeactivated, MemberForgotten, MemberInvited,
        MemberJoined, Permission, RoleDefined, Sealed, templates::permissions_of,
    },
    testing::id,
};

pub(crate) fn tenant() -> TenantId {
    id(1)
}

pub(crate) fn member(n: u128) -> MemberId {
    id(200 + n)
}

pub(crate) fn role(n: u128) -> RoleId {
    id(300 + n)
}

pub(crate) fn group(n: u128) -> GroupId {
    id(400 + n)
}

pub(crate) fn key(n: u128) -> ApiKeyId {
    id(500 + n)
}

pub(crate) fn restaurant(n: u128) -> RestaurantId {
    id(600 + n)
}

pub(crate) fn sealed() -> Sealed {
    Sealed::try_from("c2VhbGVk".to_owned()).unwrap()
}

pub(crate) fn assignment(n: u128, at: At) -> Assignment {
    Assignment { role_id: role(n), at }
}

pub(crate) fn assignments(list: &[Assignment]) -> Assignments {
    Assignments::parse(list.to_vec()).unwrap()
}

pub(crate) fn signed_up() -> TenantEvent {
    SignedUp { tenant_id: tenant(), name: "Grupo Aris".into(), owner_id: member(1) }.into()
}

pub(crate) fn defined(n: u128, name: &str, permissions: &[Permission]) -> TenantEvent {
    let permissions = permissions.iter().copied().collect();
    RoleDefined { role_id: role(n), name: name.into(), template: None, permissions }.into()
}

pub(crate) fn invited(n: u128, list: &[Assignment]) -> TenantEvent {
    MemberInvited { member_id: member(n), name: sealed(), email: sealed(), assignments: list.to_vec() }.into()
}

pub(crate) fn joined(n: u128) -> TenantEvent {
    MemberJoined { member_id: member(n) }.into()
}

pub(crate) fn deactivated(n: u128) -> TenantEvent {
    MemberDeactivated { member_id: member(n) }.into()
}

pub(crate) fn forgotten(n: u128) -> TenantEvent {
    MemberForgotten { member_id: member(n) }.into()
}

pub(crate) fn created(n: u128, name: &str) -> TenantEvent {
    GroupCreated { group_id: group(n), name: name.into() }.into()
}

pub(crate) fn added(n: u128, place: u128) -> TenantEvent {
    RestaurantAdded { group_id: group(n), restaurant_id: restaurant(place) }.into()
}

pub(crate) fn issued(n: u128) -> TenantEvent {
    let permissions = [Permission::OrderRead].into_iter().collect();
    ApiKeyIssued { key_id: key(n), name: "Till".into(), restaurant_id: restaurant(1), permissions, per_minute: 60 }
        .into()
}

/// The tenant that the module describes.
pub(crate) fn house() -> Vec<TenantEvent> {
    vec![
        signed_up(),
        defined(1, "owner", permissions_of("owner").unwrap()),
        defined(2, "cook", permissions_of("kitchen").unwrap()),
        defined(3, "inviter", &[Permission::StaffWrite, Permission::RoleWrite, Permission::TenantWrite]),
        created(1, "Campus"),
        added(1, 1),
        invited(1, &[assignment(1, At::Everywhere)]),
        joined(1),
        invited(2, &[assignment(2, At::Restaurant(restaurant(1)))]),
        invited(3, &[assignment(3, At::Everywhere)]),
        joined(3),
        issued(1),
    ]
}

/// The house, and what happened besides.
pub(crate) fn house_and(more: impl IntoIterator<Item = TenantEvent>) -> Vec<TenantEvent> {
    house().into_iter().chain(more).collect()
}

/// Asked by somebody who holds all that an owner holds.
pub(crate) fn owner(request: TenantRequest) -> TenantCommand {
    let mut holds = Grants::default();
    holds.add_everywhere(permissions_of("owner").unwrap().iter().copied().collect());
    TenantCommand { holds, request }
}

/// Asked by somebody who may invite people and nothing else.
pub(crate) fn inviter(request: TenantRequest) -> TenantCommand {
    let mut holds = Grants::default();
    holds
        .add_everywhere([Permission::StaffWrite, Permission::RoleWrite, Permission::TenantWrite].into_iter().collect());
    TenantCommand { holds, request }
}
