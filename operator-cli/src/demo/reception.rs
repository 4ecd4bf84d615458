//! The reception: seats parties, and clears the tables of those who leave.

use super::{World, api::Trouble, floor::Party, leftovers, tally::Count};
use crate::token;
use chrono::Duration;
use domain::ids::{SessionId, TableId};
use futures::{StreamExt, stream};
use reqwest::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::sync::mpsc;

/// How many tables are seated or cleared at a time.
const AT_ONCE: usize = 8;
/// Longer than any party stays.
const STAY: Duration = Duration::hours(12);

#[derive(Deserialize)]
struct Opened {
    id: SessionId,
}

/// Seats a party at every table; says at how many it succeeded.
pub(super) async fn seat_all(world: &World) -> usize {
    let seated = stream::iter(0..world.floor.len()).map(|number| seat(world, number)).buffer_unordered(AT_ONCE);
    seated.filter(|seated| std::future::ready(*seated)).count().await
}

/// Clears each table that is left and seats the next party there, until the demo closes.
pub(super) async fn turn_tables(world: Arc<World>, mut to_clear: mpsc::Receiver<usize>) {
    loop {
        let number = tokio::select! {
            () = world.closing.cancelled() => return,
            Some(number) = to_clear.recv() => number,
        };
        if let Some(party) = world.floor.unseat(number) {
            close(&world, party.session).await;
        }
        seat(&world, number).await;
    }
}

/// Everybody leaves.
pub(super) async fn close_all(world: &World) {
    let close_table = async |number: usize| {
        if let Some(party) = world.floor.unseat(number) {
            close(world, party.session).await;
        }
    };
    stream::iter(0..world.floor.len()).for_each_concurrent(AT_ONCE, close_table).await;
}

async fn seat(world: &World, number: usize) -> bool {
    let (table, label) = world.floor.table(number);
    let Some(session) = open(world, table, &label).await else { return false };
    let mut diners = Vec::new();
    for _ in 0..rand::random_range(1..=4) {
        diners.extend(join(world, table, session).await);
    }
    if diners.is_empty() {
        return false;
    }
    world.tally.add(Count::Parties, 1);
    world.floor.seat(number, Party { session, diners });
    true
}

/// Opens a session. Where guests of an earlier demo still sit, they are seen off first; where that
/// fails, ours join them. A table where somebody else sits is left alone.
async fn open(world: &World, table: TableId, label: &str) -> Option<SessionId> {
    let path = format!("/tables/{table}/sessions");
    let mut found = None;
    for _ in 0..2 {
        let waiter = world.waiter.token().ok()?;
        match world.api.command::<Opened>(&waiter, &path, &json!({}), StatusCode::CREATED).await {
            Ok(opened) => {
                world.ours.opened(opened.id);
                return Some(opened.id);
            }
            Err(Trouble::Refused(problem)) if code(&problem) == "table-occupied" => {
                let occupied = problem.get("session_id").and_then(|id| serde_json::from_value(id.clone()).ok());
                let Some(session) = occupied else {
                    world.tally.wrong(format!("{path}: table-occupied does not say by which session"));
                    return None;
                };
                if !world.ours.may_close(session, label.to_owned()) {
                    return None;
                }
                close(world, session).await;
                found = Some(session);
            }
            Err(trouble) => {
                world.refused(&path, &trouble);
                return None;
            }
        }
    }
    found
}

async fn join(world: &World, table: TableId, session: SessionId) -> Option<Arc<str>> {
    let token =
        token::guest(&world.key, world.demo.tenant_id, world.demo.restaurant_id, (table, session), STAY).ok()?;
    let path = format!("/sessions/{session}/join");
    match world.api.command::<Value>(&token, &path, &json!({}), StatusCode::OK).await {
        Ok(_) => Some(token.into()),
        Err(trouble) => {
            world.refused(&path, &trouble);
            None
        }
    }
}

/// Closes a session; orders that are still open in it are brought to an end first.
async fn close(world: &World, session: SessionId) {
    let path = format!("/sessions/{session}/close");
    for _ in 0..2 {
        let Ok(waiter) = world.waiter.token() else { return };
        match world.api.command::<Value>(&waiter, &path, &json!({}), StatusCode::OK).await {
            Err(Trouble::Refused(problem)) if code(&problem) == "orders-open" => {
                leftovers::finish(world, &problem).await;
            }
            // Closed now, closed before, or counted already.
            Ok(_) | Err(_) => return,
        }
    }
}

fn code(problem: &Value) -> &str {
    problem.get("code").and_then(Value::as_str).unwrap_or_default()
}
