//! A tenant: the business that pays, with its groups of restaurants; its staff is in [`crate::staff`].
//!
//! All of it is one aggregate, `tenant`, in the tenant's own feed: rules about staff look at roles, groups
//! and all other members at once, and a tenant's staff changes a few times a day.

mod add_restaurant;
mod create_group;
mod events;
#[cfg(test)]
pub(crate) mod examples;
mod group;
mod remove_restaurant;
mod rename_group;
mod sign_up;
mod tenant;

pub use create_group::CreateGroup;
pub use events::{GroupCreated, GroupRenamed, RestaurantAdded, RestaurantRemoved, SignedUp, TenantEvent};
pub use group::Group;
pub use sign_up::SignUp;
pub use tenant::{Forgetter, Tenant, TenantCommand, TenantRequest};
