//! A new group of restaurants.

use super::{GroupCreated, TenantEvent};
use crate::{ids::GroupId, limits::GROUPS_MAX, refusal::Refusal, staff::Roster, text::Name};

/// Make a group without restaurants.
#[derive(Debug, Clone, PartialEq)]
pub struct CreateGroup {
    /// The new group.
    pub group_id: GroupId,
    /// What it is called.
    pub name: Name,
}

pub(super) fn create_group(roster: &Roster, command: CreateGroup) -> Result<Vec<TenantEvent>, Refusal> {
    let CreateGroup { group_id, name } = command;
    if roster.groups.contains_key(&group_id) {
        return Err(Refusal::AlreadyMade { list: "restaurant-groups", id: group_id.0 });
    }
    if roster.has_group_named(name.as_str(), group_id) {
        return Err(Refusal::GroupNameTaken);
    }
    if roster.groups.len() >= GROUPS_MAX {
        return Err(Refusal::TenantFull { what: "groups of restaurants", max: GROUPS_MAX });
    }
    Ok(vec![GroupCreated { group_id, name: name.into() }.into()])
}

#[cfg(test)]
mod tests {
    use super::CreateGroup;
    use crate::{
        limits::GROUPS_MAX,
        refusal::Refusal,
        tenants::{Tenant, TenantCommand, TenantRequest, examples::*},
        testing::given,
        text::Name,
    };

    fn create(n: u128, name: &str) -> TenantCommand {
        owner(TenantRequest::CreateGroup(CreateGroup { group_id: group(n), name: Name::parse(name).unwrap() }))
    }

    #[test]
    fn a_group_is_made() {
        given::<Tenant>(house()).when(create(2, "Airport")).then([created(2, "Airport")]);
    }

    #[test]
    fn names_of_groups_differ_in_more_than_their_case() {
        given::<Tenant>(house()).when(create(2, "CAMPUS")).refused(Refusal::GroupNameTaken);
    }

    #[test]
    fn a_group_is_made_once() {
        given::<Tenant>(house())
            .when(create(1, "Campus"))
            .refused(Refusal::AlreadyMade { list: "restaurant-groups", id: group(1).0 });
    }

    #[test]
    fn groups_have_a_bound() {
        let many = (2..=GROUPS_MAX as u128).map(|n| created(n, &format!("Group {n}")));
        let full = Refusal::TenantFull { what: "groups of restaurants", max: GROUPS_MAX };
        given::<Tenant>(house_and(many)).when(create(9_999, "One more")).refused(full);
    }
}
