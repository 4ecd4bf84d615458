//! The order that is sent over HTTP: the same bytes to everyone, but for token and key.

use crate::{restaurant::Restaurant, wire::Connection};
use anyhow::{Context, Result, ensure};
use serde_json::json;
use std::sync::Arc;
use uuid::Uuid;

/// Phones at each table, each with a token of its own.
pub(crate) const PHONES: usize = 20;

/// A request of one guest, but for its key.
pub(crate) struct Request {
    /// The place of the restaurant in its list.
    pub(crate) restaurant: usize,
    before: String,
    after: String,
}

impl Request {
    /// Three things for two each, with notes, in this restaurant.
    pub(crate) fn new(restaurant: usize, at: &Restaurant, token: &str) -> Self {
        let line = |item| json!({"item_id": item, "quantity": 2, "note": "sin cebolla"});
        let body = json!({
            "session_id": at.session,
            "note": "todo junto, por favor",
            "lines": at.items.map(line),
        });
        let body = body.to_string();
        let before = format!(
            "POST /v1/restaurants/{}/orders HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\nIdempotency-Key: ",
            at.id,
            body.len(),
        );
        Self { restaurant, before, after: format!("\r\n\r\n{body}") }
    }

    fn bytes(&self, key: Uuid) -> Vec<u8> {
        format!("{}{key}{}", self.before, self.after).into_bytes()
    }
}

/// An order that was acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Placed {
    /// The place of its restaurant in the list.
    pub(crate) restaurant: usize,
    pub(crate) order: Uuid,
}

/// A guest's connection.
pub(crate) struct Guest {
    connection: Connection,
    requests: Arc<[Request]>,
}

impl Guest {
    pub(crate) fn new(connection: Connection, requests: Arc<[Request]>) -> Self {
        Self { connection, requests }
    }

    /// Orders, in all restaurants in turn; anything but 201 is an error.
    pub(crate) async fn order(&mut self, number: u64) -> Result<Placed> {
        let request = &self.requests[usize::try_from(number)? % self.requests.len()];
        let answer = self.connection.ask(&request.bytes(Uuid::new_v4())).await?;
        ensure!(answer.status == 201, "an order was answered {}: {}", answer.status, answer.text());
        let order = id_after(answer.body, b"\"id\":\"").context("an answer without the order's id")?;
        Ok(Placed { restaurant: request.restaurant, order })
    }
}

/// The UUID that stands after these bytes.
pub(crate) fn id_after(text: &[u8], before: &[u8]) -> Option<Uuid> {
    let at = text.windows(before.len()).position(|bytes| bytes == before)? + before.len();
    Uuid::try_parse_ascii(text.get(at..at + uuid::fmt::Hyphenated::LENGTH)?).ok()
}

#[cfg(test)]
mod tests {
    use super::{Request, id_after};
    use crate::restaurant::Restaurant;
    use uuid::Uuid;

    #[test]
    fn the_length_is_that_of_the_body() {
        let request = Request::new(0, &Restaurant::new(), "t");
        let text = String::from_utf8(request.bytes(Uuid::nil())).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("Content-Length: {}\r\n", body.len())), "{head}");
        assert!(head.ends_with(&format!("Idempotency-Key: {}", Uuid::nil())));
    }

    #[test]
    fn an_id_is_found_where_it_stands() {
        let id = Uuid::now_v7();
        assert_eq!(id_after(format!(r#"{{"id":"{id}"}}"#).as_bytes(), b"\"id\":\""), Some(id));
        assert_eq!(id_after(b"{\"id\":\"short\"}", b"\"id\":\""), None);
    }
}
