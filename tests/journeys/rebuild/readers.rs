//! People who look at orders all the time, and notice everything that is not as it should be.

use super::noon::Noon;
use crate::{installation::Service, restaurant::Caller};
use serde_json::Value;
use std::time::Duration;
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

/// The pause of each between two questions.
const BETWEEN_QUESTIONS: Duration = Duration::from_millis(20);

impl Noon {
    /// Readers that ask again and again, of every service, and look at every answer.
    pub(super) async fn readers(&self, services: &[&Service], stop: &CancellationToken) -> Vec<AbortOnDropHandle<u64>> {
        let mut readers = Vec::new();
        for place in &self.places {
            let token = Caller::new(self.installation.staff("owner"));
            let path = format!("/{}/orders", place.restaurant);
            let past = token.get(&services[0].url(), &format!("{path}?state=served&limit=3"), 0).await;
            let reader = Reader {
                caller: token,
                path,
                bases: services.iter().map(|service| service.url()).collect(),
                past: past["items"].as_array().unwrap().clone(),
                cursor: 0,
            };
            assert_eq!(reader.past.len(), 3);
            readers.push(AbortOnDropHandle::new(tokio::spawn(reader.read(stop.clone()))));
        }
        readers
    }
}

/// Somebody who looks at a restaurant's orders.
struct Reader {
    caller: Caller,
    path: String,
    bases: Vec<String>,
    /// Orders of the past: they never change.
    past: Vec<Value>,
    cursor: u64,
}

impl Reader {
    async fn read(mut self, stop: CancellationToken) -> u64 {
        let mut reads = 0;
        while !stop.is_cancelled() {
            for base in self.bases.clone() {
                self.read_page(&base).await;
                self.read_one(&base, reads).await;
                reads += 2;
            }
            tokio::time::sleep(BETWEEN_QUESTIONS).await;
        }
        reads
    }

    /// Never empty, never backwards, never an order that is placed after where the answer stands.
    async fn read_page(&mut self, base: &str) {
        let page = self.caller.get(base, &format!("{}?limit=20", self.path), 0).await;
        self.moved(&page);
        let items = page["items"].as_array().unwrap();
        assert_eq!(items.len(), 20);
        for order in items {
            let lines = order["lines"].as_array().unwrap();
            assert_eq!(lines.len(), 2, "an order without its lines: {order}");
        }
    }

    async fn read_one(&mut self, base: &str, reads: u64) {
        let expected = self.past[usize::try_from(reads).unwrap() % self.past.len()].clone();
        let id = expected["order_id"].as_str().unwrap();
        let mut order = self.caller.get(base, &format!("{}/{id}", self.path), 0).await;
        self.moved(&order);
        order.as_object_mut().unwrap().remove("cursor");
        assert_eq!(order, expected);
    }

    fn moved(&mut self, answer: &Value) {
        let cursor = answer["cursor"]["position"].as_u64().unwrap();
        assert!(cursor >= self.cursor, "from {} back to {cursor}", self.cursor);
        self.cursor = cursor;
    }
}
