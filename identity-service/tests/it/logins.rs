//! Guessing passwords.

use crate::world::{PASSWORD, World};
use futures::{StreamExt, stream};
use serde_json::json;
use std::time::Instant;

/// Guesses that are on their way at a time.
const AT_ONCE: usize = 32;
/// Pairs of log-ins whose times are compared.
const PAIRS: usize = 60;

#[tokio::test(flavor = "multi_thread")]
async fn the_sixth_try_of_a_pair_waits_also_with_the_right_password_and_other_addresses_do_not() {
    let mut world = World::start().await;
    world.member("ana@example.com", "waiter").await;
    for _ in 0..5 {
        assert_eq!(world.log_in("10.0.0.5", "ana@example.com", "not her password").await.code(), "login-failed");
    }
    let refused = world.log_in("10.0.0.5", "ana@example.com", PASSWORD).await;
    assert_eq!(refused.code(), "too-many-attempts");
    assert!(refused.retry_after.is_some_and(|seconds| (1..=61).contains(&seconds)), "{refused:?}");
    // Counted in the store: another process knows of it.
    world.another_process().await;
    assert_eq!(world.log_in("10.0.0.5", "ana@example.com", PASSWORD).await.code(), "too-many-attempts");
    world.log_in("10.0.0.6", "ana@example.com", PASSWORD).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_wrong_passwords_from_many_addresses_lock_nothing_for_the_owner() {
    let world = World::start().await;
    let (_, at_home) = world.member("ana@example.com", "waiter").await;
    let guess = async |n: usize| {
        let from = format!("10.1.{}.{}", n % 100 / 10, n % 10);
        world.log_in(&from, "ana@example.com", "one of a thousand").await.code().to_owned()
    };
    let started = Instant::now();
    let codes: Vec<String> = stream::iter(0..1_000).map(guess).buffer_unordered(AT_ONCE).collect().await;
    // Each pair is stopped after five, however they come; on a machine that needs minutes for a thousand, a pause
    // ends and a pair has one more. A try that a busy service turns away is counted, and learns nothing.
    let count = |wanted: &str| codes.iter().filter(|code| *code == wanted).count();
    let (looked_at, minutes) = (count("login-failed"), usize::try_from(started.elapsed().as_secs() / 60).unwrap());
    assert!(looked_at <= 100 * (5 + minutes), "{looked_at} guesses were looked at");
    let turned_away = count("too-many-attempts") + count("overloaded") + count("store-unavailable");
    assert_eq!(looked_at + turned_away, codes.len());
    assert!(count("too-many-attempts") >= 400, "pauses hold guesses, not the load");
    world.log_in("10.2.0.1", "ana@example.com", PASSWORD).await.expect(200);
    // Even from the address of a guesser, the device that was logged in before gets in.
    let body = json!({
        "email": "ana@example.com", "password": PASSWORD, "device_token": at_home["device_token"],
    });
    world.post_from("10.1.0.1", "/v1/auth/login", None, &body).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_and_known_addresses_get_the_same_answer() {
    let world = World::start().await;
    world.member("ana@example.com", "waiter").await;
    let known = world.log_in("10.0.0.1", "ana@example.com", "not her password").await;
    let unknown = world.log_in("10.0.0.1", "nobody@example.com", "not her password").await;
    let without_instance = |mut answer: crate::world::Answer| {
        answer.json.as_object_mut().unwrap().remove("instance");
        (answer.status, answer.retry_after, answer.json)
    };
    assert_eq!(without_instance(known), without_instance(unknown));
}

/// A sign test: each pair is measured back to back, so what else the machine does falls on both alike. With no
/// difference, one of the two is the slower one in less than 11 or more than 49 of 60 pairs once in two million
/// runs; a skipped evaluation (some 20 ms) would show in all of them.
#[tokio::test(flavor = "multi_thread")]
async fn the_time_of_a_log_in_does_not_tell_whether_there_is_an_account() {
    let world = World::start().await;
    world.member("ana@example.com", "waiter").await;
    let time = async |n: usize, email: &str| {
        let started = Instant::now();
        let answer = world.log_in(&format!("10.3.{}.{}", n / 200, n % 200), email, "not her password").await;
        assert_eq!(answer.code(), "login-failed");
        started.elapsed()
    };
    let mut known_is_slower = 0;
    for n in 0..PAIRS {
        // Who is first takes turns, too.
        let (known, unknown) = if n % 2 == 0 {
            (time(n, "ana@example.com").await, time(n, "nobody@example.com").await)
        } else {
            let unknown = time(n, "nobody@example.com").await;
            (time(n, "ana@example.com").await, unknown)
        };
        known_is_slower += usize::from(known > unknown);
    }
    assert!((11..=49).contains(&known_is_slower), "the known one was slower in {known_is_slower} of {PAIRS} pairs");
}
