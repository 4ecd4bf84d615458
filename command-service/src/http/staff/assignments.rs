//! Roles in bodies.

use domain::{
    ids::{GroupId, RestaurantId, RoleId},
    staff::{Assignment, Assignments, At},
};
use serde::Deserialize;
use service_kit::problem::Problem;
use utoipa::ToSchema;
use uuid::Uuid;

/// A role and where it counts.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
pub(crate) struct AssignmentBody {
    /// The role.
    role_id: Uuid,
    /// Where it counts.
    at: AtBody,
}

/// `"everywhere"`, `{"restaurant": id}` or `{"group": id}`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum AtBody {
    /// In every restaurant, and for the tenant as a whole.
    Everywhere,
    /// In one restaurant.
    Restaurant(Uuid),
    /// In the restaurants of a group.
    Group(Uuid),
}

/// All roles of a member.
pub(super) fn parse(list: Vec<AssignmentBody>) -> Result<Assignments, Problem> {
    let at = |at| match at {
        AtBody::Everywhere => At::Everywhere,
        AtBody::Restaurant(id) => At::Restaurant(RestaurantId(id)),
        AtBody::Group(id) => At::Group(GroupId(id)),
    };
    let list = list.into_iter().map(|it| Assignment { role_id: RoleId(it.role_id), at: at(it.at) });
    Assignments::parse(list.collect()).map_err(|error| Problem::invalid_field("/assignments", error.to_string()))
}

/// The restaurants that they name.
pub(super) fn restaurants(assignments: &Assignments) -> Vec<RestaurantId> {
    let named = |it: &Assignment| match it.at {
        At::Restaurant(restaurant) => Some(restaurant),
        At::Everywhere | At::Group(_) => None,
    };
    assignments.as_slice().iter().filter_map(named).collect()
}
