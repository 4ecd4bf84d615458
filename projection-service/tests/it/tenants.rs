//! Lists of a tenant: its restaurants, groups, staff, roles and keys, and nothing of another's.

use crate::support::{Running, Setup};
use axum::{body::Body, http::Request};
use chrono::{DateTime, Utc};
use domain::{
    event::Event,
    ids::{ApiKeyId, RestaurantId, TenantId},
    staff::{ApiKeyIssued, MemberInvited, PermissionSet, RoleDefined, Sealed},
    stream::StreamId,
    tenants::{GroupCreated, SignedUp, TenantEvent},
};
use identity::{Claims, Permission, claims::At};
use serde_json::{Value, json};
use std::{collections::BTreeSet, num::NonZeroU32};
use testkit::{Append, Place, submission};
use tower::ServiceExt;
use uuid::Uuid;

/// Things of each kind that a tenant has here.
const EACH: usize = 3;

/// Each list, and which member holds the id of a row.
const LISTS: [(&str, &str); 5] = [
    ("/v1/restaurants", "id"),
    ("/v1/restaurant-groups", "group_id"),
    ("/v1/staff", "member_id"),
    ("/v1/roles", "role_id"),
    ("/v1/api-keys", "key_id"),
];

/// A tenant with [`EACH`] restaurants, groups, members, roles and keys.
struct House {
    tenant: TenantId,
    name: &'static str,
    restaurants: Vec<RestaurantId>,
    keys: Vec<ApiKeyId>,
}

impl House {
    async fn new(setup: &Setup, name: &'static str) -> Self {
        let tenant = TenantId(Uuid::now_v7());
        let mut house = Self { tenant, name, restaurants: Vec::new(), keys: Vec::new() };
        for _ in 0..EACH {
            house.restaurants.push(Place::create_for(tenant, &setup.committers).await.restaurant);
            house.keys.push(ApiKeyId(Uuid::now_v7()));
        }
        let stream = StreamId::from(tenant);
        let events = house.events().into_iter().map(|event| (stream, Event::Tenant(event))).collect();
        let mut command = submission(&Place::new(tenant), "sign-up", true, Box::new(Append(events)));
        command.feed = tenant.into();
        setup.committers.submit(command).await.unwrap();
        house
    }

    fn events(&self) -> Vec<TenantEvent> {
        let (id, sealed) = (Uuid::now_v7, || Sealed::try_from("AQID".to_owned()).unwrap());
        let (name, permissions) = (self.name.to_owned(), PermissionSet::EMPTY);
        let mut events: Vec<TenantEvent> =
            vec![SignedUp { tenant_id: self.tenant, name, owner_id: id().into() }.into()];
        for (n, key_id) in self.keys.iter().enumerate() {
            let (name, restaurant_id) = (format!("{} {n}", self.name), self.restaurants[n]);
            let invited =
                MemberInvited { member_id: id().into(), name: sealed(), email: sealed(), assignments: vec![] };
            let issued =
                ApiKeyIssued { key_id: *key_id, name: name.clone(), restaurant_id, permissions, per_minute: 60 };
            events.extend([
                GroupCreated { group_id: id().into(), name: name.clone() }.into(),
                invited.into(),
                RoleDefined { role_id: id().into(), name, template: None, permissions }.into(),
                issued.into(),
            ]);
        }
        events
    }

    /// Somebody with this at this place of the tenant.
    fn staff(&self, setup: &Setup, at: At, permissions: &[Permission]) -> String {
        let grants = [(at, permissions)];
        setup.sign(&Claims::staff("ana", self.tenant, &[], &grants, Utc::now(), chrono::Duration::hours(1)))
    }

    fn owner(&self, setup: &Setup) -> String {
        self.staff(setup, At::Everywhere, &Permission::ALL)
    }

    fn machine(&self, setup: &Setup, restaurant: RestaurantId) -> String {
        let place = (restaurant, Permission::ALL.into_iter().collect());
        let (key, lifetime) = (self.keys[0], chrono::Duration::minutes(15));
        setup.sign(&Claims::machine(key, self.tenant, place, NonZeroU32::MIN, Utc::now(), lifetime))
    }

    /// The table says that this key of this tenant was used then.
    async fn used(setup: &Setup, key: ApiKeyId, tenant: TenantId, at: DateTime<Utc>) {
        let insert = "INSERT INTO api_keys (key_id, tenant_id, secret_hash, last_used_at, last_used_from) \
                      VALUES (?, ?, ?, ?, '192.0.2.7')";
        let query = sqlx::query(insert).bind(key.0).bind(tenant.0).bind(&[0_u8; 32][..]).bind(at);
        query.execute(&setup.events).await.unwrap();
    }
}

async fn ask(service: &Running, path: &str, token: &str) -> (u16, Value) {
    let request = Request::get(path).header("authorization", format!("Bearer {token}")).body(Body::empty()).unwrap();
    let answer = service.app().oneshot(request).await.unwrap();
    let status = answer.status().as_u16();
    let body = axum::body::to_bytes(answer.into_body(), 1024 * 1024).await.unwrap();
    (status, serde_json::from_slice(&body).unwrap())
}

/// The ids of a list, read page by page.
async fn ids(service: &Running, (path, id): (&str, &str), limit: usize, token: &str) -> Vec<Uuid> {
    let (mut found, mut after) = (Vec::new(), String::new());
    // Ends: each page begins behind the one before, and here are few.
    loop {
        let (status, page) = ask(service, &format!("{path}?limit={limit}{after}"), token).await;
        assert_eq!(status, 200, "{path}: {page}");
        let items = page["items"].as_array().unwrap();
        assert!(items.len() <= limit, "{page}");
        found.extend(items.iter().map(|item| item[id].as_str().unwrap().parse::<Uuid>().unwrap()));
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => return found,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_list_has_all_of_its_tenant_in_pages_and_nothing_of_another() {
    let setup = Setup::start().await;
    let service = setup.service("a").await;
    let (ours, theirs) = (House::new(&setup, "Ours").await, House::new(&setup, "Theirs").await);
    for list in LISTS {
        let mut seen = BTreeSet::new();
        for house in [&ours, &theirs] {
            let owner = house.owner(&setup);
            let whole = ids(&service, list, 100, &owner).await;
            assert_eq!(whole.len(), EACH, "{list:?}");
            assert!(whole.is_sorted(), "{list:?}: {whole:?}");
            for limit in [1, 2, EACH] {
                assert_eq!(ids(&service, list, limit, &owner).await, whole, "{list:?} by {limit}");
            }
            assert!(whole.into_iter().all(|id| seen.insert(id)), "{list:?}");
        }
    }
    let wanted: BTreeSet<Uuid> = ours.restaurants.iter().map(|id| id.0).collect();
    let listed = ids(&service, LISTS[0], 100, &ours.owner(&setup)).await;
    assert_eq!(listed.into_iter().collect::<BTreeSet<_>>(), wanted);
    for house in [&ours, &theirs] {
        let (status, tenant) = ask(&service, "/v1/tenant", &house.owner(&setup)).await;
        assert_eq!((status, &tenant["id"], &tenant["name"]), (200, &json!(house.tenant), &json!(house.name)));
    }
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_of_another_tenant_opens_nothing() {
    let setup = Setup::start().await;
    let service = setup.service("a").await;
    let (ours, theirs) = (House::new(&setup, "Ours").await, House::new(&setup, "Theirs").await);
    // Claims that name restaurants of another tenant, however they came to be.
    for at in [At::Restaurant(theirs.restaurants[0]), At::Restaurant(Uuid::now_v7().into())] {
        let token = ours.staff(&setup, at, &Permission::ALL);
        assert_eq!(ids(&service, LISTS[0], 100, &token).await, Vec::<Uuid>::new());
    }
    assert_eq!(ids(&service, LISTS[0], 100, &ours.machine(&setup, theirs.restaurants[0])).await, Vec::<Uuid>::new());
    // A page that begins at an id of theirs is a page of ours.
    let first = ids(&service, LISTS[4], 100, &theirs.owner(&setup)).await[0];
    let (status, page) = ask(&service, &format!("/v1/api-keys?after={first}"), &ours.owner(&setup)).await;
    let keys: Vec<&Value> = page["items"].as_array().unwrap().iter().map(|item| &item["key_id"]).collect();
    assert!(status == 200 && keys.iter().all(|key| ours.keys.iter().any(|own| json!(own) == **key)), "{page}");
    for (path, wanted) in [("?limit=0", "invalid-field"), ("?limit=101", "invalid-field"), ("?after=x", "bad-cursor")] {
        for (list, _) in LISTS {
            let (status, problem) = ask(&service, &format!("{list}{path}"), &ours.owner(&setup)).await;
            assert_eq!((status, &problem["code"]), (400, &json!(wanted)), "{list}{path}");
        }
    }
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_of_the_tenant_are_for_those_who_may_read_its_staff_everywhere() {
    let setup = Setup::start().await;
    let service = setup.service("a").await;
    let house = House::new(&setup, "Ours").await;
    let here = At::Restaurant(house.restaurants[0]);
    let reader = house.staff(&setup, At::Everywhere, &[Permission::StaffRead]);
    let others: Vec<Permission> = Permission::ALL.into_iter().filter(|it| *it != Permission::StaffRead).collect();
    let refused = [
        house.staff(&setup, At::Everywhere, &others),
        house.staff(&setup, here, &Permission::ALL),
        house.machine(&setup, house.restaurants[0]),
        guest(&setup, &house),
    ];
    for (list, _) in &LISTS[1..] {
        assert_eq!(ask(&service, list, &reader).await.0, 200, "{list}");
        for token in &refused {
            let (status, problem) = ask(&service, list, token).await;
            assert_eq!((status, &problem["code"]), (403, &json!("permission-missing")), "{list}");
        }
    }
    // Everybody finds the restaurants that they know, and no others.
    let one = vec![house.restaurants[0].0];
    for token in &refused[1..] {
        assert_eq!(ids(&service, LISTS[0], 1, token).await, one);
        assert_eq!(ask(&service, "/v1/tenant", token).await.0, 200);
    }
    service.stop().await;
}

fn guest(setup: &Setup, house: &House) -> String {
    let (diner, seat) = (Uuid::now_v7().into(), (Uuid::now_v7().into(), Uuid::now_v7().into()));
    let lifetime = chrono::Duration::minutes(15);
    setup.sign(&Claims::guest(diner, house.tenant, house.restaurants[0], seat, Utc::now(), lifetime))
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_listed_with_their_last_use_and_without_anything_that_opens() {
    let setup = Setup::start().await;
    let service = setup.service("a").await;
    let house = House::new(&setup, "Ours").await;
    let at = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
    House::used(&setup, house.keys[0], house.tenant, at).await;
    // A row of another tenant under an id of ours tells us nothing.
    House::used(&setup, house.keys[1], Uuid::now_v7().into(), at).await;
    let (_, list) = ask(&service, "/v1/api-keys", &house.owner(&setup)).await;
    let of = |key: ApiKeyId| list["items"].as_array().unwrap().iter().find(|it| it["key_id"] == json!(key)).unwrap();
    let used = of(house.keys[0]);
    assert_eq!(
        (&used["last_used_at"], &used["last_used_from"]),
        (&json!("2027-01-15T08:00:00.000000Z"), &json!("192.0.2.7"))
    );
    for never in &house.keys[1..] {
        let never = of(*never).as_object().unwrap();
        assert!(!never.contains_key("last_used_at") && !never.contains_key("last_used_from"), "{never:?}");
    }
    assert!(!list.to_string().contains("secret") && !list.to_string().contains("hash"), "{list}");
    service.stop().await;
}
