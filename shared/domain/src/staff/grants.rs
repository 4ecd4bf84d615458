//! What somebody may do, and where.

use super::{Permission, PermissionSet};
use crate::ids::RestaurantId;
use std::collections::{BTreeMap, BTreeSet};

/// What somebody may do: in every restaurant of the tenant, and besides in single ones.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Grants {
    /// What counts in every restaurant, and for the tenant as a whole.
    pub everywhere: PermissionSet,
    /// What counts in single restaurants.
    pub restaurants: BTreeMap<RestaurantId, PermissionSet>,
}

impl Grants {
    /// All there is: of the product itself and of who signs a tenant up.
    #[must_use]
    pub fn unlimited() -> Self {
        Self { everywhere: Permission::ALL.into_iter().collect(), restaurants: BTreeMap::new() }
    }

    /// What counts in this restaurant.
    #[must_use]
    pub fn at(&self, restaurant: RestaurantId) -> PermissionSet {
        self.restaurants.get(&restaurant).copied().unwrap_or_default().union(self.everywhere)
    }

    /// Whether nothing is granted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.everywhere.is_empty() && self.restaurants.values().all(|set| set.is_empty())
    }

    /// Adds what counts everywhere.
    pub fn add_everywhere(&mut self, permissions: PermissionSet) {
        self.everywhere = self.everywhere.union(permissions);
    }

    /// Adds what counts in one restaurant.
    pub fn add_at(&mut self, restaurant: RestaurantId, permissions: PermissionSet) {
        let set = self.restaurants.entry(restaurant).or_default();
        *set = set.union(permissions);
    }

    /// What both have, where both have it.
    #[must_use]
    pub fn within(&self, other: &Self) -> Self {
        let both = |one: PermissionSet, two: PermissionSet| one.without(one.without(two));
        let places: BTreeSet<_> = self.restaurants.keys().chain(other.restaurants.keys()).copied().collect();
        let restaurants = places.into_iter().map(|place| (place, both(self.at(place), other.at(place))));
        Self { everywhere: both(self.everywhere, other.everywhere), restaurants: restaurants.collect() }
    }

    /// A permission that one of the two has at a place where the other has not, and that `holder` does not
    /// hold there.
    pub(super) fn change_beyond(&self, other: &Self, holder: &Self) -> Option<Permission> {
        let everywhere = self.everywhere.difference(other.everywhere).without(holder.everywhere);
        let places: BTreeSet<_> = self.restaurants.keys().chain(other.restaurants.keys()).collect();
        let at = |place: &RestaurantId| self.at(*place).difference(other.at(*place)).without(holder.at(*place));
        everywhere.iter().next().or_else(|| places.into_iter().flat_map(|place| at(place).iter()).next())
    }
}

#[cfg(test)]
mod tests {
    use super::Grants;
    use crate::{
        staff::Permission::{self, MenuWrite, OrderRead, StaffWrite},
        testing::id,
    };

    fn grants(everywhere: &[Permission], at_one: &[Permission]) -> Grants {
        let mut grants = Grants::default();
        grants.add_everywhere(everywhere.iter().copied().collect());
        grants.add_at(id(1), at_one.iter().copied().collect());
        grants
    }

    #[test]
    fn what_counts_everywhere_counts_in_each_restaurant() {
        let grants = grants(&[OrderRead], &[MenuWrite]);
        assert!(grants.at(id(1)).has(OrderRead) && grants.at(id(1)).has(MenuWrite));
        assert!(grants.at(id(2)).has(OrderRead) && !grants.at(id(2)).has(MenuWrite));
        assert!(!grants.everywhere.has(MenuWrite));
    }

    #[test]
    fn what_two_have_in_common_is_what_both_have_there() {
        let (one, two) = (grants(&[OrderRead, StaffWrite], &[]), grants(&[OrderRead], &[StaffWrite, MenuWrite]));
        let both = one.within(&two);
        assert_eq!(both, two.within(&one));
        assert!(both.everywhere.has(OrderRead) && !both.everywhere.has(StaffWrite));
        assert!(both.at(id(1)).has(StaffWrite) && !both.at(id(1)).has(MenuWrite));
        assert!(one.within(&Grants::default()).is_empty());
    }

    #[test]
    fn a_change_is_beyond_who_does_not_hold_it_there() {
        let (nothing, cook) = (Grants::default(), grants(&[], &[MenuWrite]));
        assert_eq!(nothing.change_beyond(&cook, &grants(&[MenuWrite], &[])), None);
        assert_eq!(nothing.change_beyond(&cook, &cook), None);
        assert_eq!(cook.change_beyond(&nothing, &grants(&[OrderRead], &[])), Some(MenuWrite));
        // Holding it in one restaurant is not holding it everywhere.
        let owner = grants(&[StaffWrite], &[]);
        assert_eq!(nothing.change_beyond(&owner, &grants(&[], &[StaffWrite])), Some(StaffWrite));
    }

    #[test]
    fn what_does_not_change_needs_no_right() {
        let owner = grants(&[StaffWrite], &[MenuWrite]);
        assert_eq!(owner.change_beyond(&owner, &Grants::default()), None);
    }
}
