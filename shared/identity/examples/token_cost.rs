//! What the verification of a token adds to a request, part of `make bench`: one that was never seen, and one that is
//! remembered; each with nothing revoked and with many revoked.

#![expect(clippy::unwrap_used, reason = "a bench stops where its set-up fails")]

use chrono::{Duration, Utc};
use domain::ids::{RestaurantId, TenantId};
use identity::{
    Claims, SigningKey, Verifier,
    claims::At,
    revocation::{Entry, Revoked},
    roles::permissions_of,
};
use std::{hint::black_box, time::Instant};
use uuid::Uuid;

/// Tokens of each measurement.
const TOKENS: usize = 4_000;
/// What is revoked in the second half.
const REVOKED: usize = 50_000;

fn main() {
    let key = SigningKey::generate().unwrap();
    let tokens: Vec<String> = (0..TOKENS).map(|_| token(&key)).collect();
    println!("a waiter's token of {} bytes, {TOKENS} of them", tokens[0].len());
    for revoked in [0, REVOKED] {
        let verifier = Verifier::from_jwks(&key.jwks_json()).unwrap();
        for _ in 0..revoked {
            let until = Entry::until(Utc::now() + Duration::minutes(20));
            verifier.revocations().learn(Revoked::Device(Uuid::now_v7()), until);
        }
        let first = median(&verifier, &tokens);
        let again = median(&verifier, &tokens);
        println!(
            "{revoked:>6} revoked: {first:.1} µs for a token never seen, {again:.2} µs for one remembered (medians)"
        );
    }
}

fn token(key: &SigningKey) -> String {
    let rights = permissions_of("waiter").unwrap();
    let at = At::Restaurant(RestaurantId(Uuid::now_v7()));
    let who = Uuid::now_v7().to_string();
    let claims =
        Claims::staff(who, TenantId(Uuid::now_v7()), &["waiter"], &[(at, rights)], Utc::now(), Duration::minutes(15));
    key.sign(&claims).unwrap()
}

/// In microseconds.
fn median(verifier: &Verifier, tokens: &[String]) -> f64 {
    let mut took: Vec<_> = tokens
        .iter()
        .map(|token| {
            let (now, started) = (Utc::now(), Instant::now());
            black_box(verifier.verify(black_box(token), now)).unwrap();
            started.elapsed()
        })
        .collect();
    took.sort_unstable();
    took[took.len() / 2].as_secs_f64() * 1e6
}
