//! Who looks while everything breaks: staff who read their own writes, and strangers.
//!
//! No answer, 503 and 409 (the model is behind) are allowed while something is broken. An answer is not
//! allowed to be older than what was asked for, or to go back, or to be for a stranger.

use super::{
    cast::Cast,
    house::House,
    ledger::Ledger,
    model::rank,
    violation::{Kind, Violation},
};
use rand::{RngExt, SeedableRng, rngs::StdRng, seq::IteratorRandom};
use reqwest::StatusCode;
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};
use tokio_util::task::AbortOnDropHandle;

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(150);
/// One look.
const LOOK_WITHIN: Duration = Duration::from_secs(10);

pub(super) struct Readers {
    _tasks: Vec<AbortOnDropHandle<()>>,
}

impl Readers {
    pub(super) fn start(cast: &Cast, houses: &[Arc<House>], ledger: &Arc<Ledger>, seed: u64) -> Self {
        let reader = |house: &Arc<House>| {
            let reader = Reader {
                house: Arc::clone(house),
                projections: cast.projections(),
                commands: cast.commands(),
                gateways: cast.gateways(),
                ledger: Arc::clone(ledger),
                random: StdRng::seed_from_u64(seed.wrapping_sub(house.number as u64)),
                seen: 0,
            };
            AbortOnDropHandle::new(tokio::spawn(reader.run()))
        };
        Self { _tasks: houses.iter().map(reader).collect() }
    }
}

struct Reader {
    house: Arc<House>,
    projections: Vec<String>,
    commands: Vec<String>,
    gateways: Vec<String>,
    ledger: Arc<Ledger>,
    random: StdRng,
    /// The furthest place of the model `orders` that was ever answered.
    seen: u64,
}

impl Reader {
    async fn run(mut self) {
        loop {
            self.read_own_write().await;
            self.look_at_the_list().await;
            self.be_a_stranger().await;
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// What was acknowledged before the question is in the answer.
    async fn read_own_write(&mut self) {
        let known = {
            let book = self.ledger.book();
            let mine = book.orders.iter().filter(|(_, order)| order.restaurant == self.house.number);
            // The newest are those that break: half of the time one of them.
            let newest = mine.clone().max_by_key(|(_, order)| order.position);
            let chosen = if self.random.random_bool(0.5) { newest } else { mine.choose(&mut self.random) };
            chosen.map(|(id, order)| (id.clone(), order.position, order.state()))
        };
        let Some((id, position, state)) = known else { return };
        let path = self.house.path(&format!("/orders/{id}?min_position={position}"));
        let Some((status, answer)) = self.look(&path).await else { return };
        let shown = answer["state"].as_str().unwrap_or_default();
        if status != StatusCode::OK {
            return self.accuse(Kind::Lost, format!("{path}: {status} {answer}, and it was acknowledged"));
        }
        if answer["cursor"]["position"].as_u64() < Some(position) || rank(shown) < rank(state) {
            self.accuse(Kind::Lost, format!("{path}: it was {state} already, and is shown as {answer}"));
        }
    }

    /// The model never goes back, whichever process answers.
    async fn look_at_the_list(&mut self) {
        let path = self.house.path("/orders?limit=1");
        let Some((status, answer)) = self.look(&path).await else { return };
        let at = answer["cursor"]["position"].as_u64();
        if status != StatusCode::OK {
            return self.accuse(Kind::Different, format!("{path}: {status} {answer}"));
        }
        if at < Some(self.seen) {
            self.accuse(Kind::Reordered, format!("{path}: stands at {at:?} and stood at {} before", self.seen));
        }
        self.seen = self.seen.max(at.unwrap_or_default());
    }

    /// Somebody of another tenant finds nothing and can do nothing: as if the restaurant were not there.
    async fn be_a_stranger(&mut self) {
        let stranger = &self.house.stranger;
        let orders = { self.ledger.book().orders.keys().choose(&mut self.random).cloned() };
        let order = orders.unwrap_or_else(|| uuid::Uuid::now_v7().to_string());
        let gateway = self.gateways.iter().choose(&mut self.random).map(|front| format!("http://{front}"));
        let (projection, command) = (one(&mut self.random, &self.projections), one(&mut self.random, &self.commands));
        let path = |rest: &str| self.house.path(rest);
        let accept = path(&format!("/orders/{order}/accept"));
        let key = format!("stranger-{}", self.random.random::<u64>());
        let posted = async {
            let body = json!({});
            stranger.post(&command, &accept, &key, &body).await.map(|answer| answer.status)
        };
        let answers = [
            (accept.clone(), within(posted).await),
            ask(stranger, &projection, path("/kitchen-board?station=grill")).await,
            ask(stranger, &projection, path(&format!("/orders/{order}"))).await,
            ask(stranger, &gateway.unwrap_or_default(), path("/events?scope=floor&after=1.0")).await,
        ];
        for (path, status) in answers {
            match status {
                Some(StatusCode::NOT_FOUND) => self.ledger.book().counts.strangers += 1,
                None | Some(StatusCode::SERVICE_UNAVAILABLE) => self.ledger.book().counts.reads_unanswered += 1,
                Some(status) => self.accuse(Kind::Foreign, format!("{path}: a stranger was answered {status}")),
            }
        }
    }

    /// An answer that says something; nothing when nobody could answer now.
    async fn look(&mut self, path: &str) -> Option<(StatusCode, Value)> {
        let base = one(&mut self.random, &self.projections);
        let answer = within(self.house.staff.ask(&base, path)).await;
        let unanswered = |status| matches!(status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::CONFLICT);
        let mut book = self.ledger.book();
        match answer {
            Some((status, answer)) if !unanswered(status) => {
                book.counts.reads += 1;
                Some((status, answer))
            }
            _ => {
                book.counts.reads_unanswered += 1;
                None
            }
        }
    }

    fn accuse(&self, kind: Kind, what: String) {
        self.ledger.accuse(Violation::new(kind, what));
    }
}

fn one(random: &mut StdRng, of: &[String]) -> String {
    of.iter().choose(random).cloned().unwrap_or_default()
}

async fn ask(who: &crate::restaurant::Caller, base: &str, path: String) -> (String, Option<StatusCode>) {
    let status = within(async { who.ask(base, &path).await.map(|(status, _)| status) }).await;
    (path, status)
}

async fn within<T>(answer: impl Future<Output = Result<T, reqwest::Error>>) -> Option<T> {
    tokio::time::timeout(LOOK_WITHIN, answer).await.ok()?.ok()
}
