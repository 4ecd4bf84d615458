//! Keys that were stored for a command that was then refused go; those that an event names stay.

use crate::support::{SOON, Setup};
use domain::{
    event::Event,
    ids::TenantId,
    staff::{ApiKeyIssued, MemberForgotten, MemberInvited, PermissionSet, Sealed},
    stream::StreamId,
    tenants::{SignedUp, TenantEvent},
};
use sqlx::Row;
use testkit::{Append, Place, submission, wait_for};
use uuid::Uuid;

/// A tenant with a member, one who was forgotten, and a key of a machine.
struct House {
    tenant: TenantId,
    member: Uuid,
    forgotten: Uuid,
    key: Uuid,
}

impl House {
    async fn new(setup: &Setup) -> Self {
        let tenant = TenantId(Uuid::now_v7());
        let house = Self { tenant, member: Uuid::now_v7(), forgotten: Uuid::now_v7(), key: Uuid::now_v7() };
        let sealed = || Sealed::try_from("AQID".to_owned()).unwrap();
        let invited = |id: Uuid| -> TenantEvent {
            MemberInvited { member_id: id.into(), name: sealed(), email: sealed(), assignments: vec![] }.into()
        };
        let (name, restaurant_id) = ("Casa".to_owned(), Uuid::now_v7().into());
        let permissions = PermissionSet::EMPTY;
        let issued =
            ApiKeyIssued { key_id: house.key.into(), name: name.clone(), restaurant_id, permissions, per_minute: 60 };
        let events = [
            SignedUp { tenant_id: tenant, name, owner_id: house.member.into() }.into(),
            invited(house.member),
            invited(house.forgotten),
            MemberForgotten { member_id: house.forgotten.into() }.into(),
            issued.into(),
        ];
        let stream = StreamId::from(tenant);
        let events = events.into_iter().map(|event| (stream, Event::Tenant(event))).collect();
        let mut command = submission(&Place::new(tenant), "sign-up", true, Box::new(Append(events)));
        command.feed = tenant.into();
        setup.committers.submit(command).await.unwrap();
        house
    }
}

async fn store(setup: &Setup, table: &str, (tenant, id): (TenantId, Uuid), hours: i64) {
    let columns = match table {
        "personal_keys" => "person_id, wrapped_key, created_at",
        _ => "key_id, secret_hash, last_used_at",
    };
    let insert = format!(
        "INSERT INTO {table} (tenant_id, asked_for_at, {columns}) \
         VALUES (?, UTC_TIMESTAMP(6) - INTERVAL ? HOUR, ?, REPEAT('x', 32), UTC_TIMESTAMP(6))"
    );
    sqlx::query(&insert).bind(tenant.0).bind(hours).bind(id).execute(&setup.events).await.unwrap();
}

/// Whether there is this key, and whether it is known to be named.
async fn standing(setup: &Setup, (table, id): (&str, Uuid)) -> Option<bool> {
    let column = if table == "personal_keys" { "person_id" } else { "key_id" };
    let select = format!("SELECT is_kept FROM {table} WHERE {column} = ?");
    let row = sqlx::query(&select).bind(id).fetch_optional(&setup.events).await.unwrap()?;
    Some(row.get("is_kept"))
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_no_event_names_go_after_two_days_and_all_others_stay() {
    let setup = Setup::start().await;
    let house = House::new(&setup).await;
    // Of a tenant that was never signed up, too.
    let nobody = TenantId(Uuid::now_v7());
    let (refused, young, unknown, refused_key) = (Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7());
    let people = [
        ((house.tenant, house.member), 100),
        ((house.tenant, house.forgotten), 100),
        ((house.tenant, refused), 49),
        ((house.tenant, young), 47),
        ((nobody, unknown), 100),
    ];
    for (key, hours) in people {
        store(&setup, "personal_keys", key, hours).await;
    }
    store(&setup, "api_keys", (house.tenant, house.key), 100).await;
    store(&setup, "api_keys", (house.tenant, refused_key), 100).await;

    let service = setup.service("a").await;
    let ends = [
        (("personal_keys", house.member), Some(true)),
        (("personal_keys", house.forgotten), None),
        (("personal_keys", refused), None),
        (("personal_keys", young), Some(false)),
        (("personal_keys", unknown), None),
        (("api_keys", house.key), Some(true)),
        (("api_keys", refused_key), None),
    ];
    for (key, end) in ends {
        wait_for(&format!("{key:?} ends as {end:?}"), SOON, async || match standing(&setup, key).await {
            seen if seen == end => Ok(()),
            seen => Err(format!("{seen:?}")),
        })
        .await;
    }
    service.stop().await;
}
