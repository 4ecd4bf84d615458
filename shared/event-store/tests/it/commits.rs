//! Commands become events: once, in order, all or nothing.

use crate::support::{assert_whole, new_id, order, seat};
use domain::ids::{SessionId, TableId};
use event_store::committer::{CommitterConfig, Committers, SubmitError};
use std::{collections::BTreeSet, sync::Arc, time::Duration};
use testkit::{Env, Place, submission};
use tokio::task::JoinSet;

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_gets_the_first_answer_and_does_nothing() {
    let env = Env::start().await;
    let committers = env.committers();
    let place = Place::create(&env, &committers).await;

    let first = order(&committers, &place, "key").await.unwrap();
    let second = order(&committers, &place, "key").await.unwrap();

    assert_eq!(first.answer, second.answer);
    assert_eq!((first.replayed, second.replayed), (false, true));
    assert_whole(&env.reader().await, place.feed(), 9).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_at_once_with_one_key_are_one() {
    let env = Env::start().await;
    let committers = [env.committers(), env.committers()];
    let place = Place::create(&env, &committers[0]).await;
    let mut tasks = JoinSet::new();
    for number in 0..50 {
        let (committers, place) = (committers[number % 2].clone(), place.clone());
        tasks.spawn(async move { order(&committers, &place, "key").await.unwrap() });
    }
    let replies = tasks.join_all().await;
    let bodies: BTreeSet<_> = replies.iter().map(|reply| reply.answer.body.clone()).collect();
    assert_eq!(bodies.len(), 1);
    assert_eq!(replies.iter().filter(|reply| !reply.replayed).count(), 1);
    assert_whole(&env.reader().await, place.feed(), 9).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_good_for_one_request_only() {
    let env = Env::start().await;
    let committers = env.committers();
    let place = Place::create(&env, &committers).await;
    order(&committers, &place, "key").await.unwrap();

    let (_, events) = place.fired_order();
    let mut other = submission(&place, "key", false, Box::new(testkit::Append(events)));
    other.request_hash = [1; 32];

    assert_eq!(committers.submit(other).await, Err(SubmitError::KeyReused));
    assert_whole(&env.reader().await, place.feed(), 9).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_writers_in_two_processes_leave_no_hole_in_one_feed() {
    let env = Env::start().await;
    let committers = [env.committers(), env.committers()];
    let place = Place::create(&env, &committers[0]).await;
    let mut tasks = JoinSet::new();
    for writer in 0..200 {
        let (committers, place) = (committers[writer % 2].clone(), place.clone());
        tasks.spawn(async move {
            for number in 0..5 {
                order(&committers, &place, &format!("{writer}-{number}")).await.unwrap();
            }
        });
    }
    tasks.join_all().await;
    assert_whole(&env.reader().await, place.feed(), 5 + 200 * 5 * 4).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_feeds_in_two_processes_are_all_whole() {
    let env = Env::start().await;
    let committers = [env.committers(), env.committers()];
    let mut tasks = JoinSet::new();
    for number in 0..200 {
        let (here, there) = (committers[number % 2].clone(), committers[(number + 1) % 2].clone());
        let place = Place::new(new_id());
        tasks.spawn(async move {
            let opening = Box::new(testkit::Append(place.opening_events()));
            here.submit(submission(&place, "create", true, opening)).await.unwrap();
            for number in 0..4 {
                let committers = if number % 2 == 0 { &here } else { &there };
                order(committers, &place, &number.to_string()).await.unwrap();
            }
            place.feed()
        });
    }
    let reader = env.reader().await;
    for feed in tasks.join_all().await {
        assert_whole(&reader, feed, 5 + 4 * 4).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_many_who_want_a_table_gets_it() {
    let env = Env::start().await;
    let committers = [env.committers(), env.committers()];
    let place = Place::create(&env, &committers[0]).await;
    let table: TableId = new_id();
    let mut tasks = JoinSet::new();
    for number in 0..40 {
        let (committers, place) = (committers[number % 2].clone(), place.clone());
        tasks.spawn(async move {
            committers.submit(seat(&place, &number.to_string(), new_id(), table)).await.unwrap().answer
        });
    }
    let answers = tasks.join_all().await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
    assert!(answers.iter().all(|answer| answer.status == 201 || answer.body == "table-occupied"));
    assert_whole(&env.reader().await, place.feed(), 6).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_that_two_processes_create_at_once_is_one() {
    let env = Env::start().await;
    let committers = [env.committers(), env.committers()];
    let place = Place::new(new_id());
    let mut tasks = JoinSet::new();
    for number in 0..20 {
        let (committers, place) = (committers[number % 2].clone(), place.clone());
        tasks.spawn(async move {
            let opening = Box::new(testkit::Append(place.opening_events()));
            committers.submit(submission(&place, "create", true, opening)).await.unwrap()
        });
    }
    let replies = tasks.join_all().await;
    assert_eq!(replies.iter().filter(|reply| !reply.replayed).count(), 1);
    assert_whole(&env.reader().await, place.feed(), 5).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_creation_repeated_after_its_receipt_is_gone_is_refused_as_done() {
    let env = Env::start().await;
    let committers = env.committers();
    let place = Place::create(&env, &committers).await;
    let session: SessionId = new_id();
    let first = committers.submit(seat(&place, "key", session, new_id())).await.unwrap();
    assert_eq!(first.answer.status, 201);
    let admin = sqlx::MySqlPool::connect(&env.events_admin_url()).await.unwrap();
    sqlx::query("DELETE FROM receipts").execute(&admin).await.unwrap();

    // Both from a process that remembers the stream and from one that does not.
    for committers in [&committers, &env.committers()] {
        let again = committers.submit(seat(&place, "key", session, new_id())).await.unwrap();
        assert_eq!((again.answer.status, again.answer.body.as_ref()), (409, b"already-done".as_slice()));
        sqlx::query("DELETE FROM receipts").execute(&admin).await.unwrap();
    }
    assert_whole(&env.reader().await, place.feed(), 6).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_cannot_be_stored_fails_alone() {
    let env = Env::start().await;
    let committers = env.committers();
    let place = Place::create(&env, &committers).await;
    let mut tasks = JoinSet::new();
    for number in 0..20 {
        let (committers, place) = (committers.clone(), place.clone());
        tasks.spawn(async move {
            if number != 7 {
                return order(&committers, &place, &number.to_string()).await.map(drop);
            }
            let (_, mut events) = place.fired_order();
            for (_, event) in &mut events {
                if let domain::event::Event::Order(domain::ordering::OrderEvent::Placed(placed)) = event {
                    placed.note = Some("x".repeat(300 * 1024));
                }
            }
            let large = submission(&place, "7", false, Box::new(testkit::Append(events)));
            assert_eq!(committers.submit(large).await, Err(SubmitError::Internal));
            Ok(())
        });
    }
    for result in tasks.join_all().await {
        result.unwrap();
    }
    assert_whole(&env.reader().await, place.feed(), 5 + 19 * 4).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_says_so_and_a_shutdown_finishes_what_waits() {
    let env = Env::start().await;
    let committers = env.committers();
    let place = Place::create(&env, &committers).await;
    let config = CommitterConfig { queue: 4, committers: 1, ..CommitterConfig::new(env.access.writer.clone()) };
    let shutdown = tokio_util::sync::CancellationToken::new();
    let small = Committers::start(config, Arc::new(|_| {}), shutdown.clone()).unwrap();
    let mut tasks = JoinSet::new();
    for number in 0..500 {
        let (small, place) = (small.clone(), place.clone());
        tasks.spawn(async move { order(&small, &place, &number.to_string()).await });
    }
    let results = tasks.join_all().await;
    let done = results.iter().filter(|result| result.is_ok()).count() as u64;
    assert!(results.contains(&Err(SubmitError::QueueFull)), "500 commands at once must not all fit");

    let waiting = tokio::spawn({
        let (small, place) = (small.clone(), place.clone());
        async move { order(&small, &place, "last").await }
    });
    let last = waiting.await.unwrap();
    shutdown.cancel();
    tokio::time::timeout(Duration::from_secs(5), small.stopped()).await.unwrap();
    assert_eq!(order(&small, &place, "late").await, Err(SubmitError::ShuttingDown));
    let done = done + u64::from(last.is_ok());
    assert_whole(&env.reader().await, place.feed(), 5 + done * 4).await;
}
