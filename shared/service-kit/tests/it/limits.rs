//! Who is counted for what, and what they are told.

use axum::{
    Router,
    body::Body,
    extract::FromRef,
    response::Response,
    routing::{get, post},
};
use chrono::{Duration, Utc};
use domain::ids::{ApiKeyId, DinerId, RestaurantId, SessionId, TableId, TenantId};
use http::{Request, header};
use identity::{Claims, Permission, SigningKey, Verifier, claims::At};
use service_kit::{
    access::Authenticated,
    client::{ForwardedHeader, Proxies},
    http::{HttpConfig, app},
    limits::{Budget, Identify, Limits, Rates},
};
use std::{net::SocketAddr, num::NonZeroU32};
use tower::ServiceExt;
use uuid::Uuid;

const MENU: &str = "/v1/restaurants/{restaurant}/menu";
const ORDERS: &str = "/v1/restaurants/{restaurant}/orders";
const OURS: RestaurantId = RestaurantId(Uuid::from_u128(1));
const TENANT: TenantId = TenantId(Uuid::from_u128(4));
const DINING_ROOM: &str = "203.0.113.7";
const ELSEWHERE: &str = "198.51.100.2";

#[derive(Clone)]
struct State(Verifier);

impl FromRef<State> for Verifier {
    fn from_ref(state: &State) -> Self {
        state.0.clone()
    }
}

struct Service {
    key: SigningKey,
    router: Router,
}

/// A service with few of these budgets, and the others as they are.
fn service(few: &[(Budget, &str)]) -> Service {
    let rates = few.iter().fold(Rates::default(), |rates, (budget, rate)| rates.with(*budget, rate.parse().ok()));
    let key = SigningKey::generate().unwrap();
    let state = State(Verifier::from_jwks(&key.jwks_json()).unwrap());
    let routes = Router::new()
        .route(MENU, get(|_: Authenticated| async {}))
        .route(ORDERS, post(|_: Authenticated| async {}))
        .route("/v1/realtime", get(|| async {}))
        .route("/docs/", get(|| async {}))
        .route("/readyz", get(|| async {}))
        .route("/v1/new", get(|| async {}))
        .with_state(state.clone());
    let config = HttpConfig {
        proxies: Proxies::new(vec!["10.0.0.1".parse().unwrap()], ForwardedHeader::default()),
        limits: Some(Limits::new(rates)),
        identify: Some(Identify::by(state)),
        ..HttpConfig::default()
    };
    Service { key, router: app(routes, &config) }
}

/// Who asks, from where.
#[derive(Clone)]
struct Caller<'a> {
    token: &'a str,
    address: &'a str,
    forwarded: Option<&'a str>,
}

fn from<'a>(token: &'a str, address: &'a str) -> Caller<'a> {
    Caller { token, address, forwarded: None }
}

impl Service {
    fn guest(&self, number: u128) -> String {
        self.guest_until(number, Duration::hours(1))
    }

    fn guest_until(&self, number: u128, life: Duration) -> String {
        let seat = (TableId(Uuid::nil()), SessionId(Uuid::nil()));
        let claims = Claims::guest(DinerId(Uuid::from_u128(number)), TENANT, OURS, seat, Utc::now(), life);
        self.key.sign(&claims).unwrap()
    }

    fn staff(&self, name: &str) -> String {
        let grants: [(At, &[Permission]); 1] = [(At::Everywhere, &[Permission::OrderRead])];
        self.key.sign(&Claims::staff(name, TENANT, &[], &grants, Utc::now(), Duration::minutes(15))).unwrap()
    }

    fn till(&self, number: u128, per_minute: u32) -> String {
        let (key, place) = (ApiKeyId(Uuid::from_u128(number)), (OURS, [Permission::OrderPlace].into_iter().collect()));
        let per_minute = NonZeroU32::new(per_minute).unwrap();
        self.key.sign(&Claims::machine(key, TENANT, place, per_minute, Utc::now(), Duration::minutes(15))).unwrap()
    }

    async fn send(&self, method: &str, path: &str, caller: Caller<'_>) -> Response {
        let path = path.replace("{restaurant}", &OURS.to_string());
        let mut request = Request::builder().method(method).uri(path);
        if !caller.token.is_empty() {
            request = request.header(header::AUTHORIZATION, format!("Bearer {}", caller.token));
        }
        if let Some(forwarded) = caller.forwarded {
            request = request.header("x-forwarded-for", forwarded);
        }
        let peer = SocketAddr::new(caller.address.parse().unwrap(), 4711);
        let request = request.extension(peer).body(Body::empty()).unwrap();
        self.router.clone().oneshot(request).await.unwrap()
    }

    async fn get(&self, path: &str, caller: Caller<'_>) -> u16 {
        self.send("GET", path, caller).await.status().as_u16()
    }

    /// The answers to so many questions.
    async fn statuses(&self, path: &str, caller: Caller<'_>, times: usize) -> Vec<u16> {
        let mut all = Vec::new();
        for _ in 0..times {
            all.push(self.get(path, caller.clone()).await);
        }
        all
    }
}

#[tokio::test]
async fn one_guest_cannot_starve_another_at_the_same_address() {
    let service = service(&[(Budget::GuestRead, "3+1/h")]);
    let (greedy, other) = (service.guest(1), service.guest(2));
    assert_eq!(service.statuses(MENU, from(&greedy, DINING_ROOM), 5).await, [200, 200, 200, 429, 429]);
    assert_eq!(service.get(MENU, from(&greedy, ELSEWHERE)).await, 429, "another address is no other guest");
    assert_eq!(service.get(MENU, from(&service.guest_until(1, Duration::hours(2)), DINING_ROOM)).await, 429);
    assert_eq!(service.get(MENU, from(&other, DINING_ROOM)).await, 200);
}

#[tokio::test]
async fn reads_and_commands_are_counted_apart() {
    let service = service(&[(Budget::GuestRead, "1+1/h"), (Budget::GuestCommand, "1+1/h")]);
    let guest = service.guest(1);
    assert_eq!(service.statuses(MENU, from(&guest, DINING_ROOM), 2).await, [200, 429]);
    assert_eq!(service.send("POST", ORDERS, from(&guest, DINING_ROOM)).await.status(), 200);
    assert_eq!(service.send("POST", ORDERS, from(&guest, DINING_ROOM)).await.status(), 429);
}

#[tokio::test]
async fn each_key_of_a_machine_is_counted_by_its_own_rate_on_all_routes_together() {
    let service = service(&[]);
    let (slow, fast) = (service.till(1, 2), service.till(2, 60_000));
    let first = service.send("GET", MENU, from(&slow, DINING_ROOM)).await;
    assert_eq!(first.headers()["ratelimit-policy"], r#""machine";q=2;w=60"#);
    assert_eq!(first.headers()["ratelimit"], r#""machine";r=1;t=30"#);
    assert_eq!(service.send("POST", ORDERS, from(&slow, DINING_ROOM)).await.status(), 200);
    let refused = service.send("GET", MENU, from(&slow, ELSEWHERE)).await;
    assert_eq!(
        (refused.status().as_u16(), &refused.headers()["ratelimit-policy"]),
        (429, &first.headers()["ratelimit-policy"])
    );
    assert_eq!(
        service.statuses(MENU, from(&service.till(1, 2), DINING_ROOM), 1).await,
        [429],
        "a new token of the key"
    );
    let other = service.send("GET", MENU, from(&fast, DINING_ROOM)).await;
    assert_eq!(
        (other.status().as_u16(), &other.headers()["ratelimit-policy"]),
        (200, &r#""machine";q=1000;w=1"#.parse().unwrap())
    );
}

#[tokio::test]
async fn an_installation_gives_no_machine_more_than_its_own_limit() {
    let few = service(&[(Budget::Machine, "1+1/h")]);
    assert_eq!(few.statuses(MENU, from(&few.till(1, 600), DINING_ROOM), 2).await, [200, 429]);
    let off = service(&[(Budget::Machine, "off")]);
    assert_eq!(off.statuses(MENU, from(&off.till(1, 1), DINING_ROOM), 3).await, [200, 200, 200]);
}

#[tokio::test]
async fn answers_tell_what_is_left_and_refusals_when_to_come_back() {
    let service = service(&[(Budget::GuestRead, "2+2/min")]);
    let guest = service.guest(1);
    let first = service.send("GET", MENU, from(&guest, DINING_ROOM)).await;
    assert_eq!(first.headers()["ratelimit-policy"], r#""guest-read";q=2;w=60"#);
    assert_eq!(first.headers()["ratelimit"], r#""guest-read";r=1;t=30"#);
    service.get(MENU, from(&guest, DINING_ROOM)).await;
    let refused = service.send("GET", MENU, from(&guest, DINING_ROOM)).await;
    assert_eq!(
        (refused.status().as_u16(), &refused.headers()["ratelimit-policy"]),
        (429, &first.headers()["ratelimit-policy"])
    );
    let wait = refused.headers()["retry-after"].to_str().unwrap().to_owned();
    assert_eq!(refused.headers()["ratelimit"], format!(r#""guest-read";r=0;t={wait}"#).as_str());
    assert!((1..=30).contains(&wait.parse::<u32>().unwrap()), "{wait}");
    let body = axum::body::to_bytes(refused.into_body(), usize::MAX).await.unwrap();
    let problem: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!((&problem["code"], &problem["violated-policies"][0]), (&"rate-limited".into(), &"guest-read".into()));
}

#[tokio::test]
async fn who_has_no_true_token_is_counted_by_address_and_disturbs_nobody_who_has_one() {
    let service = service(&[(Budget::AddressUnknown, "4+1/h")]);
    let nobody = from("", DINING_ROOM);
    assert_eq!(service.statuses(MENU, nobody.clone(), 2).await, [401, 401]);
    assert_eq!(service.statuses("/v1/restaurants/nowhere/at/all", nobody.clone(), 1).await, [404]);
    assert_eq!(service.statuses(MENU, from("forged", DINING_ROOM), 2).await, [401, 429]);
    assert_eq!(service.get("/nowhere", nobody.clone()).await, 429);
    assert_eq!(service.get("/v1/new", from(&service.staff("ana"), DINING_ROOM)).await, 429, "a route without a class");
    assert_eq!(service.get(MENU, from("", ELSEWHERE)).await, 401);
    assert_eq!(service.get(MENU, from(&service.guest(1), DINING_ROOM)).await, 200);
}

#[tokio::test]
async fn a_token_that_has_just_ended_is_no_attack() {
    let service = service(&[(Budget::AddressUnknown, "1+1/h"), (Budget::AddressOpen, "2+1/h")]);
    let ended = service.guest_until(1, Duration::minutes(-5));
    assert_eq!(service.statuses(MENU, from(&ended, DINING_ROOM), 3).await, [401, 401, 429]);
    assert_eq!(service.get("/docs/", from("", DINING_ROOM)).await, 429, "it counts as asking without a token");
    assert_eq!(service.get(MENU, from("", DINING_ROOM)).await, 401);
}

#[tokio::test]
async fn what_a_stranger_writes_into_a_header_is_not_their_address() {
    let service = service(&[(Budget::AddressUnknown, "2+1/h")]);
    let says = |forwarded| Caller { forwarded: Some(forwarded), ..from("", DINING_ROOM) };
    assert_eq!(service.get(MENU, says("1.1.1.1")).await, 401);
    assert_eq!(service.get(MENU, says("2.2.2.2")).await, 401);
    assert_eq!(service.get(MENU, says("3.3.3.3")).await, 429);
    // Behind the proxy that is trusted, its guests are told apart, and cannot lie to the left of it.
    let by_proxy = |forwarded| Caller { forwarded: Some(forwarded), ..from("", "10.0.0.1") };
    assert_eq!(service.get(MENU, by_proxy("1.1.1.1, 192.0.2.1")).await, 401);
    assert_eq!(service.get(MENU, by_proxy("2.2.2.2, 192.0.2.1")).await, 401);
    assert_eq!(service.get(MENU, by_proxy("3.3.3.3, 192.0.2.1")).await, 429);
    assert_eq!(service.get(MENU, by_proxy("192.0.2.2")).await, 401);
}

#[tokio::test]
async fn a_dining_room_shares_its_address_and_a_tenant_its_throughput() {
    let service = service(&[(Budget::AddressGuests, "2+1/h"), (Budget::Tenant, "4+1/h")]);
    let guests: Vec<String> = (1..=4).map(|number| service.guest(number)).collect();
    assert_eq!(service.get(MENU, from(&guests[0], DINING_ROOM)).await, 200);
    assert_eq!(service.get(MENU, from(&guests[1], DINING_ROOM)).await, 200);
    assert_eq!(service.get(MENU, from(&guests[2], DINING_ROOM)).await, 429);
    let staff = service.staff("ana");
    assert_eq!(service.statuses(MENU, from(&staff, DINING_ROOM), 3).await, [200, 200, 429], "the tenant's is used up");
    assert_eq!(service.get(MENU, from(&guests[3], ELSEWHERE)).await, 429);
}

#[tokio::test]
async fn sockets_are_counted_by_address_and_probes_never() {
    let service = service(&[(Budget::AddressSockets, "1+1/h"), (Budget::AddressUnknown, "1+1/h")]);
    assert_eq!(service.statuses("/v1/realtime", from("", DINING_ROOM), 2).await, [200, 429]);
    assert_eq!(service.statuses("/readyz", from("", DINING_ROOM), 50).await, [200; 50]);
}
