//! Guessing passwords.

use crate::world::{PASSWORD, World};
use serde_json::json;

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
    // Each pair is stopped after five; the guesses that a thousand requests buy are few.
    let guesses = (0..1_000).map(|n| {
        let world = &world;
        async move {
            let from = format!("10.1.{}.{}", n % 250 / 25, n % 25);
            world.log_in(&from, "ana@example.com", "one of a thousand").await.code().to_owned()
        }
    });
    let codes = futures::future::join_all(guesses).await;
    assert!(codes.iter().all(|code| ["login-failed", "too-many-attempts", "overloaded"].contains(&code.as_str())));
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
