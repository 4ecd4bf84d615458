//! Who may do what: every route of the document against every kind of token.

use crate::{
    guests::Asked,
    house::House,
    support::{Place, World, id, item_body, restaurant_body, staff_claims},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{Duration, Utc};
use domain::ids::TenantId;
use identity::{Permission, SigningKey, claims::At};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use uuid::Uuid;

const TABLE: &str = include_str!("rights.txt");
/// What the rows of GETs begin with.
const GET: &str = "GET:";
const COLUMNS: [&str; 10] = [
    "no-token",
    "other-guest",
    "no-right",
    "elsewhere",
    "stranger",
    "expired",
    "forged",
    "alg-none",
    "guest",
    "allowed",
];

fn rows() -> Vec<(&'static str, Vec<u16>)> {
    let lines = TABLE.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty());
    lines
        .map(|line| {
            let mut cells = line.split_whitespace();
            (cells.next().unwrap(), cells.map(|cell| cell.parse().unwrap()).collect())
        })
        .collect()
}

#[test]
fn every_route_has_a_row_and_every_row_a_route() {
    let paths = command_service::openapi().paths.paths.into_iter();
    let routes: BTreeSet<String> = paths
        .flat_map(|(path, item)| {
            [item.post.map(|_| path.clone()), item.get.map(|_| format!("{GET}{path}"))].into_iter().flatten()
        })
        .collect();
    let table: BTreeSet<String> = rows().into_iter().map(|(route, _)| route.to_owned()).collect();
    assert_eq!(routes, table);
    assert!(rows().iter().all(|(_, cells)| cells.len() == COLUMNS.len()));
}

/// The ids that stand in the paths of the matrix.
struct Target {
    place: Place,
    house: House,
    order: Uuid,
    line: Uuid,
    /// The printed code of the second table.
    printed: String,
    /// Two who asked to join.
    asked: [Asked; 2],
}

impl Target {
    async fn new(world: &World) -> Self {
        let place = world.place().await;
        let lines = json!({"session_id": place.session, "lines": [{"item_id": place.burger, "quantity": 1}]});
        let order = world.done(&world.owner(), &place.at("/orders"), lines).await;
        let house = House::sign_up(world).await;
        let asked_at = world.printed(&place).await;
        let asked = [world.ask(&asked_at).await, world.ask(&asked_at).await];
        let printed = world.printed_on(&place, place.tables[1]).await;
        Self { order: id(&order["id"]), line: id(&order["lines"][0]["line_id"]), printed, asked, place, house }
    }

    fn path(&self, route: &str) -> String {
        let route = route.strip_prefix(GET).unwrap_or(route);
        let ids = [
            ("{diner}", self.asked_at(route).diner.to_string()),
            ("{code}", self.printed.clone()),
            ("{restaurant}", self.place.restaurant.to_string()),
            ("{item}", self.place.beer.to_string()),
            ("{table}", self.place.tables[1].to_string()),
            ("{session}", self.place.session.to_string()),
            ("{order}", self.order.to_string()),
            ("{line}", self.line.to_string()),
            ("{group}", self.house.group.to_string()),
            ("{role}", self.house.role.to_string()),
            ("{member}", self.house.member.to_string()),
            ("{key}", self.house.key.to_string()),
        ];
        ids.iter().fold(route.to_owned(), |path, (name, id)| path.replace(name, id))
    }

    /// Whose request a route is about: one is let in, the other is told no.
    fn asked_at(&self, route: &str) -> &Asked {
        &self.asked[usize::from(route.ends_with("decline"))]
    }

    fn body(&self, route: &str) -> Value {
        match route.rsplit_once("/v1/").unwrap().1 {
            "tenants" => json!({"name": "Casa Otra", "owner_name": "Eva", "owner_email": "eva@example.com"}),
            "restaurant-groups" => json!({"name": "Airport"}),
            "restaurant-groups/{group}/rename" => json!({"name": "Harbour"}),
            "restaurant-groups/{group}/restaurants" => json!({"restaurant_id": self.place.restaurant}),
            "roles" => json!({"name": "host", "permissions": []}),
            "roles/{role}/change" => json!({"name": "hosts", "permissions": []}),
            "staff" => json!({"name": "Leo", "email": "leo@example.com", "assignments": []}),
            "staff/{member}/roles" => json!({"assignments": []}),
            "api-keys" => json!({"name": "Till", "restaurant_id": self.place.restaurant, "permissions": []}),
            _ => self.body_in_the_restaurant(route),
        }
    }

    fn body_in_the_restaurant(&self, route: &str) -> Value {
        match route.rsplit_once('/').unwrap().1 {
            "restaurants" => restaurant_body("Casa Nueva"),
            "items" => item_body("Soup", 600, "grill"),
            "orders" => self.place.order_body(),
            "reject" | "cancel" => json!({"reason": "other"}),
            _ => Value::Null,
        }
    }
}

/// The right that the document names for a route; none for what only guests do.
fn right(route: &str) -> Option<Permission> {
    let get = route.starts_with(GET);
    let item = command_service::openapi().paths.paths.remove(route.strip_prefix(GET).unwrap_or(route)).unwrap();
    let extensions = if get { item.get } else { item.post }.unwrap().extensions.unwrap();
    extensions.get("x-permission")?.as_str().unwrap().parse().ok()
}

fn token(world: &World, target: &Target, route: &str, column: &str) -> String {
    let here = At::Restaurant(target.place.restaurant);
    let needed = right(route);
    let others: Vec<_> = Permission::ALL.into_iter().filter(|permission| Some(*permission) != needed).collect();
    let all = |tenant, at, now| staff_claims(tenant, at, &Permission::ALL, now);
    match column {
        "other-guest" => world.guest(&target.place, Uuid::now_v7().into(), target.place.diner),
        "no-right" if needed.is_some_and(counts_everywhere_only) => world.staff(At::Everywhere, &others),
        "no-right" => world.staff(here, &others),
        "elsewhere" => world.sign(&all(world.tenant, At::Restaurant(Uuid::now_v7().into()), Utc::now())),
        "stranger" => world.sign(&all(TenantId(Uuid::now_v7()), At::Everywhere, Utc::now())),
        "expired" => world.sign(&all(world.tenant, At::Everywhere, Utc::now() - Duration::minutes(16))),
        "forged" => forged(
            world,
            &SigningKey::generate().unwrap().sign(&all(world.tenant, At::Everywhere, Utc::now())).unwrap(),
            "EdDSA",
        ),
        "alg-none" => {
            let token = forged(world, &world.owner(), "none");
            token.rsplit_once('.').map(|(unsigned, _)| format!("{unsigned}.")).unwrap()
        }
        "guest" => world.diner(&target.place),
        "allowed" => match needed {
            None => world.guest(&target.place, target.place.session, Uuid::now_v7().into()),
            Some(permission) if counts_everywhere_only(permission) => world.staff(At::Everywhere, &[permission]),
            Some(permission) => world.staff(here, &[permission]),
        },
        _ => String::new(),
    }
}

/// Rights about what belongs to no single restaurant.
fn counts_everywhere_only(permission: Permission) -> bool {
    use Permission::{ApiKeyWrite, RestaurantCreate, RoleWrite, StaffWrite, TenantWrite};
    matches!(permission, RestaurantCreate | TenantWrite | StaffWrite | RoleWrite | ApiKeyWrite)
}

/// A token under our key's name, with this algorithm in its header.
fn forged(world: &World, token: &str, alg: &str) -> String {
    let header = json!({"alg": alg, "typ": "JWT", "kid": world.key.kid()}).to_string();
    let (_, rest) = token.split_once('.').unwrap();
    format!("{}.{rest}", URL_SAFE_NO_PAD.encode(header))
}

#[tokio::test]
async fn everybody_may_what_the_table_says() {
    let world = World::start().await;
    let target = Target::new(&world).await;
    for (route, cells) in rows() {
        for (column, expected) in COLUMNS.into_iter().zip(cells) {
            let before = world.positions(&target.place).await;
            let answer = ask(&world, &target, route, column).await;
            assert_eq!(answer.status, expected, "{column} at {route}: {answer}");
            let code = match (expected, column) {
                (401, "no-token") => "token-missing",
                (401, "expired") => "token-expired",
                (401, _) => "token-invalid",
                (403, _) => "permission-missing",
                (404, _) => "not-found",
                _ => continue,
            };
            assert_eq!(answer.code(), code, "{column} at {route}: {answer}");
            assert_eq!(world.positions(&target.place).await, before, "{column} at {route} did something");
        }
    }
}

async fn ask(world: &World, target: &Target, route: &str, column: &str) -> crate::support::Answer {
    let (path, key, body) = (target.path(route), Uuid::now_v7().to_string(), target.body(route));
    let token = token(world, target, route, column);
    if route.starts_with(GET) {
        return match column {
            "no-token" => world.get(&path, &[]).await,
            "allowed" if right(route).is_none() => {
                world.get(&path, &[("x-table-token", &target.asked_at(route).pass)]).await
            }
            _ => world.read(&token, &path).await,
        };
    }
    let headers: &[_] = if body.is_null() { &[] } else { &[("content-type", "application/json")] };
    let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
    let token = (!token.is_empty()).then_some(token.as_str());
    world.send(crate::support::Request { path: &path, token, key: Some(&key), headers, body }).await
}

#[tokio::test]
async fn a_guest_may_send_their_token_as_a_table_token() {
    let world = World::start().await;
    let place = world.place().await;
    let (path, guest, body) = (place.at("/orders"), world.diner(&place), place.order_body().to_string());
    let headers = [("content-type", "application/json"), ("x-table-token", guest.as_str())];
    let body = body.into_bytes();
    let answer =
        world.send(crate::support::Request { path: &path, token: None, key: Some("k"), headers: &headers, body }).await;
    assert_eq!(answer.status, 201, "{answer}");
}

#[tokio::test]
async fn only_guests_who_joined_order() {
    let world = World::start().await;
    let place = world.place().await;
    let late_comer = world.guest(&place, place.session, Uuid::now_v7().into());
    let answer = world.post(&late_comer, &place.at("/orders"), "k", place.order_body()).await;
    assert_eq!((answer.status, &*answer.code()), (409, "not-joined"));
}
