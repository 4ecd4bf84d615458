//! Who orders, and what they were told.

use crate::restaurant::{Answer, Caller, Restaurant};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use reqwest::StatusCode;
use serde_json::{Value, json};
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tokio::sync::{OwnedRwLockWriteGuard, RwLock};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

/// Guests of each restaurant.
const GUESTS: usize = 2;
/// A command is repeated for so long; no fault lasts longer.
const PATIENCE: Duration = Duration::from_secs(120);
/// One try.
const TRY_WITHIN: Duration = Duration::from_secs(10);
/// Between two tries, and between two orders.
const PAUSE: Duration = Duration::from_millis(40);

/// A command that was answered 2xx.
#[derive(Debug, Clone)]
pub(super) struct Acknowledged {
    pub(super) restaurant: usize,
    pub(super) path: String,
    /// The aggregate, its version and the position, as the answer said.
    pub(super) id: String,
    pub(super) position: u64,
    pub(super) is_order: bool,
}

/// What all guests were told.
#[derive(Debug, Clone, Default)]
pub(super) struct Told {
    pub(super) sent: u64,
    pub(super) unknown: u64,
    pub(super) repeated: u64,
    pub(super) acknowledged: Vec<Acknowledged>,
}

/// Guests and the staff who accept their orders.
pub(super) struct Guests {
    told: Arc<Mutex<Told>>,
    gate: Arc<RwLock<()>>,
    paused: Mutex<Option<OwnedRwLockWriteGuard<()>>>,
    stop: CancellationToken,
    _tasks: Vec<AbortOnDropHandle<()>>,
}

impl Guests {
    pub(super) fn start(places: &[Arc<Restaurant>], commands: &[String], seed: u64) -> Self {
        let (told, gate) = (Arc::<Mutex<Told>>::default(), Arc::<RwLock<()>>::default());
        let stop = CancellationToken::new();
        let mut tasks = Vec::new();
        for (restaurant, place) in places.iter().enumerate() {
            for guest in 0..GUESTS {
                let name = restaurant * GUESTS + guest;
                let guest = Guest {
                    restaurant,
                    name,
                    place: Arc::clone(place),
                    commands: commands.to_vec(),
                    told: Arc::clone(&told),
                    random: StdRng::seed_from_u64(seed.wrapping_add(name as u64)),
                };
                let task = tokio::spawn(guest.run(Arc::clone(&gate), stop.clone()));
                tasks.push(AbortOnDropHandle::new(task));
            }
        }
        Self { told, gate, paused: Mutex::default(), stop, _tasks: tasks }
    }

    /// Waits until every command that was sent has its answer; then nobody orders.
    pub(super) async fn pause(&self) {
        let gate = tokio::time::timeout(PATIENCE + TRY_WITHIN, Arc::clone(&self.gate).write_owned()).await;
        *lock(&self.paused) = Some(gate.expect("a command has no answer"));
    }

    pub(super) fn go_on(&self) {
        lock(&self.paused).take();
    }

    pub(super) fn told(&self) -> Told {
        lock(&self.told).clone()
    }
}

impl Drop for Guests {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Guest {
    restaurant: usize,
    name: usize,
    place: Arc<Restaurant>,
    commands: Vec<String>,
    told: Arc<Mutex<Told>>,
    random: StdRng,
}

impl Guest {
    async fn run(mut self, gate: Arc<RwLock<()>>, stop: CancellationToken) {
        for number in 0_u64.. {
            if stop.is_cancelled() {
                return;
            }
            let open = gate.read().await;
            self.order(number).await;
            drop(open);
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Orders; staff accepts; now and then a message is sent once more.
    async fn order(&mut self, number: u64) {
        let place = Arc::clone(&self.place);
        let key = format!("{}-{number}", self.name);
        let placed = self.say(&place.guest, place.path("/orders"), &key, &place.order(), 201).await;
        let order = placed["id"].as_str().unwrap().to_owned();
        let accept = place.path(&format!("/orders/{order}/accept"));
        self.say(&place.manager, accept, &format!("{key}-accept"), &json!({}), 200).await;
    }

    async fn say(&mut self, caller: &Caller, path: String, key: &str, body: &Value, status: u16) -> Value {
        lock(&self.told).sent += 1;
        let answer = self.until_answered(caller, &path, key, body).await;
        assert_eq!(answer.status.as_u16(), status, "{path} {key}: {}", String::from_utf8_lossy(&answer.bytes));
        if self.random.random_bool(0.1) {
            let again = self.until_answered(caller, &path, key, body).await;
            assert_eq!((again.status, &again.bytes), (answer.status, &answer.bytes), "{path} {key}: another answer");
            assert!(again.replayed, "{path} {key} was done again");
            lock(&self.told).repeated += 1;
        }
        let said = answer.json();
        let (id, position) = (said["id"].as_str().unwrap().to_owned(), said["position"].as_u64().unwrap());
        let is_order = status == 201;
        lock(&self.told).acknowledged.push(Acknowledged { restaurant: self.restaurant, path, id, position, is_order });
        said
    }

    /// Sends it, to one process or another, until one has answered.
    async fn until_answered(&mut self, caller: &Caller, path: &str, key: &str, body: &Value) -> Answer {
        let end = Instant::now() + PATIENCE;
        loop {
            let base = self.commands[self.random.random_range(0..self.commands.len())].clone();
            let answer = tokio::time::timeout(TRY_WITHIN, caller.post(&base, path, key, body)).await;
            match answer {
                Ok(Ok(answer)) if answer.status != StatusCode::SERVICE_UNAVAILABLE => return answer,
                seen => assert!(Instant::now() < end, "{path} {key} has no answer: {seen:?}"),
            }
            lock(&self.told).unknown += 1;
            tokio::time::sleep(PAUSE).await;
        }
    }
}
