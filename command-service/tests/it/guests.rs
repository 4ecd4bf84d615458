//! Guests as they come in: they scan, ask, are let in, order, leave.

use crate::support::{Answer, Place, Request, World, id};
use domain::ids::{DinerId, SessionId, TableId};
use serde_json::{Value, json};
use sqlx::Connection;
use uuid::Uuid;

/// Somebody who asked to join.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) diner: DinerId,
    pub(crate) session: SessionId,
    pub(crate) mark: String,
    pub(crate) pass: String,
}

impl World {
    /// What is printed on the table of the guests.
    pub(crate) async fn printed(&self, place: &Place) -> String {
        self.printed_on(place, place.tables[0]).await
    }

    /// What is printed on a table.
    pub(crate) async fn printed_on(&self, place: &Place, table: TableId) -> String {
        let path = place.at(&format!("/tables/{table}/code"));
        self.read(&self.owner(), &path).await.json()["code"].as_str().unwrap().to_owned()
    }

    /// Somebody scans this code and asks.
    pub(crate) async fn scan(&self, printed: &str, key: &str) -> Answer {
        let path = format!("/v1/table-codes/{printed}/join-requests");
        self.send(Request { path: &path, token: None, key: Some(key), headers: &[], body: Vec::new() }).await
    }

    /// Somebody scans this code at this address, and types what the table shows.
    pub(crate) async fn scan_with(&self, printed: &str, (key, from): (&str, &str), typed: &Value) -> Answer {
        let path = format!("/v1/table-codes/{printed}/join-requests");
        let headers = [("content-type", "application/json"), ("x-test-address", from)];
        let body = json!({"code": typed}).to_string().into_bytes();
        self.send(Request { path: &path, token: None, key: Some(key), headers: &headers, body }).await
    }

    /// Somebody scans this code, asks, and waits.
    pub(crate) async fn ask(&self, printed: &str) -> Asked {
        let answer = self.scan(printed, &Uuid::now_v7().to_string()).await;
        assert_eq!(answer.status, 200, "{answer}");
        let json = answer.json();
        let text = |name: &str| json[name].as_str().unwrap().to_owned();
        let (diner, session) = (id(&json["diner_id"]).into(), id(&json["session_id"]).into());
        Asked { diner, session, mark: text("mark"), pass: text("pass") }
    }

    /// Sends a command with a pass.
    pub(crate) async fn post_with_pass(&self, pass: &str, path: &str, key: &str, body: Value) -> Answer {
        let headers = [("content-type", "application/json"), ("x-table-token", pass)];
        let body = body.to_string().into_bytes();
        self.send(Request { path, token: None, key: Some(key), headers: &headers, body }).await
    }

    /// Types digits.
    pub(crate) async fn type_digits(&self, place: &Place, asked: &Asked, digits: &str) -> Answer {
        let path = place.at(&format!("/sessions/{}/join", asked.session));
        self.post_with_pass(&asked.pass, &path, &Uuid::now_v7().to_string(), json!({"code": digits})).await
    }

    /// The digits that the table shows.
    pub(crate) async fn digits(&self, token: &str, place: &Place) -> Value {
        self.shown(token, place).await["code"].clone()
    }

    /// All that the table shows.
    pub(crate) async fn shown(&self, token: &str, place: &Place) -> Value {
        self.read(token, &place.at(&format!("/sessions/{}/code", place.session))).await.json()
    }

    async fn answer(&self, token: &str, place: &Place, asked: &Asked, verb: &str) -> Answer {
        let path = place.at(&format!("/sessions/{}/join-requests/{}/{verb}", asked.session, asked.diner));
        self.post(token, &path, &Uuid::now_v7().to_string(), Value::Null).await
    }

    async fn order(&self, token: &str, place: &Place) -> Answer {
        self.post(token, &place.at("/orders"), &Uuid::now_v7().to_string(), place.order_body()).await
    }

    /// What became of the request.
    async fn state(&self, place: &Place, asked: &Asked, wait: u64) -> Answer {
        let path = format!("/sessions/{}/join-requests/{}?wait={wait}", asked.session, asked.diner);
        self.get(&place.at(&path), &[("x-table-token", &asked.pass)]).await
    }
}

#[track_caller]
fn refused(answer: &Answer, status: u16, code: &str) {
    assert_eq!((answer.status, &*answer.code()), (status, code), "{answer}");
}

#[tokio::test]
async fn who_scans_asks_and_is_let_in_by_staff_orders() {
    let world = World::start().await;
    let place = world.place().await;
    let waiter = world.role(&place, "waiter");
    let asked = world.ask(&world.printed(&place).await).await;
    assert_eq!((asked.session, asked.mark.len()), (place.session, 4));
    assert_eq!(world.state(&place, &asked, 0).await.json()["state"], "waiting");

    // Not even a token that was signed in error helps who was not let in.
    let token = world.guest(&place, place.session, asked.diner);
    refused(&world.order(&token, &place).await, 409, "not-joined");

    let approved = world.answer(&waiter, &place, &asked, "approve").await;
    assert_eq!((approved.status, approved.json()["number"].clone()), (200, json!(2)), "{approved}");
    let state = world.state(&place, &asked, 0).await.json();
    assert_eq!((&state["state"], &state["number"]), (&json!("joined"), &json!(2)));
    assert_eq!(world.order(&token, &place).await.status, 201);
}

#[tokio::test]
async fn whoever_sits_at_the_table_lets_others_in_and_tells_them_no() {
    let world = World::start().await;
    let place = world.place().await;
    let (printed, host) = (world.printed(&place).await, world.diner(&place));
    let (friend, stranger) = (world.ask(&printed).await, world.ask(&printed).await);

    // Who waits lets nobody in, not even themselves.
    let waiting = world.guest(&place, place.session, stranger.diner);
    refused(&world.answer(&waiting, &place, &stranger, "approve").await, 409, "not-joined");

    assert_eq!(world.answer(&host, &place, &friend, "approve").await.status, 200);
    assert_eq!(world.answer(&host, &place, &stranger, "decline").await.status, 200);
    assert_eq!(world.state(&place, &stranger, 20).await.json()["state"], "declined");
    let again = world.answer(&host, &place, &stranger, "approve").await;
    refused(&again, 409, "join-not-waiting");
    assert_eq!(again.json()["state"], "declined");
    refused(&world.order(&waiting, &place).await, 409, "not-joined");
}

#[tokio::test]
async fn who_knows_the_digits_comes_in_without_an_answer() {
    let world = World::start().await;
    let place = world.place().await;
    let digits = world.digits(&world.diner(&place), &place).await;
    assert_eq!(digits, world.digits(&world.role(&place, "waiter"), &place).await);
    let asked = world.ask(&world.printed(&place).await).await;
    let joined = world.type_digits(&place, &asked, digits.as_str().unwrap()).await;
    assert_eq!((joined.status, id(&joined.json()["diner_id"])), (200, asked.diner.0), "{joined}");
    assert_eq!(world.order(&world.guest(&place, place.session, asked.diner), &place).await.status, 201);

    let path = place.at(&format!("/sessions/{}/join", place.session));
    let without = world.post_with_pass(&asked.pass, &path, "k", json!({})).await;
    refused(&without, 400, "invalid-field");
    refused(&world.type_digits(&place, &asked, "12a4").await, 400, "invalid-field");
    let other = place.at(&format!("/sessions/{}/join", Uuid::now_v7()));
    refused(&world.post_with_pass(&asked.pass, &other, "k", json!({"code": "0000"})).await, 404, "not-found");
}

#[tokio::test]
async fn who_left_is_a_stranger_whatever_token_they_hold() {
    let world = World::start().await;
    let place = world.place().await;
    let guest = world.diner(&place);
    let order = world.order(&guest, &place).await.json();
    let asked = world.ask(&world.printed(&place).await).await;
    let leave = place.at(&format!("/sessions/{}/leave", place.session));
    world.done(&guest, &leave, Value::Null).await;

    refused(&world.order(&guest, &place).await, 409, "diner-left");
    let cancel = place.at(&format!("/orders/{}/cancel", id(&order["id"])));
    refused(&world.post(&guest, &cancel, "c", json!({"reason": "mistake"})).await, 409, "diner-left");
    refused(&world.answer(&guest, &place, &asked, "approve").await, 409, "diner-left");
    refused(&world.post(&guest, &leave, "l", Value::Null).await, 409, "diner-left");
    let join = place.at(&format!("/sessions/{}/join", place.session));
    refused(&world.post(&guest, &join, "j", Value::Null).await, 409, "diner-left");
    let code = place.at(&format!("/sessions/{}/code", place.session));
    refused(&world.read(&guest, &code).await, 409, "diner-left");
    refused(&world.post(&guest, &format!("{code}/rotate"), "r", Value::Null).await, 409, "diner-left");
}

#[tokio::test]
async fn after_the_end_nobody_orders_asks_or_comes_in() {
    let world = World::start().await;
    let place = world.place().await;
    let (owner, guest, printed) = (world.owner(), world.diner(&place), world.printed(&place).await);
    let asked = world.ask(&printed).await;
    let digits = world.digits(&owner, &place).await;
    world.done(&owner, &place.at(&format!("/sessions/{}/close", place.session)), Value::Null).await;

    refused(&world.order(&guest, &place).await, 409, "session-closed");
    refused(&world.answer(&owner, &place, &asked, "approve").await, 409, "session-closed");
    refused(&world.type_digits(&place, &asked, digits.as_str().unwrap()).await, 409, "session-closed");
    refused(&world.scan(&printed, "a-key-that-nobody-else-has").await, 409, "no-open-session");
    assert_eq!(world.state(&place, &asked, 20).await.json()["state"], "closed");

    // The next guests at the table have digits of their own, and the old pass means nothing to them.
    let opened = world.done(&owner, &place.at(&format!("/tables/{}/sessions", place.tables[0])), Value::Null).await;
    let next = Place { session: id(&opened["id"]).into(), ..place.clone() };
    let join = next.at(&format!("/sessions/{}/join", next.session));
    refused(&world.post_with_pass(&asked.pass, &join, "k", json!({"code": "0000"})).await, 404, "not-found");
}

#[tokio::test]
async fn a_photo_of_the_printed_code_lets_one_ask_until_it_is_replaced() {
    let world = World::start().await;
    let place = world.place().await;
    let (owner, printed) = (world.owner(), world.printed(&place).await);
    let asked = world.ask(&printed).await;
    // Neither the code nor the pass is a token.
    for secret in [&printed, &asked.pass] {
        refused(&world.order(secret, &place).await, 401, "token-invalid");
        let headers = [("x-table-token", secret.as_str())];
        let code = world.get(&place.at(&format!("/sessions/{}/code", place.session)), &headers).await;
        refused(&code, 401, "token-invalid");
    }
    let table = place.at(&format!("/tables/{}/code", place.tables[0]));
    let reissued = world.done(&owner, &format!("{table}/reissue"), Value::Null).await;
    assert_eq!(reissued["issue"], json!(2));
    refused(&world.scan(&printed, "a-key-that-nobody-else-has").await, 404, "not-found");
    assert_eq!(world.state(&place, &asked, 0).await.json()["state"], "declined", "who asked with the old one");
    let replaced = world.read(&owner, &table).await.json();
    assert_eq!(replaced["issue"], json!(2));
    world.ask(replaced["code"].as_str().unwrap()).await;
}

#[tokio::test]
async fn codes_that_nobody_made_are_not_found() {
    let world = World::start().await;
    let place = world.place().await;
    let printed = world.printed(&place).await;
    let mut forged = printed.clone().into_bytes();
    forged[20] = if forged[20] == b'A' { b'B' } else { b'A' };
    for code in [String::from_utf8(forged).unwrap(), "x".to_owned(), Uuid::now_v7().to_string()] {
        refused(&world.scan(&code, "a-key-that-nobody-else-has").await, 404, "not-found");
    }
}

#[tokio::test]
async fn a_repeated_request_to_join_is_one_and_gets_the_same_pass() {
    let world = World::start().await;
    let place = world.place().await;
    let printed = world.printed(&place).await;
    let key = Uuid::now_v7().to_string();
    let (first, again) = (world.scan(&printed, &key).await, world.scan(&printed, &key).await);
    assert!(first.status == 200 && first.body == again.body && again.is_replayed(), "{again}");
    assert_eq!(world.count_of(place.restaurant, "table-session.join-requested").await, 1);
    let short = world.scan(&printed, "too-short").await;
    refused(&short, 400, "idempotency-key-invalid");
}

#[tokio::test]
async fn who_reads_receipts_and_events_cannot_ask_for_the_pass_of_somebody() {
    let world = World::start().await;
    let place = world.place().await;
    let printed = world.printed(&place).await;
    // As bad as a client may choose it.
    let asked = world.scan(&printed, "table-0000000012").await;
    let mut admin = sqlx::MySqlConnection::connect(&world.env.events_admin_url()).await.unwrap();
    let select = "SELECT idempotency_key FROM receipts WHERE principal LIKE 'table-%'";
    let stored: Vec<Vec<u8>> = sqlx::query_scalar(select).fetch_all(&mut admin).await.unwrap();
    let [stored] = stored.as_slice() else { panic!("{stored:?}") };
    let stored = String::from_utf8(stored.clone()).unwrap();
    assert!(!stored.contains("0000000012"), "{stored}");
    let other = world.scan(&printed, &stored).await;
    assert_eq!(other.status, 200, "{other}");
    assert!(!other.is_replayed() && other.json()["diner_id"] != asked.json()["diner_id"], "{other}");

    let mut reader = sqlx::MySqlConnection::connect(&world.env.access.reader).await.unwrap();
    let refused = sqlx::query(select).fetch_all(&mut reader).await.unwrap_err();
    assert!(refused.to_string().contains("denied"), "{refused}");
}

#[tokio::test]
async fn who_waits_is_told_as_soon_as_somebody_answers() {
    let world = World::start().await;
    let place = world.place().await;
    let asked = world.ask(&world.printed(&place).await).await;
    let answer = async {
        // The order of these two does not matter: who asks later is told at once.
        tokio::task::yield_now().await;
        world.answer(&world.owner(), &place, &asked, "approve").await
    };
    let (state, approved) = tokio::join!(world.state(&place, &asked, 25), answer);
    assert_eq!(approved.status, 200);
    assert_eq!(state.json()["state"], "joined", "{state}");
    refused(
        &world.get(&place.at(&format!("/sessions/{}/join-requests/{}", asked.session, asked.diner)), &[]).await,
        401,
        "token-missing",
    );
}

#[tokio::test]
async fn the_printed_code_is_a_picture_with_the_label_of_the_table() {
    let world = World::start().await;
    let place = world.place().await;
    let picture = world.read(&world.owner(), &place.at(&format!("/tables/{}/code.svg", place.tables[1]))).await;
    assert_eq!((picture.status, picture.header("content-type")), (200, Some("image/svg+xml")));
    let text = String::from_utf8(picture.body).unwrap();
    assert!(text.starts_with("<svg ") && text.contains(">2</text>"));
    let unknown = world.read(&world.owner(), &place.at(&format!("/tables/{}/code", Uuid::now_v7()))).await;
    refused(&unknown, 404, "not-found");
}

#[tokio::test]
async fn no_code_and_no_pass_is_stored_anywhere() {
    let world = World::start().await;
    let place = world.place().await;
    let printed = world.printed(&place).await;
    let asked = world.ask(&printed).await;
    let digits = world.digits(&world.owner(), &place).await;
    assert_eq!(world.type_digits(&place, &asked, digits.as_str().unwrap()).await.status, 200);
    for (event, text) in world.events(place.restaurant).await.iter().map(|event| {
        (event, String::from_utf8(event.payload.to_vec()).unwrap() + &serde_json::to_string(&event.metadata).unwrap())
    }) {
        let held = text.contains(&printed) || text.contains(&asked.pass) || text.contains(&format!("{digits}"));
        assert!(!held, "{} holds a secret: {text}", event.event_type);
    }
    let mut writer = sqlx::MySqlConnection::connect(&world.env.access.writer).await.unwrap();
    let bodies: Vec<Vec<u8>> = sqlx::query_scalar("SELECT body FROM receipts").fetch_all(&mut writer).await.unwrap();
    assert!(!bodies.is_empty());
    assert!(bodies.iter().all(|body| !String::from_utf8_lossy(body).contains(&asked.pass)));
}
