//! One order: a guest sends it, sometimes twice, and a waiter accepts it.

use super::{
    World,
    api::{Reply, Trouble, new_key},
    book::OpenOrder,
    floor::Guest,
    tally::Count,
};
use domain::ids::{ItemId, LineId, OrderId};
use rand::{RngExt, rngs::StdRng, seq::IndexedRandom};
use reqwest::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use std::{ops::Range, sync::Arc, time::Duration};
use tokio::{sync::OwnedSemaphorePermit, time::Instant};

/// One order in this many is sent twice at the same time, and one in as many again a moment later.
const REPEATS_ONE_IN: u32 = 40;
/// How long a waiter takes to look at an order.
const WAITER_LOOKS: Range<f64> = 0.3..1.5;
const WISHES: [&str; 4] = ["sin sal", "no onions, please", "allergic to nuts", "bien hecho"];
const SHARE_OF_WISHES: f64 = 0.2;

#[derive(Deserialize)]
struct Placed {
    id: OrderId,
    code: String,
    lines: Vec<PlacedLine>,
}

#[derive(Deserialize)]
struct PlacedLine {
    line_id: LineId,
    item_id: ItemId,
}

struct Wanted {
    body: Value,
    lines: Vec<(ItemId, u32)>,
}

/// What a guest does at the time at which they mean to order.
pub(super) async fn place(world: Arc<World>, scheduled: Instant, mut random: StdRng, permit: OwnedSemaphorePermit) {
    let Some(guest) = world.floor.guest(&mut random) else { return world.tally.add(Count::TurnedAway, 1) };
    let wanted = wish(&world, &guest, &mut random);
    match send(&world, &guest, &wanted.body, scheduled, &mut random).await {
        Ok(placed) => {
            let Some(lines) = agreed(&world, &wanted, &placed) else { return };
            let order = OpenOrder::new(format!("/orders/{}", placed.id), guest.seat, permit);
            world.pause(random.random_range(WAITER_LOOKS)).await;
            accept(&world, &order, &lines).await;
        }
        Err(trouble) => {
            if trouble.code() == Some("session-closed") {
                world.floor.closed_elsewhere(&guest.seat);
            }
            world.refused("/orders", &trouble);
        }
    }
}

fn wish(world: &World, guest: &Guest, random: &mut StdRng) -> Wanted {
    let (mut lines, mut json_lines) = (Vec::new(), Vec::new());
    let count = random.random_range(1..=4);
    let items: Vec<_> = world.demo.items.sample(random, count).collect();
    for item in items {
        let quantity = if random.random_bool(0.7) { 1 } else { random.random_range(2..=4) };
        let mut line = json!({"item_id": item.item_id, "quantity": quantity});
        if let Some(wish) = WISHES.choose(random).filter(|_| random.random_bool(SHARE_OF_WISHES)) {
            line["note"] = json!(wish);
        }
        lines.push((item.item_id, quantity));
        json_lines.push(line);
    }
    Wanted { body: json!({"session_id": guest.session, "lines": json_lines}), lines }
}

/// Sends the order and measures from the time at which the guest meant to: time spent waiting for a
/// slow restaurant is part of what a guest feels.
async fn send(
    world: &World,
    guest: &Guest,
    body: &Value,
    scheduled: Instant,
    random: &mut StdRng,
) -> Result<Placed, Trouble> {
    let key = new_key();
    let post = || world.api.post(&guest.token, "/orders", body, &key);
    let measured = async {
        let reply = post().await;
        world.tally.placed_after(scheduled.elapsed());
        reply
    };
    let first = match random.random_range(0..REPEATS_ONE_IN) {
        0 => {
            let (first, second) = tokio::join!(measured, post());
            compared(world, first?, &second?)
        }
        1 => {
            let first = measured.await?;
            world.pause(random.random_range(0.05..0.5)).await;
            let second = post().await?;
            compared(world, first, &second)
        }
        _ => measured.await?,
    };
    let placed = world.api.read("/orders", &first, StatusCode::CREATED)?;
    world.tally.add(Count::Placed, 1);
    Ok(placed)
}

/// One key, one answer: byte by byte.
fn compared(world: &World, first: Reply, second: &Reply) -> Reply {
    if first == *second {
        world.tally.add(Count::Repeated, 1);
    } else {
        world.tally.wrong(format!("one key, two answers: {first:?} and {second:?}"));
    }
    first
}

/// The lines of the answer, if they are those that were ordered.
fn agreed(world: &World, wanted: &Wanted, placed: &Placed) -> Option<Vec<(LineId, u32)>> {
    let items = placed.lines.iter().map(|line| line.item_id);
    if placed.code.len() != 4 || !items.eq(wanted.lines.iter().map(|(item, _)| *item)) {
        world.tally.wrong(format!("order {} is not what was ordered", placed.id));
        return None;
    }
    let lines = placed.lines.iter().zip(&wanted.lines);
    Some(lines.map(|(line, (_, quantity))| (line.line_id, *quantity)).collect())
}

async fn accept(world: &World, order: &Arc<OpenOrder>, lines: &[(LineId, u32)]) {
    let path = format!("{}/accept", order.path);
    let Ok(waiter) = world.waiter.token() else { return };
    world.book.accepting(order, lines);
    match world.api.command::<Value>(&waiter, &path, &json!({}), StatusCode::OK).await {
        Ok(_) => {
            world.book.accepted(lines);
            world.tally.add(Count::LinesAccepted, lines.len());
        }
        Err(trouble) => {
            world.refused(&path, &trouble);
            lines.iter().for_each(|(line, _)| world.book.done(*line));
        }
    }
}

/// Seconds as a pause.
pub(super) fn seconds(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}
