//! A group is called otherwise.

use super::{GroupRenamed, TenantEvent};
use crate::{ids::GroupId, refusal::Refusal, staff::Roster, text::Name};

pub(super) fn rename_group(roster: &Roster, group_id: GroupId, name: Name) -> Result<Vec<TenantEvent>, Refusal> {
    if !roster.groups.contains_key(&group_id) {
        return Err(Refusal::NotFound);
    }
    if roster.has_group_named(name.as_str(), group_id) {
        return Err(Refusal::GroupNameTaken);
    }
    Ok(vec![GroupRenamed { group_id, name: name.into() }.into()])
}

#[cfg(test)]
mod tests {
    use crate::{
        refusal::Refusal,
        tenants::{GroupRenamed, Tenant, TenantCommand, TenantRequest, examples::*},
        testing::given,
        text::Name,
    };

    fn rename(n: u128, name: &str) -> TenantCommand {
        owner(TenantRequest::RenameGroup(group(n), Name::parse(name).unwrap()))
    }

    #[test]
    fn a_group_is_renamed() {
        let renamed = GroupRenamed { group_id: group(1), name: "North campus".into() };
        given::<Tenant>(house()).when(rename(1, "North campus")).then([renamed.into()]);
    }

    #[test]
    fn it_may_keep_its_own_name_but_not_take_that_of_another() {
        let renamed = GroupRenamed { group_id: group(1), name: "campus".into() };
        given::<Tenant>(house()).when(rename(1, "campus")).then([renamed.into()]);
        given::<Tenant>(house_and([created(2, "Airport")])).when(rename(2, "Campus")).refused(Refusal::GroupNameTaken);
    }

    #[test]
    fn a_group_that_is_not_there_is_not_found() {
        given::<Tenant>(house()).when(rename(9, "Nowhere")).refused(Refusal::NotFound);
    }
}
