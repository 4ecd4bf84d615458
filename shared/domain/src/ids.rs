//! Ids: a type for each, so that an order is never looked up with the id of a line.
//!
//! Ids are UUIDs, lower-case with hyphens wherever a person or a client sees them. An id that a
//! command creates is **derived** (UUIDv8) from who sent what under which key, so that a repeated
//! or late request meets the same feed, stream and receipt.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

macro_rules! id {
    ($(#[$doc:meta] $name:ident),* $(,)?) => {$(
        #[$doc]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, Default)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                Uuid::try_parse(text).map(Self)
            }
        }
    )*};
}

id! {
    /// The business that pays.
    TenantId,
    /// The log of the events of one restaurant, or of what belongs to no single restaurant of a tenant.
    FeedId,
    /// One place of a tenant; its feed has the same id.
    RestaurantId,
    /// The menu of a restaurant.
    MenuId,
    /// One thing on a menu.
    ItemId,
    /// A table of a restaurant.
    TableId,
    /// Guests at a table, from sitting down to leaving.
    SessionId,
    /// One guest of a session; the `sub` of their token.
    DinerId,
    /// An order of a session.
    OrderId,
    /// One line of an order.
    LineId,
    /// Somebody who works for a tenant; the `sub` of their token.
    MemberId,
    /// A named set of permissions of a tenant.
    RoleId,
    /// A group of restaurants of a tenant, such as a campus.
    GroupId,
    /// The key of a machine.
    ApiKeyId,
}

/// A restaurant's feed is named after it.
impl From<RestaurantId> for FeedId {
    fn from(restaurant: RestaurantId) -> Self {
        Self(restaurant.0)
    }
}

/// A tenant has one feed of its own besides: its staff, roles, groups of restaurants and keys.
impl From<TenantId> for FeedId {
    fn from(tenant: TenantId) -> Self {
        Self(tenant.0)
    }
}

impl FeedId {
    /// The shard of this feed: the first 6 bits of SHA-256 of its id, so 0..=63.
    #[must_use]
    pub fn shard(self) -> u8 {
        Sha256::digest(self.0.as_bytes())[0] >> 2
    }

    /// The restaurant that this feed would be of; whether it is one, its first event says.
    #[must_use]
    pub fn restaurant(self) -> RestaurantId {
        RestaurantId(self.0)
    }

    /// Whether this is the tenant's own feed, rather than that of one of its restaurants.
    #[must_use]
    pub fn is_of(self, tenant: TenantId) -> bool {
        self.0 == tenant.0
    }
}

/// Makes the ids of one command: UUIDv8 of SHA-256(kind ‖ feed ‖ principal ‖ key ‖ counter).
///
/// The parts are length-prefixed, so that no two different commands can spell the same bytes. For
/// the creation of a restaurant the tenant stands in place of the feed.
#[derive(Debug, Clone)]
pub struct IdSource {
    feed: Uuid,
    principal: String,
    key: String,
}

impl IdSource {
    /// An id source of one command.
    #[must_use]
    pub fn new(feed: Uuid, principal: impl Into<String>, key: impl Into<String>) -> Self {
        Self { feed, principal: principal.into(), key: key.into() }
    }

    /// The id number `counter` of this `kind`; the same arguments give the same id for ever.
    #[must_use]
    pub fn id(&self, kind: &str, counter: u32) -> Uuid {
        let mut hash = Sha256::new();
        for part in [
            kind.as_bytes(),
            self.feed.as_bytes(),
            self.principal.as_bytes(),
            self.key.as_bytes(),
            &counter.to_be_bytes(),
        ] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        let digest = hash.finalize();
        let mut bytes = [0_u8; 16];
        bytes.copy_from_slice(&digest[..16]);
        Uuid::new_v8(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_command_makes_the_same_ids() {
        let source = IdSource::new(Uuid::nil(), "ana", "key-1");
        assert_eq!(source.id("order", 0), IdSource::new(Uuid::nil(), "ana", "key-1").id("order", 0));
        assert_eq!(source.id("order", 0).get_version_num(), 8);
    }

    #[test]
    fn every_part_matters() {
        let base = IdSource::new(Uuid::nil(), "ana", "key-1").id("order", 0);
        let others = [
            IdSource::new(Uuid::max(), "ana", "key-1").id("order", 0),
            IdSource::new(Uuid::nil(), "anak", "ey-1").id("order", 0),
            IdSource::new(Uuid::nil(), "ana", "key-2").id("order", 0),
            IdSource::new(Uuid::nil(), "ana", "key-1").id("line", 0),
            IdSource::new(Uuid::nil(), "ana", "key-1").id("order", 1),
        ];
        assert!(others.iter().all(|other| *other != base));
    }

    #[test]
    fn ids_and_shards_are_for_ever() {
        // A retry that comes years later must meet the id that was made at first.
        let id = IdSource::new(Uuid::nil(), "ana", "key-1").id("order", 0);
        assert_eq!(id.to_string(), "f1148fcb-f76d-8d7d-b55a-6d5cffada929");
        assert_eq!(FeedId(Uuid::nil()).shard(), 13);
    }

    #[test]
    fn shards_stay_in_range() {
        for n in 0..1_000_u128 {
            assert!(FeedId(Uuid::from_u128(n)).shard() < crate::limits::SHARDS);
        }
    }
}
