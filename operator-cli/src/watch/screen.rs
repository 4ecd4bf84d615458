//! The console as a screen.

use super::{
    board::Board,
    clock::ServerClock,
    follow::News,
    link::Link,
    render::{Picture, render},
    terminal::Terminal,
    words::Words,
};
use crate::shell::until_told_to_end;
use anyhow::Result;
use domain::station::StationKey;
use std::{pin::pin, time::Duration};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::mpsc::Receiver,
    time::{Instant, MissedTickBehavior, interval, sleep_until},
};

/// Events that come close together are drawn together.
const BETWEEN_FRAMES: Duration = Duration::from_millis(40);

/// What the screen knows.
struct Shown {
    station: StationKey,
    /// Names of the restaurant and the station, once they are known.
    names: (String, String),
    board: Board,
    link: Link,
    clock: ServerClock,
}

/// Shows the news until they end or the user leaves.
pub(super) async fn show(mut news: Receiver<News>, station: StationKey) -> Result<()> {
    let mut shown = Shown::new(station);
    let mut terminal = Terminal::enter()?;
    let mut resized = signal(SignalKind::window_change())?;
    let mut seconds = interval(Duration::from_secs(1));
    seconds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut leave = pin!(until_told_to_end());
    let (mut dirty, mut next_frame) = (true, Instant::now());
    loop {
        tokio::select! {
            () = &mut leave => return Ok(()),
            () = sleep_until(next_frame), if dirty => {
                terminal.draw(shown.draw(&terminal))?;
                (dirty, next_frame) = (false, Instant::now() + BETWEEN_FRAMES);
                continue;
            }
            piece = news.recv() => match piece {
                Some(piece) => shown.take(piece),
                None => return Ok(()),
            },
            _ = resized.recv() => terminal.resized(),
            _ = seconds.tick() => {}
        }
        dirty = true;
    }
}

impl Shown {
    fn new(station: StationKey) -> Self {
        let names = (String::new(), station.to_string());
        Self { station, names, board: Board::default(), link: Link::Connecting, clock: ServerClock::default() }
    }

    fn take(&mut self, news: News) {
        match news {
            News::Loaded(place, snapshot) => {
                self.names = (place.name.clone(), place.station_name(&self.station).to_owned());
                self.clock = ServerClock::set_by(snapshot.now);
                self.board = snapshot.board;
            }
            News::Told(told) => {
                self.board.apply(&told);
                self.moved(told.cursor.position);
            }
            News::Moved(cursor) => self.moved(cursor.position),
            News::Link(link) => self.link = link,
            News::Reset(_) => self.link = Link::CatchingUp,
        }
    }

    fn moved(&mut self, to: u64) {
        if let Link::Live { position } = &mut self.link {
            *position = to;
        }
    }

    fn draw(&self, terminal: &Terminal) -> String {
        let picture = Picture {
            restaurant: &self.names.0,
            station: &self.names.1,
            link: self.link,
            board: &self.board,
            words: Words::of_environment(),
            // https://no-color.org
            colours: std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
        };
        render(&picture, self.clock.now(), terminal.size())
    }
}
