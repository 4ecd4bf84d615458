//! Auditors read who did what; everybody else is refused, which they read, too.

use crate::support::{Running, Setup};
use axum::{body::Body, http::Request};
use chrono::{Duration, Utc};
use domain::ids::TenantId;
use identity::{Claims, Permission, claims::At};
use serde_json::Value;
use testkit::Place;
use tower::ServiceExt;
use uuid::Uuid;

fn token(setup: &Setup, name: &str, tenant: TenantId, at: At, permissions: &[Permission]) -> String {
    setup.keys.sign(&Claims::staff(name, tenant, &[], &[(at, permissions)], Utc::now(), Duration::hours(1))).unwrap()
}

async fn get(service: &Running, path: &str, token: &str) -> (u16, Value) {
    let request = Request::get(path).header("authorization", format!("Bearer {token}")).body(Body::empty()).unwrap();
    let response = service.app().oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let body = axum::body::to_bytes(response.into_body(), 1024 * 1024).await.unwrap();
    (status, serde_json::from_slice(&body).unwrap())
}

/// The kinds of denial of the read side, each by somebody of the tenant with a name of their own.
async fn denials(setup: &Setup, service: &Running, place: &Place) {
    let here = At::Restaurant(place.restaurant);
    let ben = token(setup, "ben", place.tenant, here, &[Permission::LineServe]);
    assert_eq!(service.get(place, "/orders", &ben).await.0, 403);
    // A right in one restaurant is none for what belongs to all.
    let eva = token(setup, "eva", place.tenant, here, &[Permission::AuditRead]);
    assert_eq!(get(service, "/v1/audit/actions", &eva).await.0, 403);
    let kim = token(setup, "kim", place.tenant, At::Restaurant(Uuid::now_v7().into()), &[Permission::OrderRead]);
    assert_eq!(service.get(place, "/orders", &kim).await.0, 404);
    let guest = setup.guest(place, Uuid::now_v7().into());
    assert_eq!(service.get(place, &format!("/sessions/{}", place.session), &guest).await.0, 404);
    for (who, status) in [("ben", 403), ("eva", 403), ("kim", 404)] {
        let is = |row: &action_log::Row| (row.action.who.id.as_str(), row.action.status) == (who, status);
        assert!(setup.env.action(Some(place.tenant), who, is).await.action.is_denied);
    }
    let row = setup.env.action(Some(place.tenant), "a guest", |row| row.action.who.kind == "guest").await.action;
    assert_eq!((row.who.id, row.is_denied), (place.diner.to_string(), true));
}

#[tokio::test(flavor = "multi_thread")]
async fn auditors_read_what_was_denied_in_their_tenant_narrowed_and_in_pages() {
    let setup = Setup::start().await;
    let (service, place) = (setup.service("a").await, setup.place().await);
    denials(&setup, &service, &place).await;
    let auditor = token(&setup, "ada", place.tenant, At::Everywhere, &[Permission::AuditRead]);
    let ids = async |query: &str| -> Vec<String> {
        let (status, body) = get(&service, &format!("/v1/audit/actions?{query}"), &auditor).await;
        assert_eq!(status, 200, "{query}: {body}");
        let items = body["items"].as_array().unwrap().iter();
        items.map(|item| item["actor_id"].as_str().unwrap().to_owned()).collect()
    };
    let guest = place.diner.to_string();
    assert_eq!(ids("denied=true").await, [guest.as_str(), "kim", "eva", "ben"]);
    assert_eq!(ids("denied=true&actor=kim").await, ["kim"]);
    assert_eq!(ids(&format!("denied=true&restaurant={}", place.restaurant)).await, [guest.as_str(), "ben"]);
    assert_eq!(ids("status=5xx").await, Vec::<String>::new());
    let future = (Utc::now() + Duration::hours(1)).format("%Y-%m-%dT%H:%M:%SZ");
    assert!(ids(&format!("since={future}")).await.is_empty());
    assert_eq!(ids(&format!("denied=true&until={future}")).await.len(), 4);

    let (mut seen, mut after) = (Vec::new(), String::new());
    loop {
        let (_, page) = get(&service, &format!("/v1/audit/actions?denied=true&limit=3{after}"), &auditor).await;
        seen.extend(page["items"].as_array().unwrap().iter().map(|item| item["actor_id"].clone()));
        let Some(next) = page["next"].as_str() else { break };
        after = format!("&after={next}");
    }
    assert_eq!(seen, [guest.as_str(), "kim", "eva", "ben"]);

    let (_, page) = get(&service, "/v1/audit/actions?actor=ben", &auditor).await;
    let ben = &page["items"][0];
    assert_eq!((&ben["permission"], &ben["code"]), (&"order:read".into(), &"permission-missing".into()));
    assert_eq!((&ben["denied"], &ben["repeats"]), (&true.into(), &1.into()));
    assert_eq!(ben["action"], "GET /v1/restaurants/{restaurant}/orders");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_reads_the_actions_of_another_tenant_and_who_read_is_written_down() {
    let setup = Setup::start().await;
    let (service, place) = (setup.service("a").await, setup.place().await);
    denials(&setup, &service, &place).await;
    let foreign = token(&setup, "eve", Uuid::now_v7().into(), At::Everywhere, &Permission::ALL);
    let (status, page) = get(&service, "/v1/audit/actions", &foreign).await;
    assert_eq!((status, page["items"].as_array().unwrap().len()), (200, 0));
    let auditor = token(&setup, "ada", place.tenant, At::Everywhere, &[Permission::AuditRead]);
    assert_eq!(get(&service, "/v1/audit/actions", &auditor).await.0, 200);
    let row = setup.env.action(Some(place.tenant), "the look", |row| row.action.who.id == "ada").await.action;
    assert_eq!((row.status, row.permission), (200, Some(Permission::AuditRead)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_that_succeeds_leaves_nothing() {
    let setup = Setup::start().await;
    let (service, place) = (setup.service("a").await, setup.place().await);
    setup.caught_up(&place).await;
    let reader = token(&setup, "rea", place.tenant, At::Restaurant(place.restaurant), &[Permission::OrderRead]);
    assert_eq!(service.get(&place, "/orders", &reader).await.0, 200);
    assert_eq!(service.get(&place, "/kitchen-board", &reader).await.0, 403);
    // What came later is there.
    setup.env.action(Some(place.tenant), "the denial", |row| row.action.status == 403).await;
    assert_eq!(setup.env.actions(Some(place.tenant)).await.len(), 1);
}
