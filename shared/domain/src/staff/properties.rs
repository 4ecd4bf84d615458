//! What holds for every tenant, whoever asks whatever of it in whatever order.

use super::{Assignments, At, ChangeRole, ChangeRoles, DefineRole, Grants, Invite, MemberState, Permission, Roster};
use crate::{
    event::Event,
    stream::{AggregateKind, State},
    tenants::{CreateGroup, Forgetter, Tenant, TenantCommand, TenantEvent, TenantRequest, examples::*},
    testing::{folded, survives_a_snapshot},
    text::Name,
};
use cqrs_es::Aggregate;
use proptest::prelude::*;

/// Ids are drawn from so few that commands meet each other.
const FEW: u128 = 4;

/// Somebody, by number, asks for something.
type Attempt = (u128, TenantRequest);

fn few() -> std::ops::RangeInclusive<u128> {
    1..=FEW
}

fn at() -> impl Strategy<Value = At> {
    prop_oneof![
        2 => Just(At::Everywhere),
        1 => few().prop_map(|n| At::Restaurant(restaurant(n))),
        1 => (1..=2_u128).prop_map(|n| At::Group(group(n))),
    ]
}

fn roles() -> impl Strategy<Value = Assignments> {
    let one = (few(), at()).prop_map(|(n, at)| assignment(n, at));
    prop::collection::btree_set(one, 0..3).prop_map(|set| assignments(&set.into_iter().collect::<Vec<_>>()))
}

fn permissions() -> impl Strategy<Value = super::PermissionSet> {
    let all = prop::sample::select(Permission::ALL.to_vec());
    let kept = prop_oneof![3 => Just(Permission::StaffWrite), 2 => all];
    prop::collection::vec(kept, 0..4).prop_map(|list| list.into_iter().collect())
}

fn request() -> impl Strategy<Value = TenantRequest> {
    let name = |n: u128| Name::parse(&format!("Name {n}")).unwrap();
    prop_oneof![
        2 => (few(), roles()).prop_map(|(n, assignments)| TenantRequest::Invite(Invite {
            member_id: member(n), name: sealed(), email: sealed(), assignments, address_of: None,
        })),
        1 => few().prop_map(|n| TenantRequest::RenewInvitation(member(n))),
        3 => few().prop_map(|n| TenantRequest::Join(member(n))),
        4 => (few(), roles()).prop_map(|(n, assignments)| TenantRequest::ChangeRoles(ChangeRoles {
            member_id: member(n), assignments,
        })),
        3 => few().prop_map(|n| TenantRequest::Deactivate(member(n))),
        3 => few().prop_map(|n| TenantRequest::Reactivate(member(n))),
        1 => few().prop_map(|n| TenantRequest::Forget(member(n), Forgetter::Staff)),
        2 => (few(), permissions()).prop_map(move |(n, permissions)| TenantRequest::DefineRole(DefineRole {
            role_id: role(n), name: name(n), permissions,
        })),
        3 => (few(), permissions()).prop_map(move |(n, permissions)| TenantRequest::ChangeRole(ChangeRole {
            role_id: role(n), name: name(n), permissions,
        })),
        1 => few().prop_map(|n| TenantRequest::RetireRole(role(n))),
        1 => (1..=2_u128).prop_map(move |n| TenantRequest::CreateGroup(CreateGroup { group_id: group(n), name: name(n) })),
        3 => (1..=2_u128, few()).prop_map(|(n, place)| TenantRequest::AddRestaurant(group(n), restaurant(place))),
        2 => (1..=2_u128, few()).prop_map(|(n, place)| TenantRequest::RemoveRestaurant(group(n), restaurant(place))),
    ]
}

fn attempts() -> impl Strategy<Value = Vec<Attempt>> {
    prop::collection::vec((few(), request()), 0..60)
}

/// Each accepted command with the tenant before and after it, and what its sender held.
fn history_of(attempts: Vec<Attempt>) -> (Vec<TenantEvent>, Vec<(Roster, Grants, Roster)>) {
    let mut events = house();
    let mut tenant: Tenant = folded(events.clone());
    let mut steps = Vec::new();
    for (who, request) in attempts {
        let before = tenant.roster().unwrap().clone();
        let holds = before.grants_of(member(who));
        let Ok(new) = tenant.decide(TenantCommand { holds: holds.clone(), request }) else { continue };
        new.iter().cloned().for_each(|event| tenant.apply(event));
        events.extend(new);
        steps.push((before, holds, tenant.roster().unwrap().clone()));
    }
    (events, steps)
}

fn keeps(roster: &Roster) -> bool {
    let active = roster.members.iter().filter(|(_, member)| member.state == MemberState::Active);
    active.into_iter().any(|(id, _)| roster.grants_of(*id).everywhere.has(Permission::StaffWrite))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn a_tenant_always_keeps_somebody_who_can_give_rights(attempts in attempts()) {
        for (_, _, after) in history_of(attempts).1 {
            prop_assert!(keeps(&after));
        }
    }

    #[test]
    fn nobody_gives_what_they_do_not_hold(attempts in attempts()) {
        for (before, holds, after) in history_of(attempts).1 {
            for id in after.members.keys() {
                let (had, has) = (before.grants_of(*id), after.grants_of(*id));
                // Who accepts an invitation is given by it, not by whoever said so.
                let joined = before.members.get(id).is_some_and(|it| it.state == MemberState::Invited)
                    && after.members[id].state == MemberState::Active;
                for place in few().map(restaurant).filter(|_| !joined) {
                    prop_assert!(has.at(place).without(had.at(place)).without(holds.at(place)).is_empty());
                }
                if !joined {
                    prop_assert!(has.everywhere.without(had.everywhere).without(holds.everywhere).is_empty());
                }
            }
        }
    }

    #[test]
    fn nobody_takes_what_they_do_not_hold(attempts in attempts()) {
        for (before, holds, after) in history_of(attempts).1 {
            for id in before.members.keys() {
                let (had, has) = (before.grants_of(*id), after.grants_of(*id));
                for place in few().map(restaurant) {
                    prop_assert!(had.at(place).without(has.at(place)).without(holds.at(place)).is_empty());
                }
            }
        }
    }

    #[test]
    fn a_tenant_read_back_from_its_stored_bytes_is_the_same_tenant(attempts in attempts()) {
        let (events, _) = history_of(attempts);
        let mut read_back = State::absent(AggregateKind::Tenant);
        for event in &events {
            let event = Event::from(event.clone());
            let bytes = event.encode().unwrap();
            read_back.apply(Event::decode(event.event_type(), event.schema_version(), &bytes).unwrap());
        }
        let tenant: Tenant = folded(events);
        survives_a_snapshot(&tenant);
        prop_assert_eq!(read_back, State::Tenant(tenant));
    }
}

#[test]
fn the_commands_that_are_tried_change_rights_in_every_way() {
    use proptest::{strategy::ValueTree, test_runner::TestRunner};
    let mut runner = TestRunner::deterministic();
    let mut types = std::collections::BTreeSet::new();
    for _ in 0..300 {
        let (events, _) = history_of(attempts().new_tree(&mut runner).unwrap().current());
        types.extend(events[house().len()..].iter().map(TenantEvent::event_type));
    }
    for expected in [
        "member.invited",
        "member.invitation-renewed",
        "member.joined",
        "member.roles-changed",
        "member.deactivated",
        "member.reactivated",
        "member.forgotten",
        "role.changed",
        "restaurant-group.restaurant-removed",
    ] {
        assert!(types.contains(expected), "{expected} was never tried with success: {types:?}");
    }
}
