//! Passes of guests become tokens, as long as their holders sit at the table.

use crate::world::{PATIENCE, World};
use chrono::{TimeDelta, Utc};
use domain::{
    dining::{DinerLeft, JoinDeclined, JoinRequested, SessionClosed, SessionEvent, SessionJoined},
    event::Event,
    ids::DinerId,
    stream::StreamId,
};
use identity::{
    Permission, Principal,
    tables::{GuestPass, TableKey},
};
use serde_json::json;
use testkit::{Place, wait_until};
use uuid::Uuid;

const PATH: &str = "/v1/auth/guest-token";

async fn happens(world: &World, place: &Place, event: impl Into<SessionEvent>) {
    let event = (StreamId::from(place.session), Event::from(event.into()));
    place.append(&world.committers, vec![event]).await.unwrap();
}

/// Somebody asks to join; their pass.
async fn ask(world: &World, place: &Place, minutes: i64) -> (DinerId, String) {
    let diner = DinerId(Uuid::now_v7());
    let pass = GuestPass { restaurant: place.restaurant, session: place.session, diner };
    let asked = JoinRequested {
        session_id: place.session,
        diner_id: diner,
        table_label: "7".to_owned(),
        mark: "7K2M".to_owned(),
        expires_at: Utc::now() + TimeDelta::minutes(minutes),
    };
    happens(world, place, asked).await;
    (diner, pass.to_text(&world.table_key()))
}

async fn joins(world: &World, place: &Place, diner_id: DinerId, number: u8) {
    happens(world, place, SessionJoined { session_id: place.session, diner_id, number }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_let_in_gets_tokens_and_who_waits_was_declined_or_came_too_late_does_not() {
    let world = World::start().await;
    let place = Place::create(&world.env, &world.committers).await;
    let ((diner, pass), (declined, other), (_, late)) =
        (ask(&world, &place, 10).await, ask(&world, &place, 10).await, ask(&world, &place, -1).await);
    assert_eq!(world.with_pass(PATH, &pass).await.code(), "not-joined");
    assert_eq!(world.with_pass(PATH, &late).await.json["state"], "expired");
    happens(&world, &place, JoinDeclined { session_id: place.session, diner_id: declined }).await;
    let refused = world.with_pass(PATH, &other).await;
    assert_eq!((refused.code(), &refused.json["state"]), ("join-not-waiting", &json!("declined")));

    joins(&world, &place, diner, 2).await;
    let answer = world.with_pass(PATH, &pass).await.expect(200);
    assert_eq!((&answer["expires_in"], &answer["table_id"]), (&json!(900), &json!(place.table)));
    let token = answer["access_token"].as_str().unwrap();
    let Principal::Guest(guest) = world.verifier().await.verify(token, Utc::now()).unwrap() else {
        panic!("a guest has no rights of staff")
    };
    assert_eq!((guest.diner_id, guest.session_id, guest.restaurant), (diner, place.session, place.restaurant));
    assert_eq!(guest.tenant, place.tenant);
    let principal = Principal::Guest(guest);
    assert!(Permission::ALL.into_iter().all(|permission| !principal.may(place.restaurant, permission)));
    // Again, for the next quarter of an hour.
    world.with_pass(PATH, &pass).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_left_gets_no_token_and_loses_the_one_they_have_while_the_others_keep_theirs() {
    let world = World::start().await;
    let place = Place::create(&world.env, &world.committers).await;
    let ((leaver, pass), (stays, other)) = (ask(&world, &place, 10).await, ask(&world, &place, 10).await);
    joins(&world, &place, leaver, 2).await;
    joins(&world, &place, stays, 3).await;
    let token = world.with_pass(PATH, &pass).await.expect(200)["access_token"].as_str().unwrap().to_owned();
    let kept = world.with_pass(PATH, &other).await.expect(200)["access_token"].as_str().unwrap().to_owned();

    happens(&world, &place, DinerLeft { session_id: place.session, diner_id: leaver }).await;
    assert_eq!(world.with_pass(PATH, &pass).await.code(), "diner-left");
    wait_until("the token is revoked", PATIENCE, async || {
        world.get("/v1/auth/me", &token).await.code() == "token-revoked"
    })
    .await;
    assert_ne!(world.get("/v1/auth/me", &kept).await.code(), "token-revoked");

    happens(&world, &place, SessionClosed { session_id: place.session, table_id: place.table }).await;
    assert_eq!(world.with_pass(PATH, &other).await.code(), "session-closed");
    wait_until("the other token is revoked", PATIENCE, async || {
        world.get("/v1/auth/me", &kept).await.code() == "token-revoked"
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pass_that_nobody_gave_is_none() {
    let world = World::start().await;
    let place = Place::create(&world.env, &world.committers).await;
    let made_by_another = TableKey::new(&[9; 32]);
    let stranger = GuestPass { restaurant: place.restaurant, session: place.session, diner: place.diner };
    let nowhere = GuestPass { session: Uuid::now_v7().into(), ..stranger };
    for pass in ["x".to_owned(), stranger.to_text(&made_by_another), nowhere.to_text(&world.table_key())] {
        let refused = world.with_pass(PATH, &pass).await;
        assert_eq!((refused.status.as_u16(), refused.code()), (401, "token-invalid"));
    }
    let missing = world.post(PATH, None, &json!({})).await;
    assert_eq!((missing.status.as_u16(), missing.code()), (401, "token-missing"));
}
