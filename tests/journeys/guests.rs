//! The way of guests, from scanning the table to leaving, over HTTP and sockets, through all services.

use crate::{
    console::Socket,
    installation::{Installation, Service},
    restaurant::{Caller, Restaurant},
};
use chrono::{Duration, Utc};
use identity::Claims;
use serde_json::{Value, json};
use testkit::wait_until;
use uuid::Uuid;

const PATIENCE: std::time::Duration = std::time::Duration::from_secs(30);

/// A phone at (or far from) the table.
struct Phone<'a> {
    http: reqwest::Client,
    place: &'a Restaurant,
    base: String,
    pass: String,
    diner: String,
    mark: String,
}

impl<'a> Phone<'a> {
    /// Scans the printed code and asks.
    async fn scan(place: &'a Restaurant, all: &Service, printed: &str) -> Self {
        let (http, base) = (reqwest::Client::new(), all.url());
        let request = http.post(format!("{base}/v1/table-codes/{printed}/join-requests"));
        let answer = request.header("idempotency-key", Uuid::now_v7().to_string()).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        let asked: Value = answer.json().await.unwrap();
        let text = |name: &str| asked[name].as_str().unwrap().to_owned();
        Self { http, place, base, pass: text("pass"), diner: text("diner_id"), mark: text("mark") }
    }

    fn session_path(&self, rest: &str) -> String {
        format!("{}/v1/restaurants{}", self.base, self.place.path(&format!("/sessions/{}{rest}", self.place.session)))
    }

    /// What became of the request; waits for an answer.
    async fn state(&self) -> Value {
        let url = self.session_path(&format!("/join-requests/{}?wait=20", self.diner));
        let answer = self.http.get(url).header("x-table-token", &self.pass).send().await.unwrap();
        answer.json::<Value>().await.unwrap()["state"].clone()
    }

    async fn type_digits(&self, digits: &Value) -> Value {
        let request = self.http.post(self.session_path("/join")).header("x-table-token", &self.pass);
        let request = request.header("idempotency-key", Uuid::now_v7().to_string());
        request.json(&json!({"code": digits})).send().await.unwrap().json().await.unwrap()
    }

    /// Asks for a token: the token, or why there is none.
    async fn token(&self) -> Result<String, Value> {
        let request = self.http.post(format!("{}/v1/auth/guest-token", self.base));
        let answer: Value = request.header("x-table-token", &self.pass).send().await.unwrap().json().await.unwrap();
        answer["access_token"].as_str().map(str::to_owned).ok_or_else(|| answer["code"].clone())
    }
}

/// Reads something that has no position.
async fn read(base: &str, token: &str, path: &str) -> Value {
    let answer = reqwest::Client::new().get(format!("{base}/v1/restaurants{path}")).bearer_auth(token).send().await;
    let answer = answer.unwrap();
    assert!(answer.status().is_success(), "{path}: {}", answer.status());
    answer.json().await.unwrap()
}

/// The next event of this type; orders may come between.
async fn until(socket: &mut Socket, event_type: &str) -> Value {
    // Ends: a socket on which nothing comes fails.
    loop {
        let event = socket.event().await;
        if event["type"] == event_type {
            return event;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::too_many_lines, reason = "an evening is one story; cut in pieces it would be harder to follow")]
async fn guests_come_in_and_nobody_else_does() {
    let installation = Installation::new().await;
    let all = installation.serve("all").await;
    let base = all.url();
    let place = Restaurant::open(&installation, &all, "Casa").await;
    let waiter_token = installation.staff("waiter");
    let waiter = Caller::new(waiter_token.clone());
    let say = async |who: &Caller, path: &str, body: Value| {
        who.post(&base, &place.path(path), &Uuid::now_v7().to_string(), &body).await.unwrap()
    };
    let at = |rest: &str| format!("/sessions/{}{rest}", place.session);
    let printed = read(&base, &waiter_token, &place.path(&format!("/tables/{}/code", place.table))).await;
    let printed = printed["code"].as_str().unwrap().to_owned();

    // The first guest scans: the floor and the table see it, staff let them in.
    let mut floor = Socket::open(&all.realtime(), &waiter_token, place.id, "floor", None).await;
    floor.until_live().await;
    let first = Phone::scan(&place, &all, &printed).await;
    let seen = until(&mut floor, "table-session.join-requested").await;
    assert_eq!(seen["data"]["mark"], json!(first.mark));
    assert_eq!(first.token().await, Err(json!("not-joined")));
    let approve = at(&format!("/join-requests/{}/approve", first.diner));
    say(&waiter, &approve, json!({})).await.expect(200);
    assert_eq!(first.state().await, "joined");
    let first_token = first.token().await.unwrap();
    let first_guest = Caller::new(first_token.clone());
    say(&first_guest, "/orders", place.order()).await.expect(201);

    // The second knows the digits; the table's own screen sees them come.
    let scope = format!("table-session:{}", place.session);
    let mut table = Socket::open(&all.realtime(), &first_token, place.id, &scope, None).await;
    table.until_live().await;
    let digits = read(&base, &first_token, &place.path(&at("/code"))).await["code"].clone();
    let second = Phone::scan(&place, &all, &printed).await;
    until(&mut table, "table-session.join-requested").await;
    assert_eq!(second.type_digits(&digits).await["diner_id"], json!(second.diner));
    until(&mut table, "table-session.joined").await;
    let second_guest = Caller::new(second.token().await.unwrap());
    let ordered = say(&second_guest, "/orders", place.order()).await.expect(201);

    // The third has a photo of the printed code; somebody at the table says no.
    let third = Phone::scan(&place, &all, &printed).await;
    let decline = at(&format!("/join-requests/{}/decline", third.diner));
    say(&first_guest, &decline, json!({})).await.expect(200);
    assert_eq!(third.state().await, "declined");
    assert_eq!(third.token().await, Err(json!("join-not-waiting")));

    // The second leaves: by the rule they cannot order, and within a moment their token is worth nothing.
    say(&second_guest, &at("/leave"), json!({})).await.expect(200);
    let code = say(&second_guest, "/orders", place.order()).await.json()["code"].clone();
    assert!(code == "diner-left" || code == "token-revoked", "{code}");
    assert_eq!(second.token().await, Err(json!("diner-left")));
    wait_until("the token of who left is revoked", PATIENCE, async || {
        say(&second_guest, "/orders", place.order()).await.json()["code"] == "token-revoked"
    })
    .await;

    // A token of yesterday.
    let guest = Claims::guest(
        first.diner.parse().unwrap(),
        installation.tenant,
        place.id,
        (place.table.parse().unwrap(), place.session.parse().unwrap()),
        Utc::now() - Duration::days(1),
        Duration::minutes(15),
    );
    let yesterday = Caller::new(installation.sign(&guest));
    assert_eq!(say(&yesterday, "/orders", place.order()).await.expect(401)["code"], "token-expired");

    // The end: nobody orders, and the next who scans is told that nobody sits there.
    let orders =
        place.manager.get(&base, &place.path("/orders?state=placed"), ordered["position"].as_u64().unwrap()).await;
    for order in orders["items"].as_array().unwrap() {
        let reject = format!("/orders/{}/reject", order["order_id"].as_str().unwrap());
        say(&waiter, &reject, json!({"reason": "other"})).await.expect(200);
    }
    say(&waiter, &at("/close"), json!({})).await.expect(200);
    let code = say(&first_guest, "/orders", place.order()).await.json()["code"].clone();
    assert!(code == "session-closed" || code == "token-revoked", "{code}");
    assert_eq!(first.token().await, Err(json!("session-closed")));
    wait_until("the tokens of the session are revoked", PATIENCE, async || {
        say(&first_guest, "/orders", place.order()).await.json()["code"] == "token-revoked"
    })
    .await;
    let scan = reqwest::Client::new().post(format!("{base}/v1/table-codes/{printed}/join-requests"));
    let scanned = scan.header("idempotency-key", Uuid::now_v7().to_string()).send().await.unwrap();
    assert_eq!(scanned.json::<Value>().await.unwrap()["code"], "no-open-session");
    assert!(all.terminate().await.success());
}
