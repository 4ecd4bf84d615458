//! What the limits and the audit add to a request, part of `make bench`: the counting alone, from one thread
//! and from several, and a whole request through everything around the routes without, with limits, and with
//! both. The request is one that succeeds, so nothing is written down.

#![expect(clippy::unwrap_used, reason = "a bench stops where its set-up fails")]

use axum::{Router, body::Body, extract::FromRef, routing::get};
use chrono::{Duration, Utc};
use domain::ids::{DinerId, RestaurantId, SessionId, TableId, TenantId};
use http::Request;
use identity::{Claims, SigningKey, Verifier};
use service_kit::{
    access::Authenticated,
    audit::Trail,
    http::{HttpConfig, app},
    limits::{Budget, Identify, Limits, Rates, Subject},
};
use std::{
    hint::black_box,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    time::Instant,
};
use tower::ServiceExt;
use uuid::Uuid;

/// Requests of each measurement.
const REQUESTS: u32 = 400_000;
/// How often whole requests are measured.
const ROUNDS: u32 = 20;
/// Callers that come one after another.
const CALLERS: u32 = 10_000;
const MENU: &str = "/v1/restaurants/{restaurant}/menu";

#[derive(Clone)]
struct State(Verifier);

impl FromRef<State> for Verifier {
    fn from_ref(state: &State) -> Self {
        state.0.clone()
    }
}

/// What a guest's request takes: the guest's own bucket, the address', the tenant's.
fn count(limits: &Limits, caller: u32) {
    let subject = Subject::address(IpAddr::V4(Ipv4Addr::from_bits(caller)));
    let tenant = Subject::tenant(TenantId(Uuid::from_u128(u128::from(caller % 100))));
    for (budget, subject) in [(Budget::GuestRead, subject), (Budget::AddressGuests, subject), (Budget::Tenant, tenant)]
    {
        let _ = black_box(limits.take(budget, subject));
    }
}

fn counting(threads: u32) -> f64 {
    let limits = Limits::new(Rates::default());
    let started = Instant::now();
    std::thread::scope(|scope| {
        for thread in 0..threads {
            let limits = &limits;
            scope.spawn(move || {
                for request in 0..REQUESTS {
                    count(limits, (request * 7 + thread) % CALLERS);
                }
            });
        }
    });
    started.elapsed().as_secs_f64() * 1e9 / f64::from(REQUESTS * threads)
}

async fn requests(router: Router, token: &str) -> f64 {
    let path = MENU.replace("{restaurant}", &Uuid::nil().to_string());
    let few = REQUESTS / 40;
    let started = Instant::now();
    for _ in 0..few {
        let request = Request::get(&path)
            .header("authorization", token)
            .extension(SocketAddr::from(([203, 0, 113, 7], 4711)))
            .body(Body::empty())
            .unwrap();
        assert_eq!(black_box(router.clone().oneshot(request).await.unwrap()).status(), 200);
    }
    started.elapsed().as_secs_f64() * 1e9 / f64::from(few)
}

fn main() {
    for threads in [1, 2, 4] {
        println!(
            "counting, {threads} threads: {:.0} ns from one request (three buckets) to the next",
            counting(threads)
        );
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let key = SigningKey::generate().unwrap();
    let state = State(Verifier::from_jwks(&key.jwks_json()).unwrap());
    let seat = (TableId(Uuid::nil()), SessionId(Uuid::nil()));
    let (restaurant, tenant) = (RestaurantId(Uuid::nil()), TenantId(Uuid::nil()));
    let claims = Claims::guest(DinerId(Uuid::nil()), tenant, restaurant, seat, Utc::now(), Duration::hours(1));
    let token = format!("Bearer {}", key.sign(&claims).unwrap());
    let routes = Router::new().route(MENU, get(|_: Authenticated| async {})).with_state(state.clone());
    let rates = [Budget::GuestRead, Budget::AddressGuests, Budget::Tenant]
        .into_iter()
        .fold(Rates::default(), |rates, budget| rates.with(budget, "1000000+1000000/s".parse().ok()));
    let config =
        HttpConfig { limits: Some(Limits::new(rates)), identify: Some(Identify::by(state)), ..HttpConfig::default() };
    // In turn, and the best of many: what else the machine does only ever adds.
    let (trail, mut taken) = Trail::new();
    let audited = HttpConfig { trail, ..config.clone() };
    let (mut without, mut with, mut with_both) = (f64::MAX, f64::MAX, f64::MAX);
    for _ in 0..ROUNDS {
        without = without.min(runtime.block_on(requests(app(routes.clone(), &HttpConfig::default()), &token)));
        with = with.min(runtime.block_on(requests(app(routes.clone(), &config), &token)));
        with_both = with_both.min(runtime.block_on(requests(app(routes.clone(), &audited), &token)));
    }
    println!("a request: {without:.0} ns without limits, {with:.0} ns with: {:.0} ns more", with - without);
    println!("{with_both:.0} ns with audit, too: {:.0} ns more", with_both - with);
    assert!(taken.actions.try_recv().is_err(), "a request that succeeds is written down");
}
