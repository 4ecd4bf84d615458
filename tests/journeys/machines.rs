//! A till: from the key that its owner issued to the end of that key, through all services.

use crate::{
    console::Socket,
    installation::{Installation, Service},
    restaurant::{Caller, Restaurant},
};
use reqwest::{Client, StatusCode, header};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use testkit::{scan::plaintext, wait_for, wait_until};
use uuid::Uuid;

const PATIENCE: Duration = Duration::from_secs(30);
/// What the key of the test for limits may send in a minute.
const PER_MINUTE: u32 = 30;

/// Sends something, or asks where there is no body.
async fn call(service: &Service, token: Option<&str>, path: &str, body: Option<&Value>) -> (StatusCode, Value) {
    let (http, url) = (Client::new(), format!("{}{path}", service.url()));
    let request = match body {
        Some(body) => http.post(url).header("Idempotency-Key", Uuid::now_v7().to_string()).json(body),
        None => http.get(url),
    };
    let answer = token.into_iter().fold(request, reqwest::RequestBuilder::bearer_auth).send().await.unwrap();
    (answer.status(), answer.json().await.unwrap())
}

async fn done(service: &Service, token: Option<&str>, path: &str, body: Option<&Value>) -> Value {
    let (status, answer) = call(service, token, path, body).await;
    assert!(status.is_success(), "{path}: {status} {answer}");
    answer
}

/// The tenant of everything that follows is one that signed up.
async fn sign_up(installation: &mut Installation, service: &Service) {
    let body = json!({"name": "Grupo Norte", "owner_name": "Eva", "owner_email": "eva@example.com"});
    let signed_up = done(service, None, "/v1/tenants", Some(&body)).await;
    installation.tenant = signed_up["id"].as_str().unwrap().parse().unwrap();
}

/// A key for this restaurant: its id, and all of it.
async fn issue(service: &Service, owner: &str, place: &Restaurant, per_minute: u32) -> (String, Value) {
    let permissions = json!(["order:place", "order:accept", "order:read", "kitchen:read"]);
    let body = json!({
        "name": "Till", "restaurant_id": place.id, "permissions": permissions, "per_minute": per_minute,
    });
    let issued = done(service, Some(owner), "/v1/api-keys", Some(&body)).await;
    (issued["key_id"].as_str().unwrap().to_owned(), issued["secret"].clone())
}

async fn exchange(service: &Service, key: &Value) -> (StatusCode, Value) {
    call(service, None, "/v1/auth/key-token", Some(&json!({"api_key": key}))).await
}

async fn token_for(service: &Service, key: &Value) -> String {
    let (status, answer) = exchange(service, key).await;
    assert_eq!(status, 200, "{answer}");
    answer["access_token"].as_str().unwrap().to_owned()
}

/// How the socket ended.
async fn end_of(socket: &mut Socket) -> String {
    // Ends: a socket on which nothing comes fails, too.
    loop {
        if let Err(end) = socket.frame().await {
            return end;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_till_works_in_its_restaurant_until_its_key_is_revoked() {
    let mut installation = Installation::new().await;
    let all = installation.serve("all").await;
    let base = all.url();
    sign_up(&mut installation, &all).await;
    let owner = installation.staff("owner");
    let (place, other) =
        (Restaurant::open(&installation, &all, "Casa").await, Restaurant::open(&installation, &all, "Bar").await);
    let (key_id, key) = issue(&all, &owner, &place, 600).await;
    let token = token_for(&all, &key).await;
    let till = Caller::new(token.clone());

    let placed = till.post(&base, &place.path("/orders"), "1", &place.order()).await.unwrap().expect(201);
    let order = place.path(&format!("/orders/{}", placed["id"].as_str().unwrap()));
    let accepted = till.post(&base, &format!("{order}/accept"), "2", &json!({})).await.unwrap().expect(200);
    let read = till.get(&base, &order, accepted["position"].as_u64().unwrap()).await;
    assert_eq!(read["state"], "accepted");
    let known = done(&all, Some(&token), "/v1/restaurants", None).await;
    assert_eq!((&known["items"][0]["id"], known["items"].as_array().unwrap().len()), (&json!(place.id), 1));
    // Elsewhere in the same tenant there is nothing for it: to do, to read, to follow.
    let elsewhere = till.post(&base, &other.path("/orders"), "3", &other.order()).await.unwrap();
    assert_eq!(elsewhere.expect(404)["code"], "not-found");
    assert_eq!(till.ask(&base, &other.path("/menu")).await.unwrap().0, 404);
    let mut there = Socket::open(&all.realtime(), &token, other.id, "kitchen:grill", None).await;
    assert!(end_of(&mut there).await.contains("4004"));
    let mut display = Socket::open(&all.realtime(), &token, place.id, "kitchen:grill", None).await;
    display.until_live().await;
    // The owner sees when it was last used, and from where.
    let listed = done(&all, Some(&owner), "/v1/api-keys", None).await;
    let listed = &listed["items"][0];
    assert_eq!((&listed["key_id"], &listed["last_used_from"]), (&json!(key_id), &json!("127.0.0.1")), "{listed}");
    assert!(listed["last_used_at"].is_string());

    done(&all, Some(&owner), &format!("/v1/api-keys/{key_id}/revoke"), Some(&json!({}))).await;
    let revoked = Instant::now();
    let (_, refused) = exchange(&all, &key).await;
    assert_eq!(refused["code"], "api-key-worthless");
    wait_until("commands are refused", PATIENCE, async || {
        let answer = till.post(&base, &place.path("/orders"), "4", &place.order()).await.unwrap();
        answer.json()["code"] == "token-revoked"
    })
    .await;
    for path in [format!("/v1/restaurants{order}"), "/v1/auth/me".to_owned(), "/v1/restaurants".to_owned()] {
        wait_until("it is refused", PATIENCE, async || {
            call(&all, Some(&token), &path, None).await.1["code"] == "token-revoked"
        })
        .await;
    }
    let end = end_of(&mut display).await;
    assert!(end.contains("4003"), "{end}");
    eprintln!("the key was dead everywhere {:?} after its revocation was answered", revoked.elapsed());

    let env = &installation.env;
    let schemas = [env.schemas.events.as_str(), &env.schemas.views, &env.schemas.identity];
    let secret = key.as_str().unwrap().rsplit('_').next().unwrap();
    assert_eq!(plaintext(&env.admin_url, &schemas, &[secret, &token]).await, Vec::<String>::new());
    assert!(all.terminate().await.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_count_one_key_together() {
    let mut installation = Installation::new().await;
    let all = installation.serve("all").await;
    let second = installation.serve("projection").await;
    sign_up(&mut installation, &all).await;
    let place = Restaurant::open(&installation, &all, "Casa").await;
    let (_, key) = issue(&all, &installation.staff("owner"), &place, PER_MINUTE).await;
    let token = token_for(&all, &key).await;
    let ask = async |service: &Service| {
        let url = format!("{}/v1/restaurants{}", service.url(), place.path("/menu"));
        Client::new().get(url).bearer_auth(&token).send().await.unwrap()
    };
    let mut given = 0;
    // Ends: what is earned meanwhile is one in two seconds.
    let refused = loop {
        let answer = ask(&all).await;
        assert!(answer.headers()["ratelimit-policy"].to_str().unwrap().starts_with("\"machine\";q=30;w=60"));
        if answer.status() == 429 {
            break answer;
        }
        given += 1;
    };
    assert!(given >= PER_MINUTE, "{given}");
    assert!(refused.headers()[header::RETRY_AFTER].to_str().unwrap().parse::<u32>().unwrap() > 0);
    assert_eq!(refused.json::<Value>().await.unwrap()["violated-policies"], json!(["machine"]));
    let mut given_there = 0;
    wait_for("the second process has heard of it", PATIENCE, async || {
        let status = ask(&second).await.status();
        given_there += u32::from(status != 429);
        if status == 429 { Ok(()) } else { Err(status.to_string()) }
    })
    .await;
    assert!(given_there < PER_MINUTE, "it has given all that one process would give alone");
    // A new token of the same key is no new machine.
    let again = token_for(&all, &key).await;
    let url = format!("{}/v1/restaurants{}", all.url(), place.path("/menu"));
    let answers: Vec<_> =
        futures::future::join_all((0..PER_MINUTE).map(|_| Client::new().get(&url).bearer_auth(&again).send())).await;
    assert!(answers.into_iter().any(|answer| answer.unwrap().status() == 429));
}
