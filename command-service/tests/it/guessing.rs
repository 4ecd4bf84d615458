//! Somebody guesses at the digits of a table.

use crate::support::{Answer, World};
use domain::limits::{CODE_TRIES_MAX, CODE_TRIES_OF_A_SOURCE_FREE, JOIN_REQUESTS_WAITING_MAX};
use futures::future::join_all;
use serde_json::{Value, json};
use uuid::Uuid;

/// Four digits that are not these.
fn wrong(digits: &Value, n: u32) -> String {
    let right: u32 = digits.as_str().unwrap().parse().unwrap();
    format!("{:04}", (right + 1 + n) % 10_000)
}

fn key() -> String {
    Uuid::now_v7().to_string()
}

/// Strangers take every place of those who wait.
async fn ask_until_full(world: &World, printed: &str) {
    for _ in 0..JOIN_REQUESTS_WAITING_MAX {
        world.ask(printed).await;
    }
    assert_eq!(world.scan(printed, &key()).await.code(), "join-requests-full");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_reads_what_the_table_shows_comes_in_however_many_strangers_wait() {
    let world = World::start().await;
    let place = world.place().await;
    let (printed, owner) = (world.printed(&place).await, world.owner());
    ask_until_full(&world, &printed).await;

    for (typed, number) in [("code", 2), ("long_code", 3)] {
        let shown = world.shown(&owner, &place).await;
        let once = (key(), "10.0.0.7");
        let joined = world.scan_with(&printed, (&once.0, once.1), &shown[typed]).await;
        assert_eq!((joined.status, &joined.json()["state"]), (200, &json!("joined")), "{joined}");
        assert_eq!((&joined.json()["number"], joined.json().get("expires_at")), (&json!(number), None));
        // Sent again, also when the table shows something else by now: the same, with the same pass.
        world.done(&owner, &place.at(&format!("/sessions/{}/code/rotate", place.session)), Value::Null).await;
        let again = world.scan_with(&printed, (&once.0, once.1), &shown[typed]).await;
        assert_eq!((again.status, &again.body), (200, &joined.body));
        let late = world.scan_with(&printed, (&key(), "10.0.0.7"), &shown[typed]).await;
        assert_eq!(late.code(), "wrong-code", "another guest with an old code: {late}");
        let pass = joined.json()["pass"].as_str().unwrap().to_owned();
        let state =
            format!("/sessions/{}/join-requests/{}", place.session, joined.json()["diner_id"].as_str().unwrap());
        let state = world.get(&place.at(&state), &[("x-table-token", &pass)]).await.json();
        assert_eq!((&state["state"], &state["number"]), (&json!("joined"), &json!(number)));
    }
    let malformed = world.scan_with(&printed, (&key(), "10.0.0.7"), &json!("12345")).await;
    assert_eq!(malformed.code(), "invalid-field");
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_who_wait_are_told_no_together_and_the_places_are_free_again() {
    let world = World::start().await;
    let place = world.place().await;
    let printed = world.printed(&place).await;
    ask_until_full(&world, &printed).await;
    let decline = place.at(&format!("/sessions/{}/join-requests/decline", place.session));
    world.done(&world.diner(&place), &decline, Value::Null).await;
    assert_eq!(world.count_of(place.restaurant, "table-session.join-declined").await, JOIN_REQUESTS_WAITING_MAX);
    ask_until_full(&world, &printed).await;
    // A new printed code, too.
    let reissue = place.at(&format!("/tables/{}/code/reissue", place.tables[0]));
    world.done(&world.owner(), &reissue, Value::Null).await;
    let count = world.count_of(place.restaurant, "table-session.join-declined").await;
    assert_eq!(count, 2 * JOIN_REQUESTS_WAITING_MAX);
    ask_until_full(&world, &world.printed(&place).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_has_five_wrong_tries_and_others_and_the_long_code_go_on() {
    let world = World::start().await;
    let place = world.place().await;
    let (printed, shown) = (world.printed(&place).await, world.shown(&world.owner(), &place).await);
    for n in 0..CODE_TRIES_OF_A_SOURCE_FREE {
        let answer = world.scan_with(&printed, (&key(), "10.0.0.66"), &json!(wrong(&shown["code"], n))).await;
        assert_eq!((answer.status, &*answer.code()), (409, "wrong-code"), "{answer}");
    }
    let waits = world.scan_with(&printed, (&key(), "10.0.0.66"), &shown["code"]).await;
    assert_eq!((waits.status, &*waits.code()), (429, "too-many-attempts"), "{waits}");
    assert!(waits.header("retry-after").is_some_and(|seconds| seconds.parse::<u32>().unwrap() <= 60));
    assert_eq!(world.scan_with(&printed, (&key(), "10.0.0.66"), &shown["long_code"]).await.status, 200);
    assert_eq!(world.scan_with(&printed, (&key(), "10.0.0.7"), &shown["code"]).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_photo_of_a_code_that_was_replaced_uses_up_no_tries() {
    let world = World::start().await;
    let place = world.place().await;
    let (old, shown) = (world.printed(&place).await, world.shown(&world.owner(), &place).await);
    let reissue = place.at(&format!("/tables/{}/code/reissue", place.tables[0]));
    world.done(&world.owner(), &reissue, Value::Null).await;
    for n in 0..2 * CODE_TRIES_MAX {
        let from = format!("10.0.1.{n}");
        let answer = world.scan_with(&old, (&key(), &from), &json!(wrong(&shown["code"], n))).await;
        assert_eq!(answer.code(), "not-found", "{answer}");
    }
    let printed = world.printed(&place).await;
    assert_eq!(world.scan_with(&printed, (&key(), "10.0.0.7"), &shown["code"]).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_guesses_at_once_in_two_processes_are_ten_and_change_the_digits_once() {
    let world = World::start().await;
    let place = world.place().await;
    let other = world.another_process().await;
    let (owner, printed) = (world.owner(), world.printed(&place).await);
    let shown = world.shown(&owner, &place).await;
    let guessers = [world.ask(&printed).await, world.ask(&printed).await];
    let before = world.position(place.restaurant).await;
    // From a hundred addresses, with and without a pass.
    let guesses = (0..200_u32).map(|n| {
        let process = if n % 2 == 0 { &world } else { &other };
        let (place, printed, guessers, typed) = (&place, &printed, &guessers, wrong(&shown["code"], n));
        async move {
            match guessers.get(n as usize % 4) {
                Some(guesser) => process.type_digits(place, guesser, &typed).await,
                None => process.scan_with(printed, (&key(), &format!("10.0.2.{}", n / 2)), &json!(typed)).await,
            }
        }
    });
    let answers = join_all(guesses).await;
    let compared = answers.iter().filter(|answer| answer.code() == "wrong-code").count();
    assert!(compared <= CODE_TRIES_MAX as usize, "{compared} were compared");
    let told = ["wrong-code", "code-locked", "too-many-attempts"];
    assert!(answers.iter().all(|answer| told.contains(&&*answer.code())), "{}", told_else(&answers, &told));
    assert_eq!(world.count_of(place.restaurant, "table-session.code-rotated").await, 1);
    assert_eq!(world.position(place.restaurant).await, before + 1, "guesses do not fill the feed");

    // The four digits let nobody in now; the long code, which is the same as before, does, from the guessers' address too.
    let now = world.shown(&owner, &place).await;
    assert_eq!((&now["locked"], now.get("code"), &now["long_code"]), (&json!(true), None, &shown["long_code"]));
    let locked = world.scan_with(&printed, (&key(), "10.0.0.7"), &shown["code"]).await;
    assert_eq!(locked.code(), "code-locked", "{locked}");
    let long = world.scan_with(&printed, (&key(), "10.0.2.4"), &shown["long_code"]).await;
    assert_eq!(long.status, 200, "{long}");
    assert_eq!(world.type_digits(&place, &guessers[0], shown["long_code"].as_str().unwrap()).await.status, 200);
    // And new digits, once people ask for them; then the long code is another, too.
    let rotate = place.at(&format!("/sessions/{}/code/rotate", place.session));
    world.done(&world.diner(&place), &rotate, Value::Null).await;
    let fresh = world.shown(&owner, &place).await;
    assert_ne!(fresh["long_code"], shown["long_code"]);
    assert_eq!(world.scan_with(&printed, (&key(), "10.0.0.7"), &fresh["code"]).await.status, 200);
}

fn told_else(answers: &[Answer], told: &[&str]) -> String {
    answers.iter().filter(|it| !told.contains(&&*it.code())).map(ToString::to_string).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_was_sent_twice_does_not_keep_out_who_knows_the_digits() {
    let world = World::start().await;
    let place = world.place().await;
    let (printed, digits) = (world.printed(&place).await, world.digits(&world.owner(), &place).await);
    let guest = world.ask(&printed).await;
    let path = place.at(&format!("/sessions/{}/join", guest.session));
    let mut answers = Vec::new();
    for _ in 0..2 * CODE_TRIES_MAX {
        answers.push(world.post_with_pass(&guest.pass, &path, "one-key", json!({"code": digits})).await);
    }
    assert!(answers.iter().all(|answer| answer.status == 200 && answer.body == answers[0].body));
}
