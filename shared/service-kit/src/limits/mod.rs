//! How much one caller may ask and do, counted over all instances.
//!
//! Each instance has a bucket for each budget and caller, decides by itself, and tells the others ten
//! times a second what it gave. So no request waits for another machine, and all instances together
//! give no more than the limit and what one round of telling misses:
//!
//! `rate × time + burst + (instances − 1) × what one of them gives within a round`
//!
//! What was given too much is owed: it is earned back before more is given. While instances cannot
//! hear each other, each of them keeps the limit for itself; what was told meanwhile and arrives all at once
//! afterwards is passed over, for it would be counted as if it had been taken in that moment.
//!
//! [`Budget`] names what is counted, [`routes`] which route belongs where, and the middleware of
//! [`crate::http::app`] counts.

mod budget;
mod charge;
mod gossip;
mod lateness;
mod rate;
pub mod routes;
mod store;

pub use budget::{Budget, Rates};
pub use charge::Identify;
use charge::whole_seconds;
pub(crate) use charge::{POLICY, STANDING, charge};
pub use rate::{Empty, NoRate, Rate, Standing};

use crate::{
    client::counted_as,
    problem::{Code, Problem},
};
use bytes::Bytes;
use domain::ids::TenantId;
use gossip::Teller;
use http::HeaderValue;
use identity::Principal;
use lateness::Lateness;
use sha2::{Digest, Sha256};
use std::{
    net::IpAddr,
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use store::{Key, Store};

/// Buckets of holders of tokens that are remembered at once; about 10 MiB when all are in use.
const HOLDERS_MAX: usize = 131_072;
/// Buckets of addresses. Apart from the others, because anybody can come from many addresses.
const ADDRESSES_MAX: usize = 131_072;
/// Buckets that one round tells of; the rest waits for the next.
const TOLD_MAX: usize = 16 * gossip::ENTRIES_MAX;
/// How often instances tell each other.
pub const TELL_EVERY: Duration = Duration::from_millis(100);

/// The buckets of this process. Cheap to clone; clones share them.
#[derive(Debug, Clone)]
pub struct Limits(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    rates: Rates,
    /// What `RateLimit-Policy` says of each budget that is not off.
    policies: Vec<Option<HeaderValue>>,
    holders: Store,
    addresses: Store,
    started: Instant,
    instance: u64,
    lateness: Lateness,
    turn: AtomicUsize,
}

/// Something was taken from a bucket.
#[derive(Debug, Clone, Copy)]
pub struct Taken {
    /// The budget.
    pub budget: Budget,
    /// What it is for this caller.
    pub rate: Rate,
    /// How it stands now.
    pub standing: Standing,
}

/// Nothing was taken: the bucket is empty.
#[derive(Debug, Clone, Copy)]
pub(crate) struct UsedUp {
    budget: Budget,
    rate: Rate,
    empty: Empty,
}

/// Whom something is counted for, as a hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subject(u128);

impl Subject {
    /// A holder of tokens: all tokens of one person count together.
    #[must_use]
    pub fn holder(principal: &Principal) -> Self {
        Self::hash(b"holder", principal.tenant().0.as_bytes(), principal.sub().as_bytes())
    }

    /// A tenant.
    #[must_use]
    pub fn tenant(tenant: TenantId) -> Self {
        Self::hash(b"tenant", tenant.0.as_bytes(), &[])
    }

    /// An address; of IPv6 its network.
    #[must_use]
    pub fn address(address: IpAddr) -> Self {
        match counted_as(address) {
            IpAddr::V4(four) => Self::hash(b"address", &four.octets(), &[]),
            IpAddr::V6(six) => Self::hash(b"network", &six.octets(), &[]),
        }
    }

    fn hash(kind: &[u8], one: &[u8], other: &[u8]) -> Self {
        let digest = Sha256::new().chain_update(kind).chain_update(one).chain_update(other).finalize();
        let mut half = [0; 16];
        half.copy_from_slice(&digest[..16]);
        Self(u128::from_be_bytes(half))
    }
}

impl Limits {
    /// Buckets that fill at these rates, all full.
    #[must_use]
    pub fn new(rates: Rates) -> Self {
        // Sixteen hex digits of a random id; only has to differ between instances.
        let instance = uuid::Uuid::new_v4().as_u64_pair().0;
        let (holders, addresses) = (Store::new(HOLDERS_MAX), Store::new(ADDRESSES_MAX));
        let policies = Budget::ALL.iter().map(|budget| policy(*budget, rates.of(*budget)?)).collect();
        Self(Arc::new(Inner {
            rates,
            policies,
            holders,
            addresses,
            started: Instant::now(),
            instance,
            lateness: Lateness::default(),
            turn: AtomicUsize::new(0),
        }))
    }

    /// Takes one for this caller; `None` where the budget is off.
    ///
    /// # Errors
    /// `rate-limited`, with the time to wait.
    pub fn take(&self, budget: Budget, subject: Subject) -> Result<Option<Taken>, Problem> {
        self.take_own(budget, subject, None).map_err(UsedUp::problem)
    }

    /// The same for a caller that has so many requests in a minute of its own, and never more than the budget.
    pub(crate) fn take_own(
        &self,
        budget: Budget,
        subject: Subject,
        own: Option<NonZeroU32>,
    ) -> Result<Option<Taken>, UsedUp> {
        let Some(rate) = self.rate(budget, own) else { return Ok(None) };
        let key = Key { budget, subject: subject.0 };
        match self.store(budget).take(key, rate, own, self.now()) {
            Ok(standing) => Ok(Some(Taken { budget, rate, standing })),
            Err(empty) => Err(UsedUp { budget, rate, empty }),
        }
    }

    /// What `RateLimit-Policy` says of a budget.
    pub(crate) fn policy(&self, budget: Budget, rate: Rate) -> Option<HeaderValue> {
        if self.0.rates.of(budget) != Some(rate) {
            return policy(budget, rate);
        }
        self.0.policies.get(usize::from(budget.number())).cloned().flatten()
    }

    /// What a caller has of a budget; `None` where it is off.
    fn rate(&self, budget: Budget, own: Option<NonZeroU32>) -> Option<Rate> {
        let most = self.0.rates.of(budget)?;
        Some(own.and_then(Rate::per_minute).map_or(most, |own| own.lower(most)))
    }

    /// What this instance gave since it was last asked, for the others.
    #[must_use]
    pub fn news(&self) -> Vec<Bytes> {
        self.news_at(self.now())
    }

    fn news_at(&self, told_at: u64) -> Vec<Bytes> {
        let mut spent = self.0.holders.untold(TOLD_MAX);
        spent.extend(self.0.addresses.untold(TOLD_MAX));
        gossip::encode(Teller { instance: self.0.instance, told_at }, &spent)
    }

    /// What another instance gave. What cannot be read, or was held up on its way, is passed over.
    pub fn hear(&self, message: &[u8]) {
        self.hear_at(message, self.now());
    }

    fn hear_at(&self, message: &[u8], now: u64) {
        let Some((teller, all)) = gossip::decode(self.0.instance, message) else { return };
        if self.0.lateness.is_late(teller.instance, teller.told_at, now) {
            return;
        }
        for spent in all {
            if let Some(rate) = self.rate(spent.key.budget, spent.own) {
                self.store(spent.key.budget).owe(spent, rate, now);
            }
        }
    }

    /// Forgets some of the buckets that nobody uses. Call it with every round of telling.
    pub fn forget_idle(&self) {
        let turn = self.0.turn.fetch_add(1, Ordering::Relaxed);
        let now = self.now();
        self.0.holders.forget_idle(turn, now);
        self.0.addresses.forget_idle(turn, now);
        metrics::gauge!("limit_buckets").set((self.0.holders.len() + self.0.addresses.len()) as f64);
    }

    fn store(&self, budget: Budget) -> &Store {
        if budget.is_of_address() { &self.0.addresses } else { &self.0.holders }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.0.started.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}

/// As the draft of the `RateLimit` fields has it.
fn policy(budget: Budget, rate: Rate) -> Option<HeaderValue> {
    let window = whole_seconds(rate.window());
    HeaderValue::try_from(format!("\"{}\";q={};w={window}", budget.as_str(), rate.burst())).ok()
}

impl UsedUp {
    /// Whole seconds until one can be taken.
    fn wait_seconds(self) -> u32 {
        u32::try_from(self.empty.wait.as_secs()).unwrap_or(u32::MAX).saturating_add(1)
    }

    pub(crate) fn problem(self) -> Problem {
        let Self { budget, rate, .. } = self;
        metrics::counter!("rate_limited_total", "budget" => budget.as_str()).increment(1);
        Problem::new(Code::RateLimited)
            .detail(format!("the budget `{}` is used up: {rate}", budget.as_str()))
            .fact("violated-policies", vec![budget.as_str()])
            .retry_after(self.wait_seconds())
    }
}

/// Describes the metrics of the limits. Call it after the recorder was installed.
pub fn describe() {
    metrics::describe_counter!("rate_limited_total", metrics::Unit::Count, "Requests answered 429, by budget");
    metrics::describe_gauge!("limit_buckets", "Callers whose spending is remembered");
}

#[cfg(test)]
mod tests;
