//! Who gets in where: every route and every scope of all services against everybody who may try. The file
//! `rights.txt` beside this one says what is expected.
//!
//! Commands are sent without an idempotency key and with half a body. Both are looked at after the rights, so
//! who may do something is told what is wrong with the request, and nothing is done.

use crate::{
    console::Socket,
    installation::{Installation, Service},
    restaurant::{Caller, Restaurant},
};
use chrono::{Duration, Utc};
use domain::ids::{DinerId, TenantId};
use identity::{
    Claims,
    claims::{At, Holder},
    revocation::{Entry, Revoked},
    roles::{TEMPLATES, permissions_of},
};
use messaging::{Bucket, Namespace};
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use std::{collections::BTreeSet, process::Command};
use testkit::wait_until;
use uuid::Uuid;

/// Where it says what is expected.
const TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/journeys/rights.txt");

/// Everybody who is no role.
const OTHERS: [&str; 10] = [
    "no-token",
    "forged",
    "expired",
    "revoked",
    "stranger",
    "elsewhere",
    "guest",
    "other-table",
    "guest-left",
    "yesterday",
];

/// Parts of a feed, as sockets and streams of server-sent events name them.
const SCOPES: [&str; 5] = ["kitchen:grill", "floor", "audit", "table-session:{session}", "order:{order}"];

/// Who tries: the roles, then the others.
fn columns() -> Vec<&'static str> {
    TEMPLATES.iter().map(|(role, _)| *role).chain(OTHERS).collect()
}

/// A line of the table: a route or a scope, and what each column gets.
struct Row {
    what: String,
    cells: Vec<String>,
}

fn rows() -> Vec<Row> {
    let table = std::fs::read_to_string(TABLE).unwrap();
    let lines = table.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty());
    let row = |line: &str| {
        let mut words = line.split_whitespace().map(str::to_owned);
        let what = format!("{} {}", words.next().unwrap(), words.next().unwrap());
        Row { what, cells: words.collect() }
    };
    lines.map(row).collect()
}

/// Every operation of the document, and every scope.
fn targets() -> BTreeSet<String> {
    let output = Command::new(env!("CARGO_BIN_EXE_aris")).arg("openapi").output().unwrap();
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    let scopes = SCOPES.iter().flat_map(|scope| [format!("SOCKET {scope}"), format!("STREAM {scope}")]);
    let mut targets: BTreeSet<String> = scopes.collect();
    for (path, item) in document["paths"].as_object().unwrap() {
        let methods = ["get", "post", "put", "patch", "delete"].into_iter().filter(|method| !item[method].is_null());
        targets.extend(methods.map(|method| format!("{} {path}", method.to_uppercase())));
    }
    // The scopes say who may.
    targets.remove("GET /v1/realtime");
    targets.remove("GET /v1/restaurants/{restaurant}/events");
    targets
}

#[test]
fn every_route_and_every_scope_has_a_row_and_every_row_is_one() {
    let table: BTreeSet<String> = rows().into_iter().map(|row| row.what).collect();
    assert_eq!(table, targets());
    assert!(rows().iter().all(|row| row.cells.len() == columns().len()), "a row has too many cells, or too few");
}

/// What the document says is what the table says: a route's permission decides for roles.
#[test]
fn roles_get_in_where_the_document_says_so() {
    let output = Command::new(env!("CARGO_BIN_EXE_aris")).arg("openapi").output().unwrap();
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    for Row { what, cells } in rows().into_iter().filter(|row| row.what.contains(" /")) {
        let (method, path) = what.split_once(' ').unwrap();
        let permission = &document["paths"][path][method.to_lowercase()]["x-permission"];
        let Some(Ok(permission)) = permission.as_str().map(str::parse) else { continue };
        for ((role, _), cell) in TEMPLATES.iter().zip(cells) {
            let may = permissions_of(role).unwrap().contains(&permission);
            assert_eq!(cell, if may { "ok" } else { "403" }, "{role} at {what}");
        }
    }
}

/// A restaurant with a served table, and everybody who tries.
struct Stage {
    installation: Installation,
    all: Service,
    place: Restaurant,
    order: String,
    /// What is printed on the table.
    code: String,
    http: Client,
}

impl Stage {
    async fn new() -> Self {
        let mut installation = Installation::new().await;
        // One person does here what a hundred do.
        installation
            .settings
            .extend(["ARIS_LIMIT_ADDRESS_UNKNOWN", "ARIS_LIMIT_SOCKET", "ARIS_LIMIT_GUEST_READ"].map(|it| (it, "off")));
        let all = installation.serve("all").await;
        let tenant = sign_up(&all).await;
        installation.tenant = tenant;
        let place = Restaurant::open(&installation, &all, "Casa").await;
        let ordered = place.guest.post(&all.url(), &place.path("/orders"), "one", &place.order()).await.unwrap();
        let order = ordered.expect(201)["id"].as_str().unwrap().to_owned();
        let owner = Caller::new(installation.staff("owner"));
        let (_, printed) = owner.ask(&all.url(), &place.path(&format!("/tables/{}/code", place.table))).await.unwrap();
        let code = printed["code"].as_str().unwrap().to_owned();
        let stage = Self { installation, all, place, order, code, http: Client::new() };
        stage.revoke().await;
        stage.leave().await;
        stage
    }

    /// What the token of the column `revoked` was revoked by, in every service.
    async fn revoke(&self) {
        let env = &self.installation.env;
        let nats = messaging::connect(&env.nats_url, "revoker").await.unwrap();
        let bucket = Bucket::revocations(nats, &Namespace::new(&env.nats_prefix));
        let entry = Entry::until(Utc::now() + Duration::hours(1));
        bucket.put(&Revoked::Device(DEVICE).to_string(), entry.to_json().into()).await.unwrap();
        let path = format!("/v1/restaurants{}", self.place.path(""));
        wait_until("the revocation is known", PATIENCE, async || {
            self.status("revoked", "GET", &path).await == StatusCode::UNAUTHORIZED
        })
        .await;
    }

    /// The guest of the column `guest-left` came, and left.
    async fn leave(&self) {
        let (base, guest) = (self.all.url(), Caller::new(self.token("guest-left")));
        for step in ["join", "leave"] {
            let path = self.place.path(&format!("/sessions/{}/{step}", self.place.session));
            guest.post(&base, &path, step, &json!({})).await.unwrap().expect(200);
        }
        let path = format!("/v1/restaurants{}", self.place.path(""));
        wait_until("who left is out", PATIENCE, async || {
            self.status("guest-left", "GET", &path).await == StatusCode::UNAUTHORIZED
        })
        .await;
    }

    fn token(&self, column: &str) -> String {
        let tenant = self.installation.tenant;
        let owner = permissions_of("owner").unwrap();
        let staff = |tenant: TenantId, at: At, age: Duration| {
            Claims::staff("somebody", tenant, &["owner"], &[(at, owner)], Utc::now() - age, Duration::minutes(15))
        };
        let now = Duration::zero();
        match column {
            "no-token" => String::new(),
            "forged" => identity::SigningKey::generate().unwrap().sign(&staff(tenant, At::Everywhere, now)).unwrap(),
            "expired" => self.installation.sign(&staff(tenant, At::Everywhere, Duration::minutes(16))),
            "revoked" => {
                let mut claims = staff(tenant, At::Everywhere, now);
                let Holder::Staff { device, .. } = &mut claims.holder else { panic!("it is staff") };
                *device = Some(DEVICE);
                self.installation.sign(&claims)
            }
            "stranger" => self.installation.sign(&staff(Uuid::now_v7().into(), At::Everywhere, now)),
            "elsewhere" => self.installation.sign(&staff(tenant, At::Restaurant(Uuid::now_v7().into()), now)),
            "guest" => self.place.guest_token.clone(),
            "other-table" => self.guest(OTHER_SESSION, Uuid::now_v7().into(), now),
            "guest-left" => self.guest(self.place.session.parse().unwrap(), LEFT, now),
            "yesterday" => self.guest(OTHER_SESSION, Uuid::now_v7().into(), Duration::days(1)),
            role => {
                let rights = permissions_of(role).unwrap();
                let (who, age) = (Uuid::now_v7().to_string(), Duration::minutes(15));
                self.installation.sign(&Claims::staff(
                    who,
                    tenant,
                    &[role],
                    &[(At::Everywhere, rights)],
                    Utc::now(),
                    age,
                ))
            }
        }
    }

    fn guest(&self, session: Uuid, diner: DinerId, age: Duration) -> String {
        let at = (self.place.table.parse().unwrap(), session.into());
        let (tenant, made) = (self.installation.tenant, Utc::now() - age);
        self.installation.sign(&Claims::guest(diner, tenant, self.place.id, at, made, Duration::minutes(15)))
    }

    fn fill(&self, path: &str) -> String {
        let ids = [
            ("{restaurant}", self.place.id.to_string()),
            ("{session}", self.place.session.clone()),
            ("{table}", self.place.table.clone()),
            ("{order}", self.order.clone()),
            ("{item}", self.place.burger.clone()),
            ("{code}", self.code.clone()),
        ];
        let filled = ids.iter().fold(path.to_owned(), |path, (name, id)| path.replace(name, id));
        // Whatever else is named is not there.
        let parts = filled
            .split('{')
            .map(|part| part.split_once('}').map_or(part.to_owned(), |(_, rest)| format!("{}{rest}", Uuid::nil())));
        parts.collect()
    }

    /// Where server-sent events of a scope come from.
    fn events(&self, scope: &str) -> String {
        format!("/v1/restaurants{}?scope={scope}", self.place.path("/events"))
    }

    /// Whether this one gets in, as the table has it.
    async fn answer(&self, column: &str, method: &str, path: &str) -> String {
        match self.status(column, method, path).await.as_u16() {
            status @ (401 | 403 | 404) => status.to_string(),
            500.. => "broken".to_owned(),
            _ => "ok".to_owned(),
        }
    }

    /// What this one is answered.
    async fn status(&self, column: &str, method: &str, path: &str) -> StatusCode {
        let request = self.http.request(method.parse::<Method>().unwrap(), format!("{}{path}", self.all.url()));
        let request = match self.token(column) {
            token if token.is_empty() => request,
            token => request.bearer_auth(token),
        };
        let request =
            if method == "GET" { request } else { request.header("content-type", "application/json").body("{") };
        // A stream of events does not end.
        request.send().await.unwrap().status()
    }

    /// What became of a subscription.
    async fn subscription(&self, column: &str, scope: &str) -> String {
        let opened = Socket::try_open(&self.all.realtime(), &self.token(column), self.place.id, scope, None).await;
        let mut socket = match opened {
            Ok(socket) => socket,
            Err(why) => return closed(&why),
        };
        loop {
            match socket.frame().await {
                Ok(frame) if frame["t"] == "live" => return "ok".to_owned(),
                Ok(_) => {}
                Err(why) => return closed(&why),
            }
        }
    }
}

/// The code that a socket was closed with.
fn closed(why: &str) -> String {
    let codes = ["4003", "4004", "4101"];
    codes.into_iter().find(|code| why.contains(code)).unwrap_or_else(|| panic!("closed, but why? {why}")).to_owned()
}

async fn sign_up(all: &Service) -> TenantId {
    let body = json!({"name": "Grupo Casa", "owner_name": "Ana", "owner_email": "ana@casa.example"});
    let request = Client::new().post(format!("{}/v1/tenants", all.url())).header("idempotency-key", "sign-up");
    let answer: Value = request.json(&body).send().await.unwrap().json().await.unwrap();
    answer["id"].as_str().unwrap().parse().unwrap()
}

const PATIENCE: std::time::Duration = std::time::Duration::from_secs(30);
/// The log-in that was revoked.
const DEVICE: Uuid = Uuid::from_u128(0x0193_0000_0000_7000_8000_0000_0000_0001);
/// Who came and left.
const LEFT: DinerId = DinerId(Uuid::from_u128(0x0193_0000_0000_7000_8000_0000_0000_0002));
/// A session that this restaurant does not have.
const OTHER_SESSION: Uuid = Uuid::from_u128(0x0193_0000_0000_7000_8000_0000_0000_0003);

#[tokio::test(flavor = "multi_thread")]
async fn everybody_gets_in_where_the_table_says_and_nowhere_else() {
    let stage = Stage::new().await;
    let mut wrong = Vec::new();
    let mut seen = String::new();
    for Row { what, cells } in rows() {
        let (method, path) = what.split_once(' ').unwrap();
        let path = stage.fill(path);
        let mut line = format!("{what:<90}");
        for (column, expected) in columns().into_iter().zip(cells) {
            let got = match method {
                "STREAM" => stage.answer(column, "GET", &stage.events(&path)).await,
                "SOCKET" => stage.subscription(column, &path).await,
                _ => stage.answer(column, method, &path).await,
            };
            line.push_str(&format!("{got:<width$}", width = column.len().max(3) + 1));
            if got != expected {
                wrong.push(format!("{column} at {what}: {got}, expected {expected}"));
            }
        }
        seen.push_str(line.trim_end());
        seen.push('\n');
    }
    assert!(wrong.is_empty(), "{}\n\nwhat was seen:\n{seen}", wrong.join("\n"));
}
