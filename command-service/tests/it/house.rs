//! The tenant of a world, with a role, a group, a member and a key; made of bare events.

use crate::support::World;
use domain::{
    event::Event,
    ids::{ApiKeyId, GroupId, MemberId, RoleId},
    staff::{ApiKeyIssued, MemberInvited, PermissionSet, RoleDefined, Sealed},
    stream::StreamId,
    tenants::{GroupCreated, SignedUp, TenantEvent},
};
use testkit::{Append, Place, submission};
use uuid::Uuid;

/// What stands in the tenant's feed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct House {
    pub(crate) role: RoleId,
    pub(crate) group: GroupId,
    pub(crate) member: MemberId,
    pub(crate) key: ApiKeyId,
}

impl House {
    pub(crate) async fn sign_up(world: &World) -> Self {
        let id = Uuid::now_v7;
        let house = Self { role: id().into(), group: id().into(), member: id().into(), key: id().into() };
        let stream = StreamId::from(world.tenant);
        let events = house.events(world).into_iter().map(|event| (stream, Event::Tenant(event))).collect();
        let mut command = submission(&Place::new(world.tenant), "sign-up", true, Box::new(Append(events)));
        command.feed = world.tenant.into();
        world.env.committers().submit(command).await.unwrap();
        house
    }

    fn events(&self, world: &World) -> Vec<TenantEvent> {
        let sealed = || Sealed::try_from("AQID".to_owned()).unwrap();
        let permissions = PermissionSet::EMPTY;
        vec![
            SignedUp { tenant_id: world.tenant, name: "Grupo".to_owned(), owner_id: Uuid::now_v7().into() }.into(),
            RoleDefined { role_id: self.role, name: "hand".to_owned(), template: None, permissions }.into(),
            GroupCreated { group_id: self.group, name: "Campus".to_owned() }.into(),
            MemberInvited { member_id: self.member, name: sealed(), email: sealed(), assignments: Vec::new() }.into(),
            ApiKeyIssued {
                key_id: self.key,
                name: "Till".to_owned(),
                restaurant_id: Uuid::now_v7().into(),
                permissions,
                per_minute: 1,
            }
            .into(),
        ]
    }
}
