//! Passwords: Argon2id, a bounded number at a time, on threads of their own.

use anyhow::Context;
use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use service_kit::problem::{Code, Problem};
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Memory of one evaluation in KiB, rounds and lanes: what OWASP recommends for Argon2id.
const MEMORY_KIB: u32 = 19 * 1024;
const ROUNDS: u32 = 2;
const LANES: u32 = 1;
/// Evaluations that wait for a thread; beyond it the answer is 503.
const WAITING_MAX: usize = 64;
/// Length of a password in characters: long rather than odd. The upper bound keeps the work bounded.
const CHARS: std::ops::RangeInclusive<usize> = 12..=256;
/// What people type first, as parts: such a password is guessed first, too.
const GUESSED_FIRST: [&str; 8] =
    ["password", "contraseña", "123456789", "qwerty", "arisgourmet", "restaurant", "abcdefgh", "111111"];

/// A password on its way to its hash. Never printed.
#[derive(Clone, serde::Deserialize, utoipa::ToSchema)]
#[serde(transparent)]
pub(crate) struct Password(String);

/// What a look at a password has found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) right: bool,
    /// It is right, and its hash is from older parameters.
    pub(crate) outdated: bool,
}

/// Hashes and compares. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Passwords {
    threads: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    params: Params,
    /// The hash of a password that nobody has: looked at where there is no account.
    nobody: Arc<str>,
}

impl Password {
    /// A password that nobody knows: for an account that others let somebody in to.
    pub(crate) fn of_nobody() -> Result<Self, Problem> {
        crate::secrets::random_token().map(Self).map_err(|error| Problem::internal(&format_args!("{error:#}")))
    }

    /// Why it cannot be one, if it cannot.
    pub(crate) fn fault(&self) -> Option<&'static str> {
        let lower = self.0.to_lowercase();
        if !CHARS.contains(&self.0.chars().count()) {
            return Some("must be 12 to 256 characters");
        }
        let short =
            GUESSED_FIRST.iter().any(|part| lower.contains(part) && lower.chars().count() < part.chars().count() + 8);
        let same = lower.chars().collect::<std::collections::BTreeSet<_>>().len() < 5;
        (short || same).then_some("is one that is guessed first")
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password([redacted])")
    }
}

impl Passwords {
    /// At most `at_once` evaluations at a time.
    pub(crate) fn new(at_once: usize) -> anyhow::Result<Self> {
        Self::with(at_once, Params::new(MEMORY_KIB, ROUNDS, LANES, None).map_err(anyhow::Error::msg)?)
    }

    fn with(at_once: usize, params: Params) -> anyhow::Result<Self> {
        let nobody = hash(&params, &crate::secrets::random_token()?)?;
        let (threads, waiting) = (Semaphore::new(at_once.max(1)), Semaphore::new(WAITING_MAX));
        Ok(Self { threads: threads.into(), waiting: waiting.into(), params, nobody: nobody.into() })
    }

    /// The hash of a new password.
    pub(crate) async fn hash(&self, password: Password) -> Result<String, Problem> {
        let params = self.params.clone();
        let hashed = self.evaluate(move || hash(&params, &password.0)).await?;
        hashed.map_err(|error| Problem::internal(&format_args!("{error:#}")))
    }

    /// Whether it is the password of this hash. Without one, the same work is done for nothing; and after a wrong
    /// password for a hash from cheaper parameters, what the two differ in. So no time tells whether there is an account,
    /// nor how old its hash is.
    pub(crate) async fn look(&self, password: Password, stored: Option<String>) -> Result<Verdict, Problem> {
        let (params, nobody) = (self.params.clone(), Arc::clone(&self.nobody));
        self.evaluate(move || {
            let exists = stored.is_some();
            let (verdict, _) = look(&params, &password.0, stored.as_deref().unwrap_or(&nobody));
            Verdict { right: verdict.right && exists, outdated: verdict.outdated && exists }
        })
        .await
    }

    async fn evaluate<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
        let busy = || Problem::new(Code::Overloaded).detail("too many people log in at this moment");
        let _waiting = self.waiting.clone().try_acquire_owned().map_err(|_| busy())?;
        let thread = self.threads.clone().acquire_owned().await.map_err(|_| busy())?;
        metrics::counter!("identity_password_evaluations_total").increment(1);
        let work = tokio::task::spawn_blocking(move || {
            let result = work();
            drop(thread);
            result
        });
        work.await.map_err(|error| Problem::internal(&error))
    }
}

fn argon(params: &Params) -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone())
}

fn hash(params: &Params, password: &str) -> anyhow::Result<String> {
    let hash = argon(params).hash_password(password.as_bytes()).map_err(anyhow::Error::msg);
    Ok(hash.context("a password could not be hashed")?.to_string())
}

/// What was found, and the blocks of 1 KiB that were filled for it: what an evaluation costs.
fn look(params: &Params, password: &str, stored: &str) -> (Verdict, u64) {
    let parsed = PasswordHash::new(stored).ok();
    let theirs = parsed.as_ref().and_then(|parsed| Params::try_from(parsed).ok());
    // The parameters of the stored hash count, so that an older one is still understood.
    let right = parsed.as_ref().is_some_and(|it| argon(params).verify_password(password.as_bytes(), it).is_ok());
    let work = theirs.as_ref().map_or(0, cost);
    if !right {
        return (Verdict { right, outdated: false }, work + top_up(params, password, work));
    }
    let current = parsed.is_some_and(|it| it.algorithm.as_str() == "argon2id")
        && theirs.is_some_and(|it| {
            (it.m_cost(), it.t_cost(), it.p_cost()) == (params.m_cost(), params.t_cost(), params.p_cost())
        });
    (Verdict { right, outdated: !current }, work)
}

fn cost(params: &Params) -> u64 {
    u64::from(params.m_cost()) * u64::from(params.t_cost())
}

/// Works for nothing as long as an evaluation with these parameters takes longer than what was done already. Parameters
/// are only ever raised: a hash that is dearer than they are cannot be made cheaper. Says how much it did.
fn top_up(params: &Params, password: &str, done: u64) -> u64 {
    let missing = cost(params).saturating_sub(done) / u64::from(params.t_cost());
    let memory = u32::try_from(missing).unwrap_or(u32::MAX).min(params.m_cost());
    // Argon2 wants eight blocks for each lane; what is less than that nobody can measure.
    let Ok(rest) = Params::new(memory, params.t_cost(), params.p_cost(), None) else { return 0 };
    // Nobody looks at what comes of it.
    let _ = std::hint::black_box(hash(&rest, password));
    cost(&rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quick(rounds: u32) -> Passwords {
        Passwords::with(2, Params::new(64, rounds, 1, None).unwrap()).unwrap()
    }

    fn password(text: &str) -> Password {
        Password(text.to_owned())
    }

    #[tokio::test]
    async fn only_the_right_password_is_right_and_old_parameters_are_seen() {
        let (old, new) = (quick(1), quick(2));
        let hash = old.hash(password("correct horse battery")).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$"));
        let look =
            async |passwords: &Passwords, text: &str| passwords.look(password(text), Some(hash.clone())).await.unwrap();
        assert_eq!(look(&old, "correct horse battery").await, Verdict { right: true, outdated: false });
        assert_eq!(look(&new, "correct horse battery").await, Verdict { right: true, outdated: true });
        assert_eq!(look(&new, "correct horse batterY").await, Verdict { right: false, outdated: false });
    }

    #[tokio::test]
    async fn nobody_has_a_password_that_is_right() {
        let verdict = quick(1).look(password("whatever it may be"), None).await.unwrap();
        assert_eq!(verdict, Verdict { right: false, outdated: false });
    }

    /// The work of a look at a wrong password for the hash of somebody, with these parameters.
    fn work(params: &Params, stored: &str) -> u64 {
        look(params, "a guess that is wrong", stored).1
    }

    #[test]
    fn a_wrong_password_takes_the_same_work_for_nobody_for_an_account_and_for_one_with_a_hash_of_cheaper_parameters() {
        let of = |memory, rounds| Params::new(memory, rounds, 1, None).unwrap();
        let now = of(256, 3);
        let hashed = |params: &Params| hash(params, "correct horse battery").unwrap();
        let expected = cost(&now);
        for before in [&now, &of(64, 1), &of(128, 3), &of(256, 2), &of(255, 3)] {
            let work = work(&now, &hashed(before));
            // Eight blocks in each round are the least that can be done.
            assert!(expected - work < 3 * 8, "{work} of {expected} after {before:?}");
        }
        assert_eq!(work(&now, "no hash at all"), expected);
    }

    #[test]
    fn short_and_guessed_passwords_are_refused() {
        for wrong in ["", "elevenchars", "password1234", "Qwerty123456", "aaaaaaaaaaaaaa", &"x".repeat(257)] {
            assert!(password(wrong).fault().is_some(), "{wrong}");
        }
        assert_eq!(password("tres tazas de café").fault(), None);
        assert!(!format!("{:?}", password("tres tazas de café")).contains("tazas"));
    }
}
