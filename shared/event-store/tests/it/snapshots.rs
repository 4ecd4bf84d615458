//! Kept states of menus: used where they are right, and only there.

use domain::{
    event::Event,
    ids::ItemId,
    menu::{ItemRestored, ItemWithdrawn, MenuEvent},
    refusal::Refusal,
    stream::StreamId,
};
use event_store::committer::{Answer, CommitterConfig, Committers, Decision, Facts, Stop, StreamRead, UseCase};
use sqlx::MySqlPool;
use std::{sync::Arc, time::Duration};
use testkit::{Env, Place, submission, wait_for};
use uuid::Uuid;

const PATIENCE: Duration = Duration::from_secs(30);
/// Folds after which a state is kept, in these tests.
const EVERY: u64 = 20;

/// Withdraws the burger and brings it back, if the menu says that it is available.
struct Toggle(Place);

impl UseCase for Toggle {
    fn reads(&self) -> Vec<StreamRead> {
        vec![StreamRead::Existing(self.0.menu.into())]
    }

    fn decide(&self, facts: &Facts<'_>) -> Result<Decision, Stop> {
        let available = facts.menu(self.0.menu)?.item(self.0.burger).is_some_and(|item| item.available);
        if !available {
            return Err(Stop::Refused(Refusal::NotFound));
        }
        let stream = StreamId::from(self.0.menu);
        let events = toggled(self.0.burger).map(|event| (stream, Event::Menu(event))).into();
        Ok(Decision {
            addressed: stream,
            events,
            claims: Vec::new(),
            status: 200,
            location: None,
            extras: serde_json::Map::new(),
        })
    }

    fn refused(&self, refusal: &Refusal) -> Answer {
        Answer { status: 409, location: None, body: refusal.code().into() }
    }
}

fn toggled(item_id: ItemId) -> [MenuEvent; 2] {
    let station: domain::station::StationKey = "grill".parse().unwrap();
    [ItemWithdrawn { item_id, station: station.clone() }.into(), ItemRestored { item_id, station }.into()]
}

/// Committers that have cached nothing yet, as after a start of the process.
fn new_process(env: &Env) -> Committers {
    let config = CommitterConfig {
        snapshot_every: EVERY,
        snapshot_audit_one_in: 1,
        committers: 1,
        ..CommitterConfig::new(env.access.writer.clone())
    };
    Committers::start(config, Arc::new(|_| {}), env.shutdown.clone()).unwrap()
}

async fn toggle(committers: &Committers, place: &Place) -> u16 {
    let key = Uuid::now_v7().to_string();
    committers.submit(submission(place, &key, false, Box::new(Toggle(place.clone())))).await.unwrap().answer.status
}

/// A menu with more events than are folded each time, and its kept state.
async fn long_menu(env: &Env, admin: &MySqlPool) -> Place {
    let committers = new_process(env);
    let place = Place::create(env, &committers).await;
    for _ in 0..EVERY {
        assert_eq!(toggle(&committers, &place).await, 200);
    }
    assert_eq!(toggle(&new_process(env), &place).await, 200);
    wait_for("the state is kept", PATIENCE, async || kept(admin).await.ok_or("none".to_owned())).await;
    place
}

/// The version of the one kept state.
async fn kept(admin: &MySqlPool) -> Option<u64> {
    let row: Option<(u64,)> = sqlx::query_as("SELECT version FROM snapshots").fetch_optional(admin).await.unwrap();
    row.map(|(version,)| version)
}

async fn execute(admin: &MySqlPool, sql: &str) {
    assert_eq!(sqlx::query(sql).execute(admin).await.unwrap().rows_affected(), 1, "{sql}");
}

const LIE: &str =
    "UPDATE snapshots SET state = REPLACE(CONVERT(state USING utf8mb4), '\"available\":true', '\"available\":false')";

#[tokio::test(flavor = "multi_thread")]
async fn a_long_menu_is_loaded_from_its_kept_state_and_what_came_after_it() {
    let env = Env::start().await;
    let admin = MySqlPool::connect(&env.events_admin_url()).await.unwrap();
    let place = long_menu(&env, &admin).await;
    assert_eq!(kept(&admin).await, Some(2 + 2 * EVERY));
    // The events that made it are gone, so only the kept state knows that the burger is available.
    let sql = "DELETE FROM events WHERE aggregate_id = ? AND version < ?";
    sqlx::query(sql).bind(place.menu.0).bind(2 * EVERY).execute(&admin).await.unwrap();
    assert_eq!(toggle(&new_process(&env), &place).await, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kept_state_that_lies_is_found_by_the_audit_and_deleted() {
    let env = Env::start().await;
    let admin = MySqlPool::connect(&env.events_admin_url()).await.unwrap();
    let place = long_menu(&env, &admin).await;
    execute(&admin, LIE).await;
    toggle(&new_process(&env), &place).await;
    wait_for("it is deleted", PATIENCE, async || kept(&admin).await.map_or(Ok(()), |it| Err(format!("{it}")))).await;
    assert_eq!(toggle(&new_process(&env), &place).await, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_of_other_code_or_of_another_event_is_not_used() {
    for spoilt in ["schema_hash", "event_hash"] {
        let env = Env::start().await;
        let admin = MySqlPool::connect(&env.events_admin_url()).await.unwrap();
        let place = long_menu(&env, &admin).await;
        execute(&admin, LIE).await;
        execute(&admin, &format!("UPDATE snapshots SET {spoilt} = REPEAT('x', 32)")).await;
        assert_eq!(toggle(&new_process(&env), &place).await, 200, "{spoilt}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn short_streams_are_not_kept() {
    let env = Env::start().await;
    let admin = MySqlPool::connect(&env.events_admin_url()).await.unwrap();
    let place = Place::create(&env, &new_process(&env)).await;
    let short = new_process(&env);
    assert_eq!(toggle(&short, &place).await, 200);
    env.shutdown.cancel();
    short.stopped().await;
    assert_eq!(kept(&admin).await, None);
}
