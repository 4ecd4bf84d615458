//! Somebody guesses at the digits of a table.

use crate::support::World;
use domain::limits::{CODE_TRIES_OF_A_GUEST_MAX, CODE_TRIES_OF_A_SESSION_MAX};
use futures::future::join_all;
use serde_json::{Value, json};

/// Four digits that are not these.
fn wrong(digits: &Value, n: u32) -> String {
    let right: u32 = digits.as_str().unwrap().parse().unwrap();
    format!("{:04}", (right + 1 + n) % 10_000)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_has_five_wrong_tries_and_others_go_on() {
    let world = World::start().await;
    let place = world.place().await;
    let (printed, digits) = (world.printed(&place).await, world.digits(&world.owner(), &place).await);
    let (guesser, honest) = (world.ask(&printed).await, world.ask(&printed).await);
    for n in 0..CODE_TRIES_OF_A_GUEST_MAX {
        let answer = world.type_digits(&place, &guesser, &wrong(&digits, n)).await;
        assert_eq!((answer.status, &*answer.code()), (409, "wrong-code"), "{answer}");
    }
    let right = world.type_digits(&place, &guesser, digits.as_str().unwrap()).await;
    assert_eq!((right.status, &*right.code()), (409, "code-locked"), "{right}");
    assert_eq!(world.type_digits(&place, &honest, digits.as_str().unwrap()).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_guesses_at_once_in_two_processes_are_ten_and_change_the_digits_once() {
    let world = World::start().await;
    let place = world.place().await;
    let other = world.another_process().await;
    let (owner, printed) = (world.owner(), world.printed(&place).await);
    let digits = world.digits(&owner, &place).await;
    let mut guessers = Vec::new();
    for _ in 0..8 {
        guessers.push(world.ask(&printed).await);
    }
    let before = world.position(place.restaurant).await;
    let guesses = (0..200_u32).map(|n| {
        let (process, guesser) = (if n % 2 == 0 { &world } else { &other }, &guessers[n as usize % guessers.len()]);
        let (place, typed) = (&place, wrong(&digits, n));
        async move { process.type_digits(place, guesser, &typed).await }
    });
    let answers = join_all(guesses).await;
    let compared = answers.iter().filter(|answer| answer.code() == "wrong-code").count();
    assert!(compared <= CODE_TRIES_OF_A_SESSION_MAX as usize, "{compared} were compared");
    assert!(answers.iter().all(|answer| ["wrong-code", "code-locked"].contains(&&*answer.code())));
    assert_eq!(world.count_of(place.restaurant, "table-session.code-rotated").await, 1);
    assert_eq!(world.position(place.restaurant).await, before + 1, "guesses do not fill the feed");

    // Now only people let people in, until they ask for new digits.
    let shown = world.read(&owner, &place.at(&format!("/sessions/{}/code", place.session))).await.json();
    assert_eq!((&shown["locked"], shown.get("code")), (&json!(true), None));
    let honest = world.ask(&printed).await;
    let locked = world.type_digits(&place, &honest, digits.as_str().unwrap()).await;
    assert_eq!(locked.code(), "code-locked", "{locked}");
    let rotate = place.at(&format!("/sessions/{}/code/rotate", place.session));
    world.done(&world.diner(&place), &rotate, Value::Null).await;
    let fresh = world.digits(&owner, &place).await;
    assert_eq!(world.type_digits(&place, &honest, fresh.as_str().unwrap()).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_was_sent_twice_does_not_keep_out_who_knows_the_digits() {
    let world = World::start().await;
    let place = world.place().await;
    let (printed, digits) = (world.printed(&place).await, world.digits(&world.owner(), &place).await);
    let guest = world.ask(&printed).await;
    let path = place.at(&format!("/sessions/{}/join", guest.session));
    let mut answers = Vec::new();
    for _ in 0..2 * CODE_TRIES_OF_A_GUEST_MAX {
        answers.push(world.post_with_pass(&guest.pass, &path, "one-key", json!({"code": digits})).await);
    }
    assert!(answers.iter().all(|answer| answer.status == 200 && answer.body == answers[0].body));
}
