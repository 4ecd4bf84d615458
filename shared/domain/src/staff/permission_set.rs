//! Sets of permissions.

use super::Permission;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;

/// A set of permissions; asking it takes one instruction. As JSON it is a list of names.
///
/// A name that this build does not know allows nothing: an older build reads what a newer one wrote.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct PermissionSet(u32);

impl PermissionSet {
    /// The set without anything in it.
    pub const EMPTY: Self = Self(0);

    /// Whether the set has this permission.
    #[must_use]
    pub fn has(self, permission: Permission) -> bool {
        self.0 & Self::bit(permission) != 0
    }

    /// Whether nothing is in it.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// What is in one of the two.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What is in this set and not in the other.
    #[must_use]
    pub fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// What is in just one of the two.
    #[must_use]
    pub fn difference(self, other: Self) -> Self {
        Self(self.0 ^ other.0)
    }

    /// The permissions, in the order of [`Permission::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::ALL.into_iter().filter(move |permission| self.has(*permission))
    }

    fn bit(permission: Permission) -> u32 {
        1 << permission as u32
    }
}

impl FromIterator<Permission> for PermissionSet {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Self {
        Self(permissions.into_iter().fold(0, |bits, permission| bits | Self::bit(permission)))
    }
}

impl std::fmt::Debug for PermissionSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.iter().map(Permission::as_str)).finish()
    }
}

impl Serialize for PermissionSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for PermissionSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let names = Vec::<Cow<'de, str>>::deserialize(deserializer)?;
        Ok(names.iter().filter_map(|name| name.parse::<Permission>().ok()).collect())
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for PermissionSet {
    fn schema_name() -> Cow<'static, str> {
        "PermissionSet".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let names = Permission::ALL.map(Permission::as_str);
        schemars::json_schema!({
            "description": "A set of permissions.",
            "type": "array",
            "uniqueItems": true,
            "items": { "type": "string", "enum": names },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Permission, PermissionSet};

    #[test]
    fn a_set_has_what_was_put_in_and_nothing_else() {
        for one in Permission::ALL {
            let set = PermissionSet::from_iter([one]);
            assert!(Permission::ALL.into_iter().all(|other| set.has(other) == (one == other)));
            assert_eq!(set.iter().collect::<Vec<_>>(), [one]);
        }
        assert!(PermissionSet::EMPTY.is_empty());
    }

    #[test]
    fn sets_are_joined_and_compared() {
        use Permission::{MenuWrite, OrderRead, StaffWrite};
        let (left, right) =
            (PermissionSet::from_iter([MenuWrite, OrderRead]), [OrderRead, StaffWrite].into_iter().collect());
        assert_eq!(left.union(right), [MenuWrite, OrderRead, StaffWrite].into_iter().collect());
        assert_eq!(left.without(right), [MenuWrite].into_iter().collect());
        assert_eq!(left.difference(right), [MenuWrite, StaffWrite].into_iter().collect());
    }

    #[test]
    fn a_set_read_back_is_the_same_and_an_unknown_name_allows_nothing() {
        let all = PermissionSet::from_iter(Permission::ALL);
        let json = serde_json::to_string(&all).unwrap();
        assert_eq!(serde_json::from_str::<PermissionSet>(&json).unwrap(), all);
        let newer: PermissionSet = serde_json::from_str(r#"["order:read","order:eat"]"#).unwrap();
        assert_eq!(newer, [Permission::OrderRead].into_iter().collect());
    }
}
