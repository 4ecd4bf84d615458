//! What is written down of a request, and what is not.

use axum::{
    Router,
    body::Body,
    extract::FromRef,
    routing::{get, post},
};
use chrono::{Duration, Utc};
use domain::ids::{DinerId, RestaurantId, SessionId, TableId, TenantId};
use http::{Request, header};
use identity::{
    Claims, Permission, SigningKey, Verifier,
    claims::At,
    revocation::{Entry, Revoked},
};
use service_kit::{
    access::{Allowed, AllowedEverywhere, Restaurants, rights},
    audit::{Action, Attempt, Taken, Trail, Who},
    http::{HttpConfig, app},
    limits::{Budget, Identify, Limits, Rates},
    problem::{Code, Problem},
};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use tower::ServiceExt;
use uuid::Uuid;

const OURS: RestaurantId = RestaurantId(Uuid::from_u128(1));
const THEIRS: RestaurantId = RestaurantId(Uuid::from_u128(2));
const TENANT: TenantId = TenantId(Uuid::from_u128(4));
const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 7));
const ORDER: &str = "/v1/restaurants/{restaurant}/orders/{order}";

#[derive(Clone)]
struct State(Verifier);

impl FromRef<State> for Verifier {
    fn from_ref(state: &State) -> Self {
        state.0.clone()
    }
}

impl Restaurants for State {
    async fn tenant_of(&self, restaurant: RestaurantId) -> Result<Option<TenantId>, Problem> {
        Ok(match restaurant {
            OURS => Some(TENANT),
            THEIRS => Some(TenantId(Uuid::max())),
            _ => None,
        })
    }
}

struct Service {
    key: SigningKey,
    verifier: Verifier,
    router: Router,
    taken: Taken,
}

fn service() -> Service {
    let key = SigningKey::generate().unwrap();
    let verifier = Verifier::from_jwks(&key.jwks_json()).unwrap();
    let state = State(verifier.clone());
    let routes = Router::new()
        .route(ORDER, get(|_: Allowed<rights::MenuWrite>| async {}))
        .route(
            "/v1/restaurants/{restaurant}/fail",
            get(|_: Allowed<rights::MenuWrite>| async { Problem::new(Code::ItemNameTaken) })
                .post(|_: Allowed<rights::MenuWrite>| async { Problem::new(Code::ItemNameTaken) }),
        )
        .route("/v1/staff", get(|_: AllowedEverywhere<rights::StaffRead>| async {}))
        .route(
            "/v1/auth/login",
            post(async |attempt: Attempt| {
                attempt.is_by_other(Who::without_token("account", "0417".to_owned(), None));
                attempt.keep();
            }),
        )
        .route("/v1/links", post(|| async { Problem::new(Code::LinkWorthless) }))
        .route("/readyz", get(|| async { Problem::new(Code::TokenMissing) }))
        .with_state(state.clone());
    let (trail, taken) = Trail::new();
    let rates = Rates::default().with(Budget::StaffRead, "6+1/h".parse().ok());
    let config = HttpConfig {
        limits: Some(Limits::new(rates)),
        identify: Some(Identify::by(state)),
        trail,
        ..HttpConfig::default()
    };
    Service { key, verifier, router: app(routes, &config), taken }
}

fn order(restaurant: RestaurantId) -> String {
    ORDER.replace("{restaurant}", &restaurant.to_string()).replace("{order}", &Uuid::from_u128(9).to_string())
}

impl Service {
    fn staff(&self, at: At, permissions: &[Permission], life: Duration) -> String {
        let made = Utc::now() - Duration::hours(2);
        let mut claims = Claims::staff("ana", TENANT, &[], &[(at, permissions)], made, Duration::hours(2) + life);
        claims.jti = Uuid::from_u128(77);
        self.key.sign(&claims).unwrap()
    }

    fn cook(&self) -> String {
        self.staff(At::Restaurant(OURS), &[Permission::MenuWrite], Duration::hours(1))
    }

    async fn send(&self, method: &str, path: &str, token: &str) -> u16 {
        let mut request = Request::builder().method(method).uri(path).extension(SocketAddr::new(ADDRESS, 4711));
        if !token.is_empty() {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        self.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap().status().as_u16()
    }

    /// What was written down since the last time.
    fn told(&mut self) -> Vec<Action> {
        std::iter::from_fn(|| self.taken.actions.try_recv().ok()).collect()
    }

    /// The one thing that was.
    fn told_one(&mut self) -> Action {
        let told = self.told();
        assert_eq!(told.len(), 1, "{told:?}");
        told.into_iter().next().unwrap()
    }
}

#[tokio::test]
async fn what_succeeds_and_what_is_only_not_there_leaves_nothing() {
    let mut service = service();
    let cook = service.cook();
    assert_eq!(service.send("GET", &order(OURS), &cook).await, 200);
    let everywhere = service.staff(At::Everywhere, &[Permission::MenuWrite], Duration::hours(1));
    assert_eq!(service.send("GET", &order(RestaurantId(Uuid::from_u128(3))), &everywhere).await, 404);
    assert_eq!(service.send("GET", "/v1/nothing", "").await, 404);
    // A read that fails is nobody's doing; a probe is nobody's either.
    let fail = format!("/v1/restaurants/{OURS}/fail");
    assert_eq!(service.send("GET", &fail, &cook).await, 409);
    assert_eq!(service.send("GET", "/readyz", "").await, 401);
    assert_eq!(service.told(), []);
}

#[tokio::test]
async fn who_has_no_right_is_named_with_what_they_came_with_and_what_it_needed() {
    let mut service = service();
    let waiter = service.staff(At::Restaurant(OURS), &[Permission::LineServe], Duration::hours(1));
    assert_eq!(service.send("GET", &order(OURS), &waiter).await, 403);
    let told = service.told_one();
    assert_eq!((told.who.tenant, told.who.kind.as_str(), told.who.id.as_str()), (Some(TENANT), "staff", "ana"));
    assert_eq!(told.who.via, format!("token:{}", Uuid::from_u128(77)));
    assert_eq!((told.restaurant, told.permission), (Some(OURS), Some(Permission::MenuWrite)));
    assert_eq!(
        (told.action.as_str(), told.subject),
        (format!("GET {ORDER}").as_str(), format!("order:{}", Uuid::from_u128(9)))
    );
    assert_eq!((told.status, told.code.as_str(), told.is_denied), (403, "permission-missing", true));
    assert_eq!(told.remote, Some(ADDRESS));
    assert!(!told.correlation_id.is_empty());
    assert_eq!(service.send("GET", "/v1/staff", &waiter).await, 403);
    assert_eq!(service.told_one().permission, Some(Permission::StaffRead));
}

#[tokio::test]
async fn a_restaurant_of_others_is_asked_for_and_never_told_as_ones_own() {
    let mut service = service();
    let everywhere = service.staff(At::Everywhere, &[Permission::MenuWrite], Duration::hours(1));
    for (token, restaurant) in [(&everywhere, THEIRS), (&service.cook(), THEIRS)] {
        assert_eq!(service.send("GET", &order(restaurant), token).await, 404);
        let told = service.told_one();
        assert_eq!((told.who.tenant, told.restaurant, told.is_denied), (Some(TENANT), None, true));
        assert_eq!(told.subject, format!("order:{} restaurant:{restaurant}", Uuid::from_u128(9)));
    }
}

#[tokio::test]
async fn a_token_that_was_true_once_is_recognised_and_a_forged_one_is_nobodys() {
    let mut service = service();
    let old = service.staff(At::Everywhere, &Permission::ALL, -Duration::hours(1));
    assert_eq!(service.send("GET", "/v1/staff", &old).await, 401);
    let told = service.told_one();
    assert_eq!((told.code.as_str(), told.who.id.as_str(), told.who.tenant), ("token-expired", "ana", Some(TENANT)));

    let revoked = service.cook();
    let entry = Entry::until(Utc::now() + Duration::hours(1));
    service.verifier.revocations().learn(Revoked::Token(Uuid::from_u128(77)), entry);
    assert_eq!(service.send("GET", &order(OURS), &revoked).await, 401);
    let told = service.told_one();
    assert_eq!((told.code.as_str(), told.who.id.as_str(), told.restaurant), ("token-revoked", "ana", None));

    let forged = SigningKey::generate().unwrap();
    let seat = (TableId(Uuid::nil()), SessionId(Uuid::nil()));
    let claims = Claims::guest(DinerId(Uuid::nil()), TENANT, OURS, seat, Utc::now(), Duration::hours(1));
    for (token, code) in [(forged.sign(&claims).unwrap(), "token-invalid"), (String::new(), "token-missing")] {
        assert_eq!(service.send("GET", &order(OURS), &token).await, 401);
        let told = service.told_one();
        assert_eq!((told.code.as_str(), &told.who, told.remote), (code, &Who::unknown(), Some(ADDRESS)));
        assert_eq!((told.restaurant, told.is_denied), (None, true));
    }
}

#[tokio::test]
async fn who_asks_too_often_is_named() {
    let mut service = service();
    let cook = service.cook();
    for _ in 0..6 {
        assert_eq!(service.send("GET", &order(OURS), &cook).await, 200);
    }
    assert_eq!(service.send("GET", &order(OURS), &cook).await, 429);
    let told = service.told_one();
    assert_eq!((told.code.as_str(), told.who.id.as_str(), told.is_denied), ("rate-limited", "ana", true));
}

#[tokio::test]
async fn a_command_that_fails_is_written_down_and_what_a_handler_keeps_and_a_secret_that_is_worthless() {
    let mut service = service();
    assert_eq!(service.send("POST", &format!("/v1/restaurants/{OURS}/fail"), &service.cook()).await, 409);
    let told = service.told_one();
    assert_eq!(
        (told.code.as_str(), told.is_denied, told.permission),
        ("item-name-taken", false, Some(Permission::MenuWrite))
    );
    assert_eq!(service.send("POST", "/v1/auth/login", "").await, 200);
    let told = service.told_one();
    assert_eq!((told.status, told.code.as_str(), told.who.kind.as_str(), told.who.tenant), (200, "", "account", None));
    assert_eq!(service.send("POST", "/v1/links", "").await, 410);
    assert!(service.told_one().is_denied);
}
