//! Who sent a request, as far as rules care.

use crate::{
    claims::{Claims, EVERY_RESTAURANT, Holder},
    permission::{Permission, PermissionSet},
    revocation::Revoked,
};
use chrono::{DateTime, Utc};
use domain::{
    envelope::{Actor, ActorKind},
    ids::{ApiKeyId, DinerId, RestaurantId, SessionId, TableId, TenantId},
    staff::Grants,
};
use std::{collections::BTreeMap, num::NonZeroU32, sync::Arc};
use uuid::Uuid;

/// The longest `sub` in bytes: receipts are kept under it.
pub const SUB_BYTES_MAX: usize = 64;

/// The holder of a token that was found true. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principal {
    /// Somebody who works there.
    Staff(Staff),
    /// A guest at a table.
    Guest(Guest),
    /// A machine with a key.
    Machine(Machine),
}

/// Somebody who works there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Staff {
    sub: Arc<str>,
    tenant: TenantId,
    everywhere: PermissionSet,
    /// In the order of the restaurants; most have one, and each socket holds this.
    grants: Arc<[(RestaurantId, PermissionSet)]>,
    marks: Marks,
}

/// A guest at a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guest {
    sub: Arc<str>,
    /// Who they are; also their `sub`.
    pub diner_id: DinerId,
    /// The tenant of the restaurant.
    pub tenant: TenantId,
    /// The restaurant.
    pub restaurant: RestaurantId,
    /// The table where they sit.
    pub table_id: TableId,
    /// The session that they belong to, and nothing else.
    pub session_id: SessionId,
    marks: Marks,
}

/// A machine, such as a till or a shop on the web: what staff may do in one restaurant, as far as its key
/// allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machine {
    sub: Arc<str>,
    /// Its key; also its `sub`.
    pub key_id: ApiKeyId,
    /// The tenant of the restaurant.
    pub tenant: TenantId,
    /// The only restaurant where it may do anything.
    pub restaurant: RestaurantId,
    /// Requests that it may send in a minute.
    pub per_minute: NonZeroU32,
    permissions: PermissionSet,
    marks: Marks,
}

/// What a token can be revoked by, and its times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Marks {
    /// Its `jti`.
    pub token: Uuid,
    /// The member that it is about; a `sub` that is no UUID is none.
    pub member: Option<Uuid>,
    /// The version of the member's rights that it was made from.
    pub pv: u64,
    /// The log-in that it comes from.
    pub device: Option<Uuid>,
    /// The table session that its holder sits at.
    pub session: Option<SessionId>,
    /// The guest that it is about.
    pub diner: Option<DinerId>,
    /// The key of a machine.
    pub api_key: Option<Uuid>,
    /// Made at.
    pub issued_at: DateTime<Utc>,
    /// Worthless after.
    pub expires_at: DateTime<Utc>,
}

impl Marks {
    /// Everything that a revocation can name to hit this token.
    pub fn keys(&self) -> impl Iterator<Item = Revoked> + use<> {
        let token = (!self.token.is_nil()).then_some(Revoked::Token(self.token));
        let keys = [
            token,
            self.member.map(Revoked::Member),
            self.device.map(Revoked::Device),
            self.session.map(Revoked::TableSession),
            self.diner.map(Revoked::Diner),
            self.api_key.map(Revoked::ApiKey),
        ];
        keys.into_iter().flatten()
    }
}

/// Claims that make no sense, however well they are signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the claims make no sense")]
pub struct SenselessClaims;

impl Principal {
    /// The `sub` of the token: idempotency keys belong to it.
    #[must_use]
    pub fn sub(&self) -> &str {
        match self {
            Self::Staff(staff) => &staff.sub,
            Self::Guest(guest) => &guest.sub,
            Self::Machine(machine) => &machine.sub,
        }
    }

    /// The tenant that the holder belongs to.
    #[must_use]
    pub fn tenant(&self) -> TenantId {
        match self {
            Self::Staff(staff) => staff.tenant,
            Self::Guest(guest) => guest.tenant,
            Self::Machine(machine) => machine.tenant,
        }
    }

    /// When the token ends.
    #[must_use]
    pub fn expires_at(&self) -> DateTime<Utc> {
        self.marks().expires_at
    }

    /// What the token can be revoked by.
    #[must_use]
    pub fn marks(&self) -> &Marks {
        match self {
            Self::Staff(staff) => &staff.marks,
            Self::Guest(guest) => &guest.marks,
            Self::Machine(machine) => &machine.marks,
        }
    }

    /// Whether the holder was granted this in this restaurant. A guest has no permissions: what they
    /// may do follows from their session.
    #[must_use]
    pub fn may(&self, restaurant: RestaurantId, permission: Permission) -> bool {
        match self {
            Self::Staff(staff) => staff.everywhere.has(permission) || staff.granted(restaurant).has(permission),
            Self::Guest(_) => false,
            Self::Machine(machine) => machine.granted(restaurant).has(permission),
        }
    }

    /// Whether the holder was granted this in every restaurant of the tenant; a machine never was.
    #[must_use]
    pub fn may_everywhere(&self, permission: Permission) -> bool {
        matches!(self, Self::Staff(staff) if staff.everywhere.has(permission))
    }

    /// All that the holder was granted; nothing for a guest.
    #[must_use]
    pub fn grants(&self) -> Grants {
        match self {
            Self::Staff(staff) => {
                Grants { everywhere: staff.everywhere, restaurants: staff.grants.iter().copied().collect() }
            }
            Self::Guest(_) => Grants::default(),
            Self::Machine(machine) => {
                let restaurants = BTreeMap::from([(machine.restaurant, machine.permissions)]);
                Grants { restaurants, ..Grants::default() }
            }
        }
    }

    /// Whether the holder may know that this restaurant exists: granted anything there, or a guest
    /// of it. Whether it belongs to their tenant is for the caller to look up.
    #[must_use]
    pub fn knows(&self, restaurant: RestaurantId) -> bool {
        match self {
            Self::Staff(staff) => !staff.everywhere.is_empty() || !staff.granted(restaurant).is_empty(),
            Self::Guest(guest) => guest.restaurant == restaurant,
            Self::Machine(machine) => !machine.granted(restaurant).is_empty(),
        }
    }

    /// The holder as events name them.
    #[must_use]
    pub fn actor(&self) -> Actor {
        let kind = match self {
            Self::Staff(_) => ActorKind::Staff,
            Self::Guest(_) => ActorKind::Guest,
            Self::Machine(_) => ActorKind::Machine,
        };
        Actor { kind, id: self.sub().to_owned() }
    }
}

impl Staff {
    fn granted(&self, restaurant: RestaurantId) -> PermissionSet {
        let at = self.grants.binary_search_by_key(&restaurant, |(at, _)| *at);
        at.map(|at| self.grants[at].1).unwrap_or_default()
    }
}

impl Machine {
    fn granted(&self, restaurant: RestaurantId) -> PermissionSet {
        if self.restaurant == restaurant { self.permissions } else { PermissionSet::EMPTY }
    }
}

impl TryFrom<Claims> for Principal {
    type Error = SenselessClaims;

    fn try_from(claims: Claims) -> Result<Self, SenselessClaims> {
        let sub_is_sound =
            (1..=SUB_BYTES_MAX).contains(&claims.sub.len()) && claims.sub.bytes().all(|byte| byte.is_ascii_graphic());
        let time = |seconds| DateTime::from_timestamp(seconds, 0).filter(|_| sub_is_sound).ok_or(SenselessClaims);
        let (issued_at, expires_at) = (time(claims.iat)?, time(claims.exp)?);
        let marks = Marks { token: claims.jti, issued_at, expires_at, ..Marks::default() };
        let (sub, tenant): (Arc<str>, _) = (Arc::from(claims.sub), claims.tenant_id);
        match claims.holder {
            Holder::Staff { grants, pv, device, .. } => {
                let marks = Marks { member: Uuid::try_parse(&sub).ok(), pv, device, ..marks };
                let everywhere = grants.get(EVERY_RESTAURANT).map(|names| known(names)).unwrap_or_default();
                let grants = grants.iter().filter_map(|(at, names)| Some((at.parse().ok()?, known(names))));
                let grants: BTreeMap<RestaurantId, PermissionSet> = grants.collect();
                Ok(Self::Staff(Staff { sub, tenant, everywhere, grants: grants.into_iter().collect(), marks }))
            }
            Holder::Guest { table_id, session_id } => {
                let &[restaurant] = claims.branch_ids.as_slice() else { return Err(SenselessClaims) };
                let diner_id = DinerId(canonical(&sub).ok_or(SenselessClaims)?);
                let marks = Marks { session: Some(session_id), diner: Some(diner_id), ..marks };
                Ok(Self::Guest(Guest { sub, diner_id, tenant, restaurant, table_id, session_id, marks }))
            }
            Holder::Machine { grants, per_minute } => {
                let &[restaurant] = claims.branch_ids.as_slice() else { return Err(SenselessClaims) };
                let key_id = ApiKeyId(canonical(&sub).ok_or(SenselessClaims)?);
                let marks = Marks { api_key: Some(key_id.0), ..marks };
                // Whatever else its grants name: a key counts in one restaurant.
                let permissions = grants.get(&restaurant.to_string()).map(|names| known(names)).unwrap_or_default();
                Ok(Self::Machine(Machine { sub, key_id, tenant, restaurant, per_minute, permissions, marks }))
            }
        }
    }
}

/// Permissions that this build does not know allow nothing.
fn known(names: &[String]) -> PermissionSet {
    names.iter().filter_map(|name| name.parse::<Permission>().ok()).collect()
}

/// One spelling per holder, or one of them would have several sets of idempotency keys.
fn canonical(sub: &str) -> Option<Uuid> {
    let id = Uuid::try_parse(sub).ok()?;
    (id.hyphenated().to_string() == sub).then_some(id)
}
