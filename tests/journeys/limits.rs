//! Every route is counted and says what browsers must know; processes count together.

use crate::{
    installation::{Installation, Service},
    restaurant::Restaurant,
};
use reqwest::{Client, Method, header};
use serde_json::Value;
use service_kit::limits::routes::{Class, ROUTES, class_of};
use std::{collections::BTreeSet, process::Command, time::Duration};
use testkit::wait_for;
use uuid::Uuid;

/// Method and path of every operation of the document.
fn operations() -> BTreeSet<(String, String)> {
    let output = Command::new(env!("CARGO_BIN_EXE_aris")).arg("openapi").output().unwrap();
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    let paths = document["paths"].as_object().unwrap();
    let of = |(path, item): (&String, &Value)| -> Vec<(String, String)> {
        let methods =
            item.as_object().unwrap().keys().filter(|key| ["get", "post", "put", "delete"].contains(&key.as_str()));
        methods.map(|method| (method.to_uppercase(), path.clone())).collect()
    };
    paths.iter().flat_map(of).collect()
}

/// Who adds a route decides in `shared/service-kit/src/limits/routes.rs` how it is counted.
#[test]
fn every_route_has_a_class_and_every_row_is_a_route() {
    let operations = operations();
    for (method, path) in &operations {
        let class = class_of(&method.parse().unwrap(), path);
        assert!(class.is_some(), "{method} {path} is not in the table of limits");
        assert_ne!(class, Some(Class::Probe), "{method} {path} would never be counted");
        if method != "GET" {
            assert!(matches!(class, Some(Class::Command | Class::Open)), "{method} {path} does something");
        }
    }
    let rows = ROUTES.iter().filter(|(_, path, _)| path.starts_with("/v1/"));
    let gone: Vec<_> =
        rows.filter(|(method, path, _)| !operations.contains(&((*method).into(), (*path).into()))).collect();
    assert!(gone.is_empty(), "rows without a route: {gone:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_of_every_route_is_counted_and_says_what_browsers_must_know() {
    let installation = Installation::new().await;
    let all = installation.serve("all").await;
    let client = Client::new();
    let outside = ["/", "/docs/", "/docs/index.css", "/docs/swagger-initializer.js", "/openapi.json", "/nowhere"];
    let outside = outside.into_iter().map(|path| ("GET".to_owned(), path.to_owned()));
    let probes =
        ["/livez", "/readyz", "/startupz", "/metrics"].into_iter().map(|path| ("GET".to_owned(), path.to_owned()));
    for (method, path) in operations().into_iter().chain(outside).chain(probes) {
        // Any id: nobody has a token.
        let filled: String = path
            .split('{')
            .map(|part| part.split_once('}').map_or(part.to_owned(), |(_, rest)| format!("{}{rest}", Uuid::nil())))
            .collect();
        let request = client.request(method.parse::<Method>().unwrap(), format!("{}{filled}", all.url()));
        let answer = request.send().await.unwrap();
        let headers = answer.headers();
        let value = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
        let policy = value("content-security-policy");
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
        assert!(!policy.contains("unsafe") && !policy.contains('*'), "{path}: {policy}");
        assert_eq!(value("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(value("referrer-policy"), "no-referrer", "{path}");
        assert!(
            headers.contains_key("permissions-policy") && headers.contains_key("cross-origin-opener-policy"),
            "{path}"
        );
        assert!(!headers.contains_key(header::SERVER), "{path}");
        let is_probe = class_of(&Method::GET, &path) == Some(Class::Probe);
        assert_eq!(headers.contains_key("ratelimit"), !is_probe, "{method} {path}: {}", answer.status());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_documentation_has_nothing_inline() {
    let installation = Installation::new().await;
    let all = installation.serve("command").await;
    let page = reqwest::get(format!("{}/docs/", all.url())).await.unwrap().text().await.unwrap();
    assert!(page.contains("swagger-ui-bundle.js"), "{page}");
    let scripts: Vec<&str> = page.split("<script").skip(1).collect();
    assert!(scripts.iter().all(|it| it.split('>').next().unwrap().contains("src=")), "{page}");
    for inline in ["<style", "style=", "onload=", "javascript:"] {
        assert!(!page.contains(inline), "{inline} in {page}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_count_one_guest_together() {
    let mut installation = Installation::new().await;
    installation.settings.push(("ARIS_LIMIT_GUEST_READ", "20+1/h"));
    let all = installation.serve("all").await;
    let second = installation.serve("projection").await;
    let place = Restaurant::open(&installation, &all, "Casa").await;
    let ask = async |service: &Service| {
        let url = format!("{}/v1/restaurants{}", service.url(), place.path("/menu"));
        Client::new().get(url).bearer_auth(&place.guest_token).send().await.unwrap()
    };
    // Each of these is told to the other process, sooner or later.
    for _ in 0..20 {
        let answer = ask(&all).await;
        assert!(answer.headers()["ratelimit-policy"].to_str().unwrap().starts_with("\"guest-read\";q=20;"));
        assert_ne!(answer.status(), 429);
    }
    assert_eq!(ask(&all).await.status(), 429);
    let refused = wait_for("the second process has heard of it", Duration::from_secs(30), async || {
        let answer = ask(&second).await;
        if answer.status() == 429 { Ok(answer) } else { Err(answer.status().to_string()) }
    })
    .await;
    assert!(refused.headers()[header::RETRY_AFTER].to_str().unwrap().parse::<u32>().unwrap() > 0);
    let problem: Value = refused.json().await.unwrap();
    assert_eq!((&problem["code"], &problem["violated-policies"][0]), (&"rate-limited".into(), &"guest-read".into()));
}
