//! `aris watch`: a screen of the restaurant in this terminal.
//!
//! The console is a client like any other: it reads the kitchen-board view, then follows the gateway from
//! the very cursor of that answer ([`follow`]). What it knows is a pure [`board`], how it looks a pure
//! function ([`render`]); [`screen`] and [`plain`] only carry the one to the other.

mod board;
mod clock;
mod follow;
mod link;
mod pass;
mod plain;
mod render;
#[cfg(test)]
mod samples;
mod screen;
mod snapshot;
mod terminal;
mod text;
mod told;
mod words;

pub(crate) use pass::Pass;
pub(crate) use told::Told;

use crate::{
    cli::{Screen, Watch},
    local::{DemoRestaurant, Endpoints, existing_signing_key},
    shell::until_told_to_end,
};
use anyhow::{Context, Result};
use clock::ServerClock;
use domain::{ids::RestaurantId, scope::Scope, station::StationKey};
use follow::{News, Station, follow};
use realtime_gateway::frames::StreamName;
use snapshot::Views;
use std::{
    io::{self, ErrorKind, IsTerminal, Write},
    path::Path,
    sync::Arc,
    time::Duration,
};
use tokio::sync::mpsc::Receiver;

/// How long the end of the follower is waited for, to hear its reason.
const END_WITHIN: Duration = Duration::from_millis(200);

/// Shows the screen until the user leaves.
pub(crate) async fn run(options: Watch) -> Result<()> {
    let Screen::Kitchen { station, restaurant, plain } = options.screen;
    let key = snapshot::station(&station)?;
    let (news, follower) = follow(station_of(&options.place.local, restaurant, &key)?);
    if plain || !io::stdout().is_terminal() {
        print(news).await?;
    } else {
        screen::show(news, key).await?;
    }
    // It has ended by itself, which always has a reason, or waits for a reader that has gone.
    match tokio::time::timeout(END_WITHIN, follower).await {
        Ok(ended) => ended.context("the console failed")?,
        Err(_) => Ok(()),
    }
}

fn station_of(local: &Path, restaurant: Option<RestaurantId>, key: &StationKey) -> Result<Station> {
    let demo = DemoRestaurant::read(local)?;
    let endpoints = Endpoints::read(local)?;
    let restaurant = restaurant.unwrap_or(demo.restaurant_id);
    let pass =
        Pass { key: Arc::new(existing_signing_key(local)?), tenant: demo.tenant_id, restaurant, role: "kitchen" };
    Ok(Station {
        views: Views::new(&endpoints.projection, restaurant, key.clone(), pass.clone())?,
        stream: StreamName { restaurant, scope: Scope::Kitchen(key.clone()) },
        gateway: endpoints.realtime(),
        pass,
    })
}

/// Prints the news as lines until they end, or the user or the reader of the pipe leaves.
async fn print(mut news: Receiver<News>) -> Result<()> {
    let mut clock = ServerClock::default();
    let mut leave = std::pin::pin!(until_told_to_end());
    loop {
        let piece = tokio::select! {
            () = &mut leave => return Ok(()),
            piece = news.recv() => piece,
        };
        let Some(piece) = piece else { return Ok(()) };
        if let News::Loaded(_, snapshot) = &piece {
            clock = ServerClock::set_by(snapshot.now);
        }
        for line in plain::lines(&piece, clock) {
            match writeln!(io::stdout(), "{line}") {
                Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(()),
                written => written?,
            }
        }
    }
}
