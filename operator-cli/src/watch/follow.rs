//! Follows a station: the snapshot first, then the stream from exactly there, for ever.

use super::{
    clock::ServerClock,
    link::Link,
    pass::Pass,
    snapshot::{Place, Refused, Snapshot, Views},
    told::Told,
};
use anyhow::{Result, bail};
use chrono::TimeDelta;
use domain::envelope::Cursor;
use realtime_gateway::{
    client::{ClientConfig, ClientEvent, RealtimeClient},
    frames::{StreamName, Why},
};
use std::time::Duration;
use tokio::{sync::mpsc, time::sleep};

/// News that may wait for the screen; beyond it the stream is read no further.
const NEWS_MAX: usize = 256;
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// What a console hears.
#[derive(Debug)]
pub(super) enum News {
    /// The board starts anew from here.
    Loaded(Place, Snapshot),
    /// The next event.
    Told(Told),
    /// The stream moved on over events of other stations.
    Moved(Cursor),
    /// The connection changed.
    Link(Link),
    /// The stream could not go on from where the console was; `Loaded` follows.
    Reset(Why),
}

/// A station that is followed.
pub(super) struct Station {
    pub(super) views: Views,
    pub(super) stream: StreamName,
    pub(super) gateway: String,
    pub(super) pass: Pass,
}

/// The news of a station; the task ends only when asking again would not help, or nobody listens.
pub(super) fn follow(station: Station) -> (mpsc::Receiver<News>, tokio::task::JoinHandle<Result<()>>) {
    let (sender, receiver) = mpsc::channel(NEWS_MAX);
    let follower = Follower { station, news: sender, clock: ServerClock::default(), link: Link::Connecting };
    (receiver, tokio::spawn(follower.run()))
}

struct Follower {
    station: Station,
    news: mpsc::Sender<News>,
    clock: ServerClock,
    /// The last state that was told.
    link: Link,
}

impl Follower {
    async fn run(mut self) -> Result<()> {
        let Some(cursor) = self.load().await? else { return Ok(()) };
        let mut client = self.connect(cursor);
        while let Some(event) = client.next().await {
            let news = match event {
                ClientEvent::Connected { .. } | ClientEvent::CatchingUp { .. } => News::Link(Link::CatchingUp),
                ClientEvent::Live { cursor, .. } => News::Link(Link::Live { position: cursor.position }),
                ClientEvent::Event { event, .. } => News::Told(Told::parse(event.get())?),
                ClientEvent::Moved { cursor, .. } => News::Moved(cursor),
                ClientEvent::Disconnected { retry_in, .. } => self.offline_for(retry_in),
                ClientEvent::Stopped { reason, .. } => bail!("the gateway refuses this console: {reason}"),
                ClientEvent::Reset { why: Why::Rights, .. } => bail!("this console may no longer see the kitchen"),
                ClientEvent::Reset { stream, why, .. } => {
                    self.tell(News::Reset(why)).await;
                    let Some(cursor) = self.load().await? else { return Ok(()) };
                    client.restart(stream, Some(cursor)).await;
                    News::Link(Link::CatchingUp)
                }
            };
            if !self.tell(news).await {
                return Ok(());
            }
        }
        Ok(())
    }

    fn connect(&self, after: Cursor) -> RealtimeClient {
        let Station { stream, gateway, pass, .. } = &self.station;
        RealtimeClient::connect(ClientConfig {
            urls: vec![gateway.clone()],
            token: pass.source(),
            device: Some("aris watch".to_owned()),
            streams: vec![(stream.clone(), Some(after))],
        })
    }

    /// Reads the views until they answer. `None` when nobody listens any more.
    async fn load(&mut self) -> Result<Option<Cursor>> {
        let mut pause = FIRST_PAUSE;
        loop {
            match self.load_once().await {
                Ok((place, snapshot)) => {
                    self.clock = ServerClock::set_by(snapshot.now);
                    let cursor = snapshot.board.cursor;
                    return Ok(self.tell(News::Loaded(place, snapshot)).await.then_some(cursor));
                }
                Err(Refused::ForGood(error)) => return Err(error),
                Err(Refused::ForNow) => {
                    let offline = self.offline_for(pause);
                    if !self.tell(offline).await {
                        return Ok(None);
                    }
                    sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
    }

    async fn load_once(&self) -> Result<(Place, Snapshot), Refused> {
        let place = self.station.views.place().await?;
        Ok((place, self.station.views.board().await?))
    }

    fn offline_for(&self, pause: Duration) -> News {
        let pause = TimeDelta::from_std(pause).unwrap_or_default();
        News::Link(Link::Offline { next_try: self.clock.now() + pause })
    }

    /// Says whether anybody listens.
    async fn tell(&mut self, news: News) -> bool {
        if let News::Link(link) = &news {
            // A connection is made before its stream catches up; to the cook that is one thing.
            let before = std::mem::replace(&mut self.link, *link);
            if before == *link {
                return !self.news.is_closed();
            }
        }
        self.news.send(news).await.is_ok()
    }
}
