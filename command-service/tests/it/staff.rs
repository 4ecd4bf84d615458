//! From a sign-up to a member who is forgotten.

use crate::{
    house::House,
    support::{Answer, World, id, staff_claims},
};
use chrono::Utc;
use domain::{
    ids::TenantId,
    staff::{MemberState, Permission, Roster, templates},
    stream::{AggregateKind, State},
};
use identity::{Claims, claims::At};
use serde_json::{Value, json};
use uuid::Uuid;

/// What must stand nowhere as it was written.
const PERSONAL: [&str; 4] = ["Ximena Quiroga", "ximena.quiroga@example.com", "Yago Zubizarreta", "yago@example.org"];

fn sign_up_body() -> Value {
    json!({"name": "Grupo Quiroga", "owner_name": PERSONAL[0], "owner_email": PERSONAL[1]})
}

async fn sign_up(world: &World, key: &str, body: Value) -> Answer {
    world.send_without_token("/v1/tenants", key, body).await
}

/// A tenant that signed up, and a token of its owner.
async fn new_tenant(world: &World) -> (TenantId, String) {
    let answer = sign_up(world, &Uuid::now_v7().to_string(), sign_up_body()).await;
    assert_eq!(answer.status, 201, "{answer}");
    let tenant = TenantId(id(&answer.json()["id"]));
    let owner = templates::permissions_of("owner").unwrap();
    (tenant, world.sign(&staff_claims(tenant, At::Everywhere, owner, Utc::now())))
}

async fn roster(world: &World, tenant: TenantId) -> Roster {
    let mut state = State::absent(AggregateKind::Tenant);
    for event in world.events(tenant).await {
        state.apply(event.event().unwrap());
    }
    let State::Tenant(tenant) = state else { panic!("another aggregate") };
    tenant.roster().unwrap().clone()
}

fn role_id(roster: &Roster, name: &str) -> Uuid {
    roster.roles.iter().find(|(_, role)| role.name == name).map(|(id, _)| id.0).unwrap()
}

#[tokio::test]
async fn a_business_signs_up_invites_people_and_forgets_one() {
    let world = World::start().await;
    let (tenant, owner) = new_tenant(&world).await;
    let waiter = role_id(&roster(&world, tenant).await, "waiter");

    let body =
        json!({"name": PERSONAL[2], "email": PERSONAL[3], "assignments": [{"role_id": waiter, "at": "everywhere"}]});
    let invited = world.post(&owner, "/v1/staff", "invite", body.clone()).await;
    assert_eq!((invited.status, invited.header("location")), (201, Some("/v1/staff")), "{invited}");
    let member = id(&invited.json()["member_id"]);
    let repeated = world.post(&owner, "/v1/staff", "invite", body).await;
    assert!(repeated.is_replayed() && repeated.body == invited.body);

    let at = format!("/v1/staff/{member}");
    world.done(&owner, &format!("{at}/deactivate"), Value::Null).await;
    world.done(&owner, &format!("{at}/reactivate"), Value::Null).await;
    assert_eq!(keys_of_people(&world, tenant).await, 2);
    let forgotten = world.post(&owner, &format!("{at}/forget"), "forget", Value::Null).await;
    assert_eq!(forgotten.status, 200, "{forgotten}");
    assert_eq!(keys_of_people(&world, tenant).await, 1);
    assert_eq!(roster(&world, tenant).await.members[&member.into()].state, MemberState::Forgotten);
}

async fn keys_of_people(world: &World, tenant: TenantId) -> i64 {
    let admin = sqlx::MySqlPool::connect(&world.env.events_admin_url()).await.unwrap();
    let count = "SELECT COUNT(*) FROM personal_keys WHERE tenant_id = ?";
    sqlx::query_scalar(count).bind(tenant.0).fetch_one(&admin).await.unwrap()
}

fn invitation(email: &str) -> Value {
    json!({"name": "Yago", "email": email, "assignments": []})
}

#[tokio::test]
async fn an_address_is_that_of_one_member_until_they_are_forgotten() {
    let world = World::start().await;
    let (tenant, owner) = new_tenant(&world).await;
    let first = world.done(&owner, "/v1/staff", invitation(PERSONAL[3])).await;
    assert_eq!((&first["tenant_id"], &first["id"]), (&json!(tenant), &json!(tenant)));
    let at = format!("/v1/staff/{}", first["member_id"].as_str().unwrap());
    // In other letters it is the same address; and each answer says how they get in.
    for (before, state, way) in [("invitation", "invited", "/invitation"), ("deactivate", "deactivated", "/reactivate")]
    {
        world.done(&owner, &format!("{at}/{before}"), Value::Null).await;
        let again = world.post(&owner, "/v1/staff", before, invitation(&PERSONAL[3].to_uppercase())).await;
        assert_eq!((again.status, &*again.code()), (409, "address-taken"), "{again}");
        assert_eq!((&again.json()["member_id"], &again.json()["state"]), (&first["member_id"], &json!(state)));
        assert!(again.json()["detail"].as_str().unwrap().contains(&format!("{at}{way}")), "{again}");
    }
    let owners = world.post(&owner, "/v1/staff", "owner's", invitation(PERSONAL[1])).await;
    assert_eq!(owners.code(), "address-taken", "{owners}");
    // Another tenant knows nothing of it.
    let (_, stranger) = new_tenant(&world).await;
    world.done(&stranger, "/v1/staff", invitation(PERSONAL[3])).await;

    world.done(&owner, &format!("{at}/forget"), Value::Null).await;
    let anew = world.done(&owner, "/v1/staff", invitation(PERSONAL[3])).await;
    assert_ne!(anew["member_id"], first["member_id"]);
    // What stands beside the events is what they say.
    let report = event_store::verify::verify_feed(&world.reader, tenant.into()).await.unwrap();
    assert_eq!(report.findings, []);
}

#[tokio::test]
async fn of_two_who_invite_the_same_address_at_once_one_does() {
    let world = World::start().await;
    let (tenant, owner) = new_tenant(&world).await;
    let other = world.another_process().await;
    for round in 0..5 {
        let email = format!("guest{round}@example.com");
        let keys: Vec<_> = (0..4).map(|n| format!("{round}-{n}")).collect();
        let invite = |world, key| World::post(world, &owner, "/v1/staff", key, invitation(&email));
        let (a, b, c, d) = tokio::join!(
            invite(&world, &keys[0]),
            invite(&other, &keys[1]),
            invite(&world, &keys[2]),
            invite(&other, &keys[3])
        );
        let mut told: Vec<_> = [a, b, c, d].iter().map(|answer| answer.status).collect();
        told.sort_unstable();
        assert_eq!(told, [201, 409, 409, 409], "round {round}");
    }
    assert_eq!(roster(&world, tenant).await.members.len(), 1 + 5);
}

#[tokio::test]
async fn an_invitation_is_sent_again_to_who_did_not_accept_it_and_not_without_end() {
    let world = World::start().await;
    let (tenant, owner) = new_tenant(&world).await;
    let member = world.done(&owner, "/v1/staff", invitation(PERSONAL[3])).await["member_id"].clone();
    let path = format!("/v1/staff/{}/invitation", member.as_str().unwrap());
    for _ in 1..domain::limits::INVITATIONS_MAX {
        world.done(&owner, &path, Value::Null).await;
    }
    let spent = world.post(&owner, &path, "one-more", Value::Null).await;
    assert_eq!((spent.status, &*spent.code(), &spent.json()["max"]), (409, "invitations-spent", &json!(10)), "{spent}");
    let events = world.events(tenant).await;
    let renewed = events.iter().filter(|event| event.event_type == "member.invitation-renewed");
    assert_eq!(renewed.count(), 9);
    world.done(&owner, &path.replace("invitation", "deactivate"), Value::Null).await;
    assert_eq!(world.post(&owner, &path, "k", Value::Null).await.code(), "member-state");
}

#[tokio::test]
async fn nothing_personal_is_stored_as_it_was_written() {
    let world = World::start().await;
    let (_, owner) = new_tenant(&world).await;
    let body = json!({"name": PERSONAL[2], "email": PERSONAL[3], "assignments": []});
    world.done(&owner, "/v1/staff", body).await;
    let schemas = [world.env.schemas.events.as_str(), &world.env.schemas.views];
    let found = testkit::scan::plaintext(&world.env.admin_url, &schemas, &PERSONAL).await;
    assert_eq!(found, Vec::<String>::new());
    // The scan does see what is there.
    assert!(!testkit::scan::plaintext(&world.env.admin_url, &schemas, &["Grupo Quiroga"]).await.is_empty());
}

#[tokio::test]
async fn two_who_choose_the_same_key_are_two_tenants_and_one_who_repeats_is_one() {
    let world = World::start().await;
    let first = sign_up(&world, "1", sign_up_body()).await;
    let again = sign_up(&world, "1", sign_up_body()).await;
    assert!(again.is_replayed() && again.body == first.body);
    let other = json!({"name": "Otra", "owner_name": "Eva", "owner_email": "eva@example.com"});
    let other = sign_up(&world, "1", other).await;
    assert_eq!(other.status, 201, "{other}");
    assert_ne!(other.json()["id"], first.json()["id"]);
    let changed = json!({"name": "Otro nombre", "owner_name": PERSONAL[0], "owner_email": PERSONAL[1]});
    assert_eq!(sign_up(&world, "1", changed).await.code(), "idempotency-key-reused");
}

#[tokio::test]
async fn nobody_gives_what_they_do_not_hold_and_may_try_again_with_the_same_key() {
    let world = World::start().await;
    let (tenant, owner) = new_tenant(&world).await;
    let manager = role_id(&roster(&world, tenant).await, "manager");
    let inviter = world.sign(&staff_claims(tenant, At::Everywhere, &[Permission::StaffWrite], Utc::now()));
    let body =
        json!({"name": "Eva", "email": "eva@example.com", "assignments": [{"role_id": manager, "at": "everywhere"}]});
    let refused = world.post(&inviter, "/v1/staff", "k", body.clone()).await;
    assert_eq!((refused.status, &*refused.code()), (403, "rights-exceeded"), "{refused}");
    // The owner, who has the same `sub` here, does it with that very key: a refusal of this kind is not kept.
    assert_eq!(world.post(&owner, "/v1/staff", "k", body).await.status, 201);
}

#[tokio::test]
async fn the_first_owner_cannot_be_lost() {
    let world = World::start().await;
    let (tenant, owner) = new_tenant(&world).await;
    let first = *roster(&world, tenant).await.members.keys().next().unwrap();
    for what in ["deactivate", "forget"] {
        let answer = world.post(&owner, &format!("/v1/staff/{first}/{what}"), what, Value::Null).await;
        assert_eq!((answer.status, &*answer.code()), (409, "last-owner"), "{answer}");
    }
    assert_eq!(keys_of_people(&world, tenant).await, 1);
}

#[tokio::test]
async fn the_secret_of_a_key_is_told_to_who_asked_for_it_and_stored_nowhere() {
    let world = World::start().await;
    let house = House::sign_up(&world).await;
    let place = world.place().await;
    let body = json!({"name": "Till", "restaurant_id": place.restaurant, "permissions": ["order:read"]});
    let issued = world.post(&world.owner(), "/v1/api-keys", "k", body.clone()).await;
    assert_eq!(issued.status, 201, "{issued}");
    let secret = issued.json()["secret"].as_str().unwrap().to_owned();
    assert!(secret.starts_with("aris_") && secret.len() > 90, "{secret}");
    assert_ne!(id(&issued.json()["key_id"]), house.key.0);
    let repeated = world.post(&world.owner(), "/v1/api-keys", "k", body).await;
    assert!(repeated.is_replayed() && repeated.json() == issued.json());
    let schemas = [world.env.schemas.events.as_str()];
    let tail = secret.rsplit('_').next().unwrap();
    assert_eq!(testkit::scan::plaintext(&world.env.admin_url, &schemas, &[tail]).await, Vec::<String>::new());
}

#[tokio::test]
async fn another_tenants_members_roles_groups_keys_and_restaurants_are_not_there() {
    let world = World::start().await;
    let house = House::sign_up(&world).await;
    let place = world.place().await;
    let (tenant, stranger) = new_tenant(&world).await;
    let before = world.positions(&place).await;
    let House { member, role, group, key } = house;
    let (empty, named) = (json!({"assignments": []}), json!({"name": "Mine", "permissions": []}));
    for (path, body) in [
        (format!("/v1/staff/{member}/roles"), empty),
        (format!("/v1/staff/{member}/deactivate"), Value::Null),
        (format!("/v1/staff/{member}/reactivate"), Value::Null),
        (format!("/v1/staff/{member}/forget"), Value::Null),
        (format!("/v1/roles/{role}/change"), named),
        (format!("/v1/roles/{role}/retire"), Value::Null),
        (format!("/v1/restaurant-groups/{group}/rename"), json!({"name": "Mine"})),
        (format!("/v1/api-keys/{key}/revoke"), Value::Null),
    ] {
        let answer = world.post(&stranger, &path, &path, body).await;
        assert_eq!((answer.status, &*answer.code()), (404, "not-found"), "{path}: {answer}");
    }
    let key = json!({"name": "Till", "restaurant_id": place.restaurant, "permissions": []});
    let waiter = role_id(&roster(&world, tenant).await, "waiter");
    let at = json!([{"role_id": waiter, "at": {"restaurant": place.restaurant}}]);
    let invite = json!({"name": "Eva", "email": "eva@example.com", "assignments": at});
    for (path, body) in [("/v1/api-keys", key), ("/v1/staff", invite)] {
        let answer = world.post(&stranger, path, path, body).await;
        assert_eq!((answer.status, &*answer.code()), (409, "unknown-restaurant"), "{path}: {answer}");
    }
    assert_eq!(world.positions(&place).await, before);
}

#[tokio::test]
async fn a_tenants_own_feed_is_no_restaurant() {
    let world = World::start().await;
    House::sign_up(&world).await;
    let path = format!("/v1/restaurants/{}/menu/items", world.tenant);
    let answer = world.post(&world.owner(), &path, "k", crate::support::item_body("Soup", 600, "grill")).await;
    assert_eq!(answer.status, 404, "{answer}");
}

/// The token was made when they had every right; by now they are a member who may do nothing.
#[tokio::test]
async fn a_token_allows_no_more_than_its_member_may_by_now() {
    let world = World::start().await;
    let house = House::sign_up(&world).await;
    let at = [(At::Everywhere, &Permission::ALL[..])];
    let claims =
        Claims::staff(house.member.to_string(), world.tenant, &[], &at, Utc::now(), chrono::Duration::minutes(15));
    let token = world.sign(&claims);
    let invite = json!({"name": "Eva", "email": "eva@example.com", "assignments": []});
    for (path, body) in [
        ("/v1/staff".to_owned(), invite),
        ("/v1/roles".to_owned(), json!({"name": "host", "permissions": []})),
        ("/v1/restaurant-groups".to_owned(), json!({"name": "Airport"})),
        (format!("/v1/api-keys/{}/revoke", house.key), Value::Null),
    ] {
        let answer = world.post(&token, &path, &path, body).await;
        assert_eq!((answer.status, &*answer.code()), (403, "rights-exceeded"), "{path}: {answer}");
    }
}
