//! Nonsense and malice: the right problem, nothing stored, never our fault.

use crate::support::{Place, Request, World, item_body, restaurant_body};
use serde_json::{Value, json};
use uuid::Uuid;

/// One request that must be refused.
struct Bad {
    what: &'static str,
    path: String,
    body: Vec<u8>,
    status: u16,
    code: &'static str,
    pointer: &'static str,
}

fn bad(what: &'static str, path: &str, body: impl std::fmt::Display, status: u16, code: &'static str) -> Bad {
    Bad { what, path: path.to_owned(), body: body.to_string().into_bytes(), status, code, pointer: "" }
}

impl Bad {
    fn at(self, pointer: &'static str) -> Self {
        Self { pointer, ..self }
    }
}

fn field(what: &'static str, path: &str, body: impl std::fmt::Display, pointer: &'static str) -> Bad {
    bad(what, path, body, 400, "invalid-field").at(pointer)
}

async fn refused(world: &World, place: &Place, bad: Bad) {
    let (token, key) = (world.owner(), Uuid::now_v7().to_string());
    let before = world.position(place.restaurant).await;
    let headers = [("content-type", "application/json")];
    let request = Request { path: &bad.path, token: Some(&token), key: Some(&key), headers: &headers, body: bad.body };
    let answer = world.send(request).await;
    assert_eq!((answer.status, &*answer.code()), (bad.status, bad.code), "{}: {answer}", bad.what);
    if !bad.pointer.is_empty() {
        assert_eq!(answer.json()["errors"][0]["pointer"], bad.pointer, "{}: {answer}", bad.what);
    }
    assert_eq!(world.position(place.restaurant).await, before, "{} was stored", bad.what);
}

/// The body with this value at this place, which need not exist.
fn with(mut body: Value, pointer: &str, value: Value) -> Value {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    match body.pointer_mut(parent).unwrap() {
        Value::Array(entries) => entries[name.parse::<usize>().unwrap()] = value,
        members => members[name] = value,
    }
    body
}

fn of_orders(place: &Place) -> Vec<Bad> {
    let path = place.at("/orders");
    let order = place.order_body();
    let line = |value: Value| with(order.clone(), "/lines/0/quantity", value);
    let lines = |count: usize| with(order.clone(), "/lines", vec![order["lines"][0].clone(); count].into());
    let zeros = with(order.clone(), "/lines", vec![json!(0); 10_000].into());
    let text = order.to_string();
    vec![
        bad("truncated JSON", &path, &text[..text.len() - 1], 400, "malformed-json"),
        bad("two documents", &path, format!("{text}{text}"), 400, "malformed-json"),
        bad("no body at all", &path, "", 400, "malformed-json"),
        bad("no JSON", &path, "lines=1", 400, "malformed-json"),
        bad("a million brackets", &path, "[".repeat(200_000), 400, "invalid-field"),
        bad("deep nesting", &path, format!("{{\"note\":{}", "[".repeat(200_000)), 400, "invalid-field"),
        bad("2 MiB", &path, " ".repeat(2 << 20), 413, "body-too-large"),
        bad("10,000 whole lines", &path, lines(10_000), 413, "body-too-large"),
        field("10,000 short lines", &path, zeros, "/lines/0"),
        field("101 lines", &path, lines(101), "/lines"),
        field("no lines", &path, lines(0), "/lines"),
        field("a negative quantity", &path, line(json!(-1)), "/lines/0/quantity"),
        field("no quantity", &path, line(json!(0)), "/lines/0/quantity"),
        field("a thousand", &path, line(json!(1_000)), "/lines/0/quantity"),
        field("2^64", &path, line(json!(18_446_744_073_709_551_615_u64)), "/lines/0/quantity"),
        field("half a burger", &path, line(json!(0.5)), "/lines/0/quantity"),
        field("a text for a number", &path, line(json!("2")), "/lines/0/quantity"),
        field("an unknown field", &path, with(order.clone(), "/tip", json!(1)), "/tip"),
        field(
            "a price of one's own",
            &path,
            with(order.clone(), "/lines/0/unit_price", json!(1)),
            "/lines/0/unit_price",
        ),
        field("no id", &path, with(order.clone(), "/lines/1/item_id", json!("1")), "/lines/1/item_id"),
        field("a novel", &path, with(order.clone(), "/note", json!("a".repeat(201))), "/note"),
        field("a bell", &path, with(order.clone(), "/note", json!("a\u{7}")), "/note"),
        bad(
            "an item of nobody",
            &path,
            with(order.clone(), "/lines/0/item_id", json!(Uuid::max())),
            409,
            "unknown-item",
        ),
        bad(
            "a session of nobody",
            &path,
            with(order.clone(), "/session_id", json!(Uuid::max())),
            409,
            "unknown-session",
        ),
    ]
}

fn of_paths(place: &Place) -> Vec<Bad> {
    let nobody = Uuid::max();
    let not_found = |rest: &str| bad("an id of nobody", &place.at(rest), "{}", 404, "not-found");
    vec![
        not_found(&format!("/orders/{nobody}/accept")),
        not_found(&format!("/orders/{}/accept", place.session)),
        not_found("/orders/1/accept"),
        not_found(&format!("/orders/{nobody}/lines/{nobody}/start")),
        not_found(&format!("/tables/{nobody}/sessions")),
        not_found(&format!("/sessions/{nobody}/close")),
        not_found(&format!("/menu/items/{nobody}/withdraw")),
        not_found(&format!("/menu/items/{}/withdraw", place.burger.to_string().to_uppercase())),
        bad("a restaurant of nobody", &format!("/v1/restaurants/{nobody}/menu/items"), "{}", 404, "not-found"),
        field("a body where none is", &place.at(&format!("/menu/items/{}/withdraw", place.burger)), r#"{"a":1}"#, "/a"),
        bad(
            "an unknown reason",
            &place.at(&format!("/orders/{nobody}/reject")),
            r#"{"reason":"x"}"#,
            400,
            "invalid-field",
        ),
    ]
}

fn of_menus(place: &Place) -> Vec<Bad> {
    let path = place.at("/menu/items");
    let item = item_body("Soup", 600, "grill");
    let amount = |value: Value| with(item.clone(), "/price/amount", value);
    vec![
        field("a negative price", &path, amount(json!(-1)), "/price"),
        field("a price beyond the bound", &path, amount(json!(1_000_000_000_001_i64)), "/price"),
        field("a price beyond 64 bits", &path, amount(json!(1e30)), "/price/amount"),
        field("a broken price", &path, amount(json!(12.5)), "/price/amount"),
        field(
            "a currency in small letters",
            &path,
            with(item.clone(), "/price/currency", json!("eur")),
            "/price/currency",
        ),
        field("more tax than price", &path, with(item.clone(), "/tax_rate_bp", json!(10_001)), "/tax_rate_bp"),
        field("a station with spaces", &path, with(item.clone(), "/station", json!("the grill")), "/station"),
        field("no name", &path, with(item, "/name", json!("  ")), "/name"),
        field("no field at all", &path, "{}", "/name"),
    ]
}

fn of_restaurants() -> Vec<Bad> {
    let path = "/v1/restaurants";
    let body = restaurant_body("Casa Mala");
    let table = json!({"label": "1", "seats": 2});
    vec![
        field("the same station twice", path, with(body.clone(), "/stations/1/key", json!("grill")), "/stations/1/key"),
        field("the same label twice", path, with(body.clone(), "/tables/1/label", json!("1")), "/tables/1/label"),
        field("a table for nobody", path, with(body.clone(), "/tables/0/seats", json!(0)), "/tables/0/seats"),
        field("501 tables", path, with(body.clone(), "/tables", vec![table; 501].into()), "/tables"),
        field("no time zone", path, with(body, "/time_zone", json!("on the left")), "/time_zone"),
    ]
}

#[tokio::test]
async fn nonsense_is_refused_precisely_and_nothing_is_stored() {
    let world = World::start().await;
    let place = world.place().await;
    let all = [of_orders(&place), of_paths(&place), of_menus(&place), of_restaurants()];
    for bad in all.into_iter().flatten() {
        refused(&world, &place, bad).await;
    }
    let feeds = world.reader.all_heads(None, 100).await.unwrap();
    assert_eq!(feeds.len(), 1, "a restaurant was created from nonsense");
}

#[tokio::test]
async fn a_total_that_no_money_can_be_is_refused() {
    let world = World::start().await;
    let place = world.place().await;
    let gold = item_body("Gold", 1_000_000_000_000, "bar");
    let gold = world.done(&world.owner(), &place.at("/menu/items"), gold).await["item_id"].clone();
    let body = json!({"session_id": place.session, "lines": [{"item_id": gold, "quantity": 999}]});
    refused(&world, &place, bad("999 bars of gold", &place.at("/orders"), body, 409, "amount-too-large")).await;
    let line = json!({"item_id": gold, "quantity": 1});
    let body = json!({"session_id": place.session, "lines": [line, line]});
    refused(&world, &place, bad("2 bars of gold", &place.at("/orders"), body, 409, "amount-too-large")).await;
}

#[tokio::test]
async fn headers_are_looked_at_in_the_order_of_the_contract() {
    let world = World::start().await;
    let place = world.place().await;
    let (path, nowhere) = (place.at("/orders"), format!("/v1/restaurants/{}/orders", Uuid::max()));
    let (owner, key, long) = (world.owner(), Some("k"), "k".repeat(256));
    let (json, text) = ([("content-type", "application/json")], [("content-type", "text/plain")]);
    let huge = vec![b' '; 300_000];
    let send = async |path: &str, token: Option<&str>, key: Option<&str>, headers: &[(&str, &str)], body: &[u8]| {
        let answer = world.send(Request { path, token, key, headers, body: body.to_vec() }).await;
        format!("{} {}", answer.status, answer.code())
    };
    assert_eq!(send(&nowhere, None, None, &text, &huge).await, "413 body-too-large");
    assert_eq!(send(&nowhere, None, None, &text, b"x").await, "415 unsupported-media-type");
    assert_eq!(send(&nowhere, None, None, &json, b"x").await, "401 token-missing");
    assert_eq!(send(&nowhere, Some(&owner), None, &json, b"x").await, "404 not-found");
    let cook = world.role(&place, "kitchen");
    assert_eq!(send(&path, Some(&cook), None, &json, b"x").await, "403 permission-missing");
    assert_eq!(send(&path, Some(&owner), None, &json, b"x").await, "400 idempotency-key-missing");
    assert_eq!(send(&path, Some(&owner), Some(&long), &json, b"x").await, "400 idempotency-key-invalid");
    assert_eq!(send(&path, Some(&owner), Some("a b"), &json, b"x").await, "400 idempotency-key-invalid");
    assert_eq!(send(&path, Some(&owner), key, &json, b"x").await, "400 malformed-json");
    assert_eq!(send(&path, Some(&owner), key, &json, b"{\"note\":\"\xff\"}").await, "400 malformed-json");
    // None of this has left a receipt: the key is still free.
    let order = place.order_body().to_string();
    assert_eq!(send(&path, Some(&owner), key, &json, order.as_bytes()).await, "201 ok");
}
