//! A restaurant and what people do in it, over HTTP.

use crate::installation::{Installation, Service};
use domain::ids::RestaurantId;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// How long a connection may be kept without a request.
const IDLE: Duration = Duration::from_secs(2);
/// How long a command may be repeated while services are away.
const PATIENCE: Duration = Duration::from_secs(40);

/// An answer to a command.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) replayed: bool,
    pub(crate) location: Option<String>,
    pub(crate) bytes: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or(Value::Null)
    }

    /// Fails unless the status is this one.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", String::from_utf8_lossy(&self.bytes));
        self.json()
    }
}

/// Speaks to services with one token.
#[derive(Clone)]
pub(crate) struct Caller {
    http: reqwest::Client,
    token: String,
    traceparent: Option<String>,
    correlation: Option<String>,
}

impl Caller {
    pub(crate) fn new(token: String) -> Self {
        // Connections that went silent are not tried one after another: those that were idle meanwhile are dropped.
        let http = reqwest::Client::builder().timeout(Duration::from_secs(30)).pool_idle_timeout(IDLE).build().unwrap();
        Self { http, token, traceparent: None, correlation: None }
    }

    /// Speaks as part of this trace.
    pub(crate) fn traced(mut self, traceparent: &str) -> Self {
        self.traceparent = Some(traceparent.to_owned());
        self
    }

    /// Speaks with this correlation id.
    pub(crate) fn correlated(mut self, id: &str) -> Self {
        self.correlation = Some(id.to_owned());
        self
    }

    /// One command, once.
    pub(crate) async fn post(&self, base: &str, path: &str, key: &str, body: &Value) -> Result<Answer, reqwest::Error> {
        let request = self.http.request(Method::POST, format!("{base}/v1/restaurants{path}"));
        let request = request.bearer_auth(&self.token).header("Idempotency-Key", key).json(body);
        let more = [("traceparent", &self.traceparent), ("x-correlation-id", &self.correlation)];
        let request = more.into_iter().fold(request, |request, (name, value)| match value {
            Some(value) => request.header(name, value),
            None => request,
        });
        let answer = request.send().await?;
        let header = |name: &str| answer.headers().get(name).and_then(|it| it.to_str().ok()).map(str::to_owned);
        let (replayed, location) = (header("idempotency-replayed").is_some(), header("location"));
        Ok(Answer { status: answer.status(), replayed, location, bytes: answer.bytes().await?.to_vec() })
    }

    /// One command, repeated with its key until a service has answered it.
    pub(crate) async fn command(&self, bases: &[String], path: &str, key: &str, body: &Value) -> Answer {
        let end = Instant::now() + PATIENCE;
        let mut tries = 0;
        loop {
            let base = &bases[tries % bases.len()];
            tries += 1;
            match self.post(base, path, key, body).await {
                Ok(answer) if answer.status != StatusCode::SERVICE_UNAVAILABLE => return answer,
                seen => assert!(Instant::now() < end, "{path} has no answer: {seen:?}"),
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Asks once; the status and what was answered.
    pub(crate) async fn ask(&self, base: &str, path: &str) -> Result<(StatusCode, Value), reqwest::Error> {
        let answer = self.http.get(format!("{base}/v1/restaurants{path}")).bearer_auth(&self.token).send().await?;
        let (status, bytes) = (answer.status(), answer.bytes().await?);
        Ok((status, serde_json::from_slice(&bytes).unwrap_or(Value::Null)))
    }

    /// A read model, as of this position or later.
    pub(crate) async fn get(&self, base: &str, path: &str, min_position: u64) -> Value {
        let mark = if path.contains('?') { '&' } else { '?' };
        let url = format!("{base}/v1/restaurants{path}{mark}min_position={min_position}");
        let answer = self.http.get(&url).bearer_auth(&self.token).send().await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert!(status.is_success(), "{url}: {status} {text}");
        serde_json::from_str(&text).unwrap()
    }
}

/// A restaurant with guests at its first table.
pub(crate) struct Restaurant {
    pub(crate) id: RestaurantId,
    pub(crate) table: String,
    pub(crate) session: String,
    pub(crate) burger: String,
    pub(crate) beer: String,
    pub(crate) manager: Caller,
    pub(crate) guest: Caller,
    pub(crate) guest_token: String,
}

impl Restaurant {
    /// Opens a restaurant named `name`, with a grill, a bar, two items, and a guest who has joined.
    pub(crate) async fn open(installation: &Installation, command: &Service, name: &str) -> Self {
        let base = command.url();
        let manager = Caller::new(installation.staff("owner"));
        let say = async |path: String, key: &str, body: Value, status: u16| {
            manager.post(&base, &path, key, &body).await.unwrap().expect(status)
        };
        let created = say(String::new(), &format!("create-{name}"), creation(name), 201).await;
        let id = created["id"].as_str().unwrap().to_owned();
        let item = |name: &str, station: &str| json!({"name": name, "price": {"amount": 1000, "currency": "EUR"}, "tax_rate_bp": 1000, "station": station});
        let burger = say(format!("/{id}/menu/items"), "burger", item("Burger", "grill"), 201).await;
        let beer = say(format!("/{id}/menu/items"), "beer", item("Beer", "bar"), 201).await;
        let table = created["tables"][0]["table_id"].as_str().unwrap().to_owned();
        let opened = say(format!("/{id}/tables/{table}/sessions"), "open", json!({}), 201).await;
        let session = opened["id"].as_str().unwrap().to_owned();
        let guest_token = installation.guest(id.parse().unwrap(), table.parse().unwrap(), session.parse().unwrap());
        let guest = Caller::new(guest_token.clone());
        let joined = guest.post(&base, &format!("/{id}/sessions/{session}/join"), "join", &json!({})).await.unwrap();
        assert_eq!(joined.expect(200)["number"], 1);
        let text = |value: &Value| value["item_id"].as_str().unwrap().to_owned();
        let (burger, beer) = (text(&burger), text(&beer));
        Self { id: id.parse().unwrap(), table, session, burger, beer, manager, guest, guest_token }
    }

    pub(crate) fn path(&self, rest: &str) -> String {
        format!("/{}{rest}", self.id)
    }

    /// A burger and two beers.
    pub(crate) fn order(&self) -> Value {
        json!({"session_id": self.session, "lines": [
            {"item_id": self.burger, "quantity": 1}, {"item_id": self.beer, "quantity": 2, "note": "cold"}]})
    }

    /// Places and accepts an order; both are repeated until they are answered. Gives its id.
    pub(crate) async fn fire(&self, bases: &[String], key: &str) -> String {
        let placed = self.guest.command(bases, &self.path("/orders"), key, &self.order()).await.expect(201);
        let order = placed["id"].as_str().unwrap().to_owned();
        let accept = self.path(&format!("/orders/{order}/accept"));
        self.manager.command(bases, &accept, &format!("{key}-accept"), &json!({})).await.expect(200);
        order
    }
}

fn creation(name: &str) -> Value {
    json!({"name": name, "currency": "EUR", "time_zone": "Europe/Madrid",
        "stations": [{"key": "grill", "name": "Grill"}, {"key": "bar", "name": "Bar"}],
        "tables": [{"label": "1", "seats": 4}, {"label": "2", "seats": 2}]})
}
