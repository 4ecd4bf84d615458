//! The evening: doors open, guests order, the kitchen finishes, everybody leaves.

use super::{
    World, arrivals::Arrivals, kitchen, order, order::seconds, progress::Progress, reception, report::Report,
    tally::Count,
};
use crate::{cli::Demo, shell::until_told_to_end};
use anyhow::{Context, Result, ensure};
use rand::{SeedableRng, rngs::StdRng};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{Semaphore, mpsc},
    time::{Instant, MissedTickBehavior, interval, sleep_until, timeout},
};

/// Orders that are open at a time; guests beyond it are turned away, which bounds memory and tasks.
const OPEN_ORDERS_MAX: u32 = 4_096;
/// After the last order the kitchen gets four times the cooking time, and this much on top.
const FINISHING: Duration = Duration::from_secs(30);
/// A line that was accepted this long ago and is on no console is lost, even where the user left early.
const LOST_AFTER: Duration = Duration::from_secs(15);

/// How the guests stopped coming.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Time,
    User,
}

/// Plays the service; says whether all was well.
pub(super) async fn serve(world: &Arc<World>, to_clear: mpsc::Receiver<usize>, options: &Demo) -> Result<bool> {
    let answer = world.api.view::<serde_json::Value>(&world.waiter.token()?, "").await;
    answer.context("the local installation does not answer: is `aris up` running?")?;
    eprintln!("seating guests at {} tables", world.floor.len());
    let seated = reception::seat_all(world).await;
    if let Some(words) = world.ours.words() {
        eprintln!("{words}");
    }
    ensure!(seated > 0, "no table could be seated. {}", world.tally.complaints().join("; "));
    kitchen::open_all(world).await?;
    eprintln!("{seated} tables are seated, {} kitchen consoles are live; Ctrl-C ends", world.demo.stations.len());
    let turning = tokio::spawn(reception::turn_tables(Arc::clone(world), to_clear));
    let open = Arc::new(Semaphore::new(OPEN_ORDERS_MAX as usize));
    let mut progress = Progress::new(seconds(options.minutes * 60.0));
    let started = Instant::now();

    let end = take_orders(world, options, &open, &mut progress).await;
    let lasted = started.elapsed();
    let finished = finish(world, &open, &mut progress, end).await;
    progress.end();
    world.closing.cancel();
    if finished {
        turning.await?;
        reception::close_all(world).await;
        world.ours.all_closed();
    }
    let report = Report {
        tally: &world.tally,
        lasted,
        rate: options.rate,
        tables: seated,
        stations: world.demo.stations.len(),
        lost: world.book.missing(if world.hurry.is_cancelled() { LOST_AFTER } else { Duration::ZERO }),
        unfinished: OPEN_ORDERS_MAX as usize - open.available_permits(),
    };
    println!("{}", report.text());
    Ok(report.is_good())
}

/// Guests order until their time is over or the user wants to leave.
async fn take_orders(world: &Arc<World>, options: &Demo, open: &Arc<Semaphore>, progress: &mut Progress) -> End {
    let seed = options.seed.unwrap_or_else(rand::random);
    let mut arrivals =
        Arrivals::new(StdRng::seed_from_u64(seed), options.rate, seconds(options.minutes * 60.0)).zip(1..);
    let (doors_open, mut ticks) = (Instant::now(), every_second());
    let mut leave = std::pin::pin!(until_told_to_end());
    let Some(mut next) = arrivals.next() else { return End::Time };
    loop {
        tokio::select! {
            () = &mut leave => {
                progress.say("no more orders; the kitchen hurries to finish (Ctrl-C again leaves at once)");
                world.hurry.cancel();
                return End::User;
            }
            _ = ticks.tick() => progress.show(&world.tally),
            () = sleep_until(doors_open + next.0) => {
                let random = StdRng::seed_from_u64(seed ^ next.1);
                match Arc::clone(open).try_acquire_owned() {
                    Ok(permit) => drop(tokio::spawn(order::place(Arc::clone(world), doors_open + next.0, random, permit))),
                    Err(_) => world.tally.add(Count::TurnedAway, 1),
                }
                let Some(following) = arrivals.next() else { return End::Time };
                next = following;
            }
        }
    }
}

/// Waits until every open order is served: each holds a permit. Says whether that came about.
async fn finish(world: &World, open: &Semaphore, progress: &mut Progress, end: End) -> bool {
    if end == End::Time {
        progress.say("no more orders; the kitchen finishes");
    }
    let patience = FINISHING + seconds(world.cooking * 4.0);
    let mut all_served = std::pin::pin!(timeout(patience, open.acquire_many(OPEN_ORDERS_MAX)));
    let mut leave = std::pin::pin!(until_told_to_end());
    let mut ticks = every_second();
    loop {
        tokio::select! {
            served = &mut all_served => return matches!(served, Ok(Ok(_))),
            () = &mut leave => match end {
                End::User => return false,
                End::Time if world.hurry.is_cancelled() => return false,
                End::Time => {
                    world.hurry.cancel();
                    leave.set(until_told_to_end());
                }
            },
            _ = ticks.tick() => progress.show(&world.tally),
        }
    }
}

fn every_second() -> tokio::time::Interval {
    let mut ticks = interval(Duration::from_secs(1));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}
