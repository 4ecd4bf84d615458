//! Everybody who gives commands: a party at each table, and whoever writes the menu.

use super::{
    cast::Cast,
    house::{House, TOKEN_FOR},
    ledger::Ledger,
    messenger::{ANSWERED_WITHIN, Messenger},
    party::{Party, Tokens},
    violation::Violation,
};
use rand::{SeedableRng, rngs::StdRng};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{OwnedRwLockWriteGuard, RwLock};
use tokio_util::task::AbortOnDropHandle;

/// By how much the clock of a guest's phone, and of who made its token, may be wrong.
const WRONG_CLOCK: chrono::Duration = chrono::Duration::hours(1);

/// Everybody who gives commands.
pub(super) struct Parties {
    gate: Arc<RwLock<()>>,
    paused: Mutex<Option<OwnedRwLockWriteGuard<()>>>,
    ledger: Arc<Ledger>,
    tasks: Vec<AbortOnDropHandle<()>>,
}

impl Parties {
    pub(super) fn start(cast: &Cast, houses: &[Arc<House>], ledger: &Arc<Ledger>, seed: u64) -> Self {
        let gate = Arc::<RwLock<()>>::default();
        let mut tasks = Vec::new();
        for house in houses {
            for table in 0..=house.tables.len() {
                let seed = seed.wrapping_add((house.number * 100 + table) as u64);
                let (random, ledger) = (StdRng::seed_from_u64(seed), Arc::clone(ledger));
                let party = Party {
                    name: format!("{}-{table}", house.number),
                    house: Arc::clone(house),
                    gate: Arc::clone(&gate),
                    messenger: Messenger { commands: cast.commands(), ledger, random },
                    said: 0,
                };
                let token = guest_tokens(cast, house, table);
                tasks.push(AbortOnDropHandle::new(match house.tables.get(table) {
                    Some(table) => tokio::spawn(party.dine(table.clone(), token)),
                    None => tokio::spawn(party.write_the_menu()),
                }));
            }
        }
        Self { gate, paused: Mutex::default(), ledger: Arc::clone(ledger), tasks }
    }

    /// Waits until every command that was sent has its answer; then nobody says anything.
    pub(super) async fn pause(&self) {
        let gate = Arc::clone(&self.gate).write_owned();
        match tokio::time::timeout(ANSWERED_WITHIN, gate).await {
            Ok(gate) => *self.paused.lock().unwrap_or_else(PoisonError::into_inner) = Some(gate),
            Err(_) => self.ledger.accuse(Violation::broken("a command has no answer")),
        }
        let gone = self.tasks.iter().filter(|task| task.is_finished()).count();
        if gone > 0 {
            self.ledger.accuse(Violation::broken(format!("{gone} parties cannot go on")));
        }
    }

    pub(super) fn go_on(&self) {
        self.paused.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

/// The guests of the first tables have a clock that is wrong, one way and the other.
fn guest_tokens(cast: &Cast, house: &House, table: usize) -> Tokens {
    let clock = match table {
        0 => WRONG_CLOCK,
        1 => -WRONG_CLOCK,
        _ => chrono::Duration::zero(),
    };
    let house_id = house.id;
    let table = house.tables.get(table).cloned().unwrap_or_default();
    let installation = Arc::clone(&cast.installation);
    Box::new(move |session| {
        let now = chrono::Utc::now() + clock;
        installation.guest_at(house_id, table.parse().unwrap(), session.parse().unwrap(), now, TOKEN_FOR)
    })
}
