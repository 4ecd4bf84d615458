//! The two rules that hold for every command about a tenant.

use super::{Grants, Roster};
use crate::refusal::Refusal;
use std::collections::BTreeSet;

/// Compares a tenant before and after a command that somebody with these rights sent.
///
/// Nobody gives or takes what they do not hold themselves, wherever it would count: not by an invitation,
/// not by changing a role that others have, not by adding a restaurant to a group that roles count in.
/// And somebody is always left who can give rights.
pub(crate) fn guard(before: &Roster, after: &Roster, holds: &Grants) -> Result<(), Refusal> {
    let members: BTreeSet<_> = before.members.keys().chain(after.members.keys()).collect();
    for member in members {
        let (had, has) = (before.prospects_of(*member), after.prospects_of(*member));
        if let Some(permission) = had.change_beyond(&has, holds) {
            return Err(Refusal::RightsExceeded(permission));
        }
    }
    if after.keepers() < before.keepers() {
        return Err(Refusal::LastOwner);
    }
    Ok(())
}
