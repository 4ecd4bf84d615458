//! Every service writes down who was denied what, and who runs the installation reads it.

use crate::installation::{Installation, Service};
use chrono::{Duration, Utc};
use identity::{Claims, Permission, claims::At};
use serde_json::Value;
use std::collections::BTreeSet;
use testkit::{Place, wait_for};
use tokio::process::Command;
use uuid::Uuid;

const PATIENCE: std::time::Duration = std::time::Duration::from_secs(60);
/// The way to it is a pass, and no token: nobody is recognised.
const BY_PASS_ALONE: &str = "/v1/auth/guest-token";

/// A token that has ended, of somebody with this name.
fn ended(installation: &Installation, name: &str) -> String {
    let (made, rights): (_, &[Permission]) = (Utc::now() - Duration::hours(2), &[Permission::OrderRead]);
    let grants = [(At::Everywhere, rights)];
    installation.sign(&Claims::staff(name, installation.tenant, &[], &grants, made, Duration::hours(1)))
}

/// Sends a request with this token; the status of the answer.
async fn send(service: &Service, method: &str, path: &str, token: &str) -> u16 {
    let (http, url) = (reqwest::Client::new(), format!("{}{path}", service.url()));
    let request = if method == "get" { http.get(url) } else { http.post(url) };
    request.bearer_auth(token).send().await.unwrap().status().as_u16()
}

/// A path with ids in place of its parameters.
fn filled(path: &str) -> String {
    let parts =
        path.split('/').map(|part| if part.starts_with('{') { Uuid::now_v7().to_string() } else { part.into() });
    parts.collect::<Vec<_>>().join("/")
}

/// Method and path of every route that needs a token.
async fn routes(service: &Service) -> BTreeSet<(String, String)> {
    let document = reqwest::get(format!("{}/openapi.json", service.url())).await.unwrap();
    let document: Value = serde_json::from_str(&document.text().await.unwrap()).unwrap();
    let mut routes = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in
            item.as_object().unwrap().iter().filter(|(name, _)| ["get", "post"].contains(&name.as_str()))
        {
            let is_open = operation["security"].as_array().is_some_and(|all| all.contains(&serde_json::json!({})));
            if !is_open && path != BY_PASS_ALONE {
                routes.insert((method.clone(), path.clone()));
            }
        }
    }
    routes
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_of_the_document_tells_who_came_with_a_token_that_has_ended() {
    let installation = Installation::new().await;
    let service = installation.serve("all").await;
    let routes = routes(&service).await;
    assert!(routes.len() > 50, "{routes:?}");
    for (number, (method, path)) in routes.iter().enumerate() {
        // One person gets only some rows in a minute.
        let token = ended(&installation, &format!("person-{number}"));
        assert_eq!(send(&service, method, &filled(path), &token).await, 401, "{method} {path}");
    }
    let expected: BTreeSet<_> =
        routes.iter().map(|(method, path)| format!("{} {path}", method.to_uppercase())).collect();
    wait_for("every route has told", PATIENCE, async || {
        let rows = installation.env.actions(Some(installation.tenant)).await;
        let told: BTreeSet<_> =
            rows.into_iter().filter(|row| row.action.code == "token-expired").map(|row| row.action.action).collect();
        let silent: Vec<_> = expected.difference(&told).collect();
        if silent.is_empty() { Ok(()) } else { Err(format!("{silent:?}")) }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_service_in_a_process_of_its_own_tells() {
    let installation = Installation::new().await;
    for (service, method, path) in [
        ("command", "post", "/v1/roles"),
        ("projection", "get", "/v1/roles"),
        ("gateway", "get", "/v1/restaurants/{restaurant}/events"),
        ("identity", "get", "/v1/auth/me"),
    ] {
        let running = installation.serve(service).await;
        assert_eq!(send(&running, method, &filled(path), &ended(&installation, service)).await, 401, "{service}");
        let tenant = Some(installation.tenant);
        let row = installation.env.action(tenant, service, |row| row.action.who.id == service).await.action;
        assert_eq!(row.action, format!("{} {path}", method.to_uppercase()));
        assert!(row.is_denied && row.remote.is_some_and(|it| it.is_loopback()), "{row:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_runs_the_installation_reads_what_nobody_else_is_told() {
    let installation = Installation::new().await;
    let service = installation.serve("projection").await;
    assert_eq!(send(&service, "get", "/v1/staff", "forged").await, 401);
    assert_eq!(send(&service, "get", "/v1/staff", &ended(&installation, "ana")).await, 401);
    let access = &installation.env.access;
    let both = async |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_aris"));
        command.args(["audit", "actions"]).args(arguments).env("ARIS_READER_URL", &access.reader);
        let output = command.env("ARIS_PERSONAL_URL", &access.personal).output().await.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    let audit = async |arguments: &[&str]| both(arguments).await.0;
    installation.env.action(None, "the forged one", |row| row.action.code == "token-invalid").await;
    installation.env.action(Some(installation.tenant), "the ended one", |row| row.action.status == 401).await;

    let nobodys = audit(&["--denied", "--json"]).await;
    let [row] = nobodys.lines().collect::<Vec<_>>()[..] else { panic!("{nobodys}") };
    let row: Value = serde_json::from_str(row).unwrap();
    assert_eq!((&row["code"], &row["tenant_id"]), (&"token-invalid".into(), &Value::Null));
    assert_eq!((&row["action"], &row["remote"]), (&"GET /v1/staff".into(), &"127.0.0.1".into()));
    let tenants = audit(&["--tenant", &installation.tenant.to_string(), "--since", "5m"]).await;
    assert!(tenants.contains("token-expired") && tenants.contains("staff:ana"), "{tenants}");
    assert!(!tenants.contains("token-invalid"), "{tenants}");
    assert_eq!(audit(&["--actor", "nobody"]).await.lines().count(), 1);

    // An actor as the list shows it, or its id alone.
    let tenant = installation.tenant.to_string();
    for (actor, rows) in [("ana", 1), ("staff:ana", 1), ("guest:ana", 0), ("staff:ben", 0)] {
        let found = audit(&["--tenant", &tenant, "--actor", actor]).await;
        assert_eq!(found.lines().count(), 1 + rows, "{actor}: {found}");
    }
    let nobodys = audit(&["--actor", "unknown"]).await;
    assert!(nobodys.lines().count() == 2 && !nobodys.contains("unknown:"), "{nobodys}");
    // One request, whosever it was.
    let row = installation.env.action(Some(installation.tenant), "it", |row| row.action.status == 401).await.action;
    let found = audit(&["--correlation", &row.correlation_id, "--json"]).await;
    let [found] = found.lines().collect::<Vec<_>>()[..] else { panic!("{found}") };
    assert!(found.contains(&row.id.to_string()) && found.contains(&tenant), "{found}");
    // What is no tenant is told, and what it is.
    let place = Place::create_for(installation.tenant, &installation.env.committers()).await;
    let (found, said) = both(&["--tenant", &place.restaurant.to_string()]).await;
    assert_eq!(found.lines().count(), 1);
    assert!(
        said.contains(&format!("is a restaurant of the tenant {tenant}: --tenant {tenant} --restaurant")),
        "{said}"
    );
    let (_, said) = both(&["--tenant", &uuid::Uuid::now_v7().to_string()]).await;
    assert!(said.contains("there is no tenant"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_could_not_write_down_who_did_what_does_not_start() {
    let installation = Installation::new().await;
    let output = Command::new(env!("CARGO_BIN_EXE_aris"))
        .args(["serve", "projection", "--listen", "127.0.0.1:0"])
        .env("ARIS_NATS_URL", &installation.env.nats_url)
        .env_remove("ARIS_AUDIT_URL")
        .output()
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("ARIS_AUDIT_URL"), "{said}");
}
