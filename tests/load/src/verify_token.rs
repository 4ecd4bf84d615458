//! What a request pays for the look at its token.

use anyhow::Result;
use chrono::{Duration, Utc};
use domain::ids::{RestaurantId, TenantId};
use identity::{
    Claims, SigningKey, Verifier,
    claims::At,
    revocation::{Entry, Revoked},
    roles::permissions_of,
};
use std::time::Instant;
use uuid::Uuid;

/// The name of this line.
pub(crate) const NAME: &str = "verify_token";
/// Different tokens: as many as a verifier remembers at most.
const TOKENS: usize = 4_000;
/// Revocations that stand meanwhile.
const REVOKED: usize = 100_000;
/// Microseconds that the median may take.
const WANTED_MICROS: f64 = 50.0;

/// Measures and prints; says whether the wanted figure was met.
pub(crate) fn run() -> Result<bool> {
    let (key, now) = (SigningKey::generate()?, Utc::now());
    let verifier = Verifier::from_jwks(&key.jwks_json())?;
    for _ in 0..REVOKED {
        verifier.revocations().learn(Revoked::Device(Uuid::new_v4()), Entry::until(now + Duration::hours(1)));
    }
    let (tenant, restaurant) = (TenantId(Uuid::now_v7()), RestaurantId(Uuid::now_v7()));
    let waiter = permissions_of("waiter").unwrap_or_default();
    let token = |_| {
        let sub = Uuid::now_v7().to_string();
        let claims = Claims::staff(
            sub,
            tenant,
            &["waiter"],
            &[(At::Restaurant(restaurant), waiter)],
            now,
            Duration::minutes(15),
        );
        Ok(key.sign(&claims)?)
    };
    let tokens: Vec<String> = (0..TOKENS).map(token).collect::<Result<_>>()?;
    let round = || -> Result<[f64; 2]> {
        let mut micros = Vec::with_capacity(tokens.len());
        for token in &tokens {
            let started = Instant::now();
            verifier.verify(token, now)?;
            micros.push(started.elapsed().as_secs_f64() * 1e6);
        }
        micros.sort_by(f64::total_cmp);
        Ok([micros[micros.len() / 2], micros[micros.len() * 99 / 100]])
    };
    let [first, first_p99] = round()?;
    let [again, again_p99] = round()?;
    println!(
        "\n{NAME}: {TOKENS} tokens, {REVOKED} revocations\n  \
         seen for the first time   median {first:.1} µs, p99 {first_p99:.1} µs\n  \
         seen before               median {again:.2} µs, p99 {again_p99:.2} µs   (wanted: below {WANTED_MICROS} µs)"
    );
    Ok(again < WANTED_MICROS)
}
