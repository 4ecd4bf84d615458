//! Roles that a member has, and where they count.

use crate::{
    ids::{GroupId, RestaurantId, RoleId},
    limits::ASSIGNMENTS_MAX,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Where a role counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum At {
    /// In every restaurant of the tenant, and for the tenant as a whole.
    Everywhere,
    /// In one restaurant.
    Restaurant(RestaurantId),
    /// In the restaurants of a group, whichever they are at a time.
    Group(GroupId),
}

/// A role that a member has somewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Assignment {
    /// The role.
    pub role_id: RoleId,
    /// Where it counts.
    pub at: At,
}

/// All roles of a member: at most 32, none twice at one place.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Assignments(Vec<Assignment>);

/// Why these cannot be somebody's roles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AssignmentsError {
    /// Over the bound.
    #[error("a member has at most {ASSIGNMENTS_MAX} roles")]
    TooMany,
    /// One stands there twice.
    #[error("the same role stands twice at the same place")]
    Twice,
}

impl Assignments {
    /// Checks a list.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(list: Vec<Assignment>) -> Result<Self, AssignmentsError> {
        if list.len() > ASSIGNMENTS_MAX {
            return Err(AssignmentsError::TooMany);
        }
        let distinct: BTreeSet<_> = list.iter().collect();
        if distinct.len() < list.len() {
            return Err(AssignmentsError::Twice);
        }
        Ok(Self(list))
    }

    /// The list.
    #[must_use]
    pub fn as_slice(&self) -> &[Assignment] {
        &self.0
    }
}

impl From<Assignments> for Vec<Assignment> {
    fn from(assignments: Assignments) -> Self {
        assignments.0
    }
}

#[cfg(test)]
mod tests {
    use super::{Assignment, Assignments, AssignmentsError, At};
    use crate::testing::id;

    #[test]
    fn a_place_is_written_as_clients_write_it() {
        let at = |json: &str| serde_json::from_str::<At>(json).unwrap();
        assert_eq!(at("\"everywhere\""), At::Everywhere);
        assert_eq!(at(r#"{"group":"00000000-0000-0000-0000-000000000001"}"#), At::Group(id(1)));
        assert_eq!(at(r#"{"restaurant":"00000000-0000-0000-0000-000000000002"}"#), At::Restaurant(id(2)));
    }

    #[test]
    fn a_list_has_a_bound_and_no_double() {
        let role = |n| Assignment { role_id: id(n), at: At::Everywhere };
        assert!(Assignments::parse((0..32).map(role).collect()).is_ok());
        assert_eq!(Assignments::parse((0..33).map(role).collect()), Err(AssignmentsError::TooMany));
        assert_eq!(Assignments::parse(vec![role(1), role(1)]), Err(AssignmentsError::Twice));
    }
}
