//! Who may call.

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::FromRef,
    routing::get,
};
use chrono::{Duration, Utc};
use domain::ids::{ApiKeyId, DinerId, RestaurantId, SessionId, TableId, TenantId};
use http::{Request, header};
use identity::{
    Claims, MachineKey, Permission, SigningKey, Verifier,
    claims::At,
    tables::{GuestPass, TableKey},
};
use service_kit::{
    access::{Access, Allowed, Authenticated, Restaurants, rights},
    http::{HttpConfig, app},
    problem::Problem,
};
use std::num::NonZeroU32;
use tower::ServiceExt;
use uuid::Uuid;

const OURS: RestaurantId = RestaurantId(Uuid::from_u128(1));
const THEIRS: RestaurantId = RestaurantId(Uuid::from_u128(2));
const NOWHERE: RestaurantId = RestaurantId(Uuid::from_u128(3));
const TENANT: TenantId = TenantId(Uuid::from_u128(4));

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
    router: Router,
}

fn service() -> Service {
    let key = SigningKey::generate().unwrap();
    let routes = Router::new()
        .route("/me", get(|Authenticated(who): Authenticated| async move { who.sub().to_owned() }))
        .route("/{restaurant}", get(|access: Access| async move { access.restaurant.to_string() }))
        .route("/{restaurant}/menu", get(|_: Allowed<rights::MenuWrite>| async {}))
        .with_state(State(Verifier::from_jwks(&key.jwks_json()).unwrap()));
    Service { key, router: app(routes, &HttpConfig::default()) }
}

impl Service {
    fn staff(&self, grants: &[(At, &[Permission])]) -> String {
        self.key.sign(&Claims::staff("ana", TENANT, &[], grants, Utc::now(), Duration::minutes(15))).unwrap()
    }

    fn machine(&self, restaurant: RestaurantId, permissions: &[Permission]) -> String {
        let (key, place) = (ApiKeyId(Uuid::nil()), (restaurant, permissions.iter().copied().collect()));
        let claims = Claims::machine(key, TENANT, place, NonZeroU32::MIN, Utc::now(), Duration::minutes(15));
        self.key.sign(&claims).unwrap()
    }

    fn guest(&self) -> String {
        let seat = (TableId(Uuid::nil()), SessionId(Uuid::nil()));
        let claims = Claims::guest(DinerId(Uuid::nil()), TENANT, OURS, seat, Utc::now(), Duration::hours(1));
        self.key.sign(&claims).unwrap()
    }

    async fn get(&self, path: &str, headers: &[(&str, &str)]) -> (u16, String) {
        let request = headers.iter().fold(Request::get(path), |request, (name, value)| request.header(*name, *value));
        let response = self.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let status = response.status().as_u16();
        let authenticate = response.headers().contains_key(header::WWW_AUTHENTICATE);
        assert_eq!(authenticate, status == 401);
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let problem: Option<serde_json::Value> = serde_json::from_slice(&body).ok();
        let code = problem.and_then(|problem| Some(problem.get("code")?.as_str()?.to_owned()));
        (status, code.unwrap_or_else(|| String::from_utf8(body.to_vec()).unwrap()))
    }

    /// What is special about this refusal, in words.
    async fn detail(&self, headers: &[(&str, &str)]) -> String {
        let request = headers.iter().fold(Request::get("/me"), |request, (name, value)| request.header(*name, *value));
        let response = self.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let problem: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(problem["code"], "token-invalid");
        problem["detail"].as_str().unwrap_or_default().to_owned()
    }

    async fn get_as(&self, token: &str, path: &str) -> (u16, String) {
        self.get(path, &[("authorization", &format!("Bearer {token}"))]).await
    }
}

fn is(status: u16, text: &str) -> (u16, String) {
    (status, text.to_owned())
}

#[tokio::test]
async fn a_token_stands_in_one_of_two_headers() {
    let service = service();
    let (staff, guest) = (service.staff(&[]), service.guest());
    let nobody = "00000000-0000-0000-0000-000000000000";
    assert_eq!(service.get("/me", &[]).await, is(401, "token-missing"));
    assert_eq!(service.get_as(&staff, "/me").await, is(200, "ana"));
    assert_eq!(service.get_as(&guest, "/me").await, is(200, nobody));
    assert_eq!(service.get("/me", &[("x-table-token", &guest)]).await, is(200, nobody));
    let machine = service.machine(OURS, &[Permission::OrderRead]);
    assert_eq!(service.get_as(&machine, "/me").await, is(200, nobody));
    for token in [&staff, &machine] {
        assert_eq!(service.get("/me", &[("x-table-token", token)]).await, is(401, "token-invalid"));
    }
    for (name, value) in [("authorization", staff.as_str()), ("authorization", "Basic YTpi"), ("x-table-token", "x")] {
        assert_eq!(service.get("/me", &[(name, value)]).await, is(401, "token-invalid"));
    }
    let twice = format!("Bearer {staff}");
    let twice = [("authorization", twice.as_str()), ("authorization", twice.as_str())];
    assert_eq!(service.get("/me", &twice).await, is(401, "token-invalid"));
}

#[tokio::test]
async fn who_sends_a_key_or_a_pass_in_a_tokens_place_is_told_where_a_token_is_got() {
    let service = service();
    let key = MachineKey::new(ApiKeyId(Uuid::nil()), &[7; 32]);
    let pass = GuestPass { restaurant: OURS, session: SessionId(Uuid::nil()), diner: DinerId(Uuid::nil()) };
    let pass = pass.to_text(&TableKey::new(&[7; 32]));
    for (name, value, way) in [
        ("authorization", format!("Bearer {}", key.expose()), "/v1/auth/key-token"),
        ("authorization", format!("Bearer {pass}"), "/v1/auth/guest-token"),
        ("x-table-token", pass.clone(), "/v1/auth/guest-token"),
    ] {
        let detail = service.detail(&[(name, &value)]).await;
        assert!(detail.contains(way) && !detail.contains(value.trim_start_matches("Bearer ")), "{detail}");
    }
    // What looks like neither is told nothing.
    for value in ["Bearer a.b.c".to_owned(), format!("Bearer {}", &key.expose()[..90]), "Bearer ".to_owned()] {
        assert!(!service.detail(&[("authorization", &value)]).await.contains("/v1/"), "{value}");
    }
}

#[tokio::test]
async fn unknown_foreign_and_not_granted_are_one_answer() {
    let service = service();
    let everywhere = service.staff(&[(At::Everywhere, &[Permission::OrderRead])]);
    assert_eq!(service.get_as(&everywhere, &format!("/{OURS}")).await, is(200, &OURS.to_string()));
    for restaurant in [THEIRS.to_string(), NOWHERE.to_string(), "1".to_owned(), OURS.to_string().replace('-', "")] {
        assert_eq!(service.get_as(&everywhere, &format!("/{restaurant}")).await, is(404, "not-found"));
    }
    let elsewhere = service.staff(&[(At::Restaurant(THEIRS), &[Permission::OrderRead])]);
    for restaurant in [OURS, THEIRS] {
        assert_eq!(service.get_as(&elsewhere, &format!("/{restaurant}")).await, is(404, "not-found"));
    }
    assert_eq!(service.get_as(&service.guest(), &format!("/{OURS}")).await.0, 200);
    assert_eq!(service.get_as(&service.guest(), &format!("/{THEIRS}")).await.0, 404);
}

#[tokio::test]
async fn a_right_that_is_missing_is_named() {
    let service = service();
    let path = format!("/{OURS}/menu");
    let may = service.staff(&[(At::Restaurant(OURS), &[Permission::MenuWrite])]);
    let may_not = service.staff(&[(At::Restaurant(OURS), &[Permission::OrderRead])]);
    assert_eq!(service.get_as(&may, &path).await.0, 200);
    assert_eq!(service.get_as(&may_not, &path).await, is(403, "permission-missing"));
    assert_eq!(service.get_as(&service.guest(), &path).await, is(403, "permission-missing"));
    assert_eq!(service.get_as(&service.machine(OURS, &[Permission::MenuWrite]), &path).await.0, 200);
    let reader = service.machine(OURS, &[Permission::OrderRead]);
    assert_eq!(service.get_as(&reader, &path).await, is(403, "permission-missing"));
    let foreign = service.machine(THEIRS, &[Permission::MenuWrite]);
    for restaurant in [OURS, THEIRS] {
        assert_eq!(service.get_as(&foreign, &format!("/{restaurant}/menu")).await, is(404, "not-found"));
    }
    assert_eq!(service.get_as(&may, &format!("/{THEIRS}/menu")).await, is(404, "not-found"));
}
