//! The kitchens: a console per station, and the cooks who look at it.

use super::{World, book::Shown, tally::Count};
use crate::watch::Told;
use anyhow::{Result, bail};
use domain::{
    event::Event,
    ids::LineId,
    ordering::{LineFired, OrderEvent},
    scope::Scope,
    station::StationKey,
};
use realtime_gateway::{
    client::{ClientConfig, ClientEvent, RealtimeClient},
    frames::StreamName,
};
use reqwest::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};
use tokio::{sync::watch, time::timeout};

/// How long the consoles may take to go live before the doors open.
const LIVE_WITHIN: Duration = Duration::from_secs(30);

/// Opens a console at every station and waits until all are live.
pub(super) async fn open_all(world: &Arc<World>) -> Result<()> {
    let mut consoles = Vec::new();
    for station in &world.demo.stations {
        let (live, is_live) = watch::channel(false);
        let console = Console::connect(world, station.parse()?, live);
        drop(tokio::spawn(console.run()));
        consoles.push((station, is_live));
    }
    for (station, mut is_live) in consoles {
        let live = timeout(LIVE_WITHIN, is_live.wait_for(|live| *live)).await;
        if !matches!(live, Ok(Ok(_))) {
            bail!("the console of station {station} does not go live: does the gateway run?");
        }
    }
    Ok(())
}

struct Console {
    world: Arc<World>,
    station: StationKey,
    client: RealtimeClient,
    live: watch::Sender<bool>,
    /// The last position that was applied; the client promises that they only grow.
    last: u64,
    connected_before: bool,
}

#[derive(Deserialize)]
struct Board {
    cursor: domain::envelope::Cursor,
    tickets: Vec<BoardTicket>,
}

#[derive(Deserialize)]
struct BoardTicket {
    lines: Vec<BoardLine>,
}

#[derive(Deserialize)]
struct BoardLine {
    line_id: LineId,
    quantity: u32,
}

impl Console {
    fn connect(world: &Arc<World>, station: StationKey, live: watch::Sender<bool>) -> Self {
        let scope = Scope::Kitchen(station.clone());
        let client = RealtimeClient::connect(ClientConfig {
            urls: vec![world.gateway.clone()],
            token: world.cook.source(),
            device: Some(format!("aris demo {station}")),
            streams: vec![(StreamName { restaurant: world.demo.restaurant_id, scope }, None)],
        });
        Self { world: Arc::clone(world), station, client, live, last: 0, connected_before: false }
    }

    async fn run(mut self) {
        while let Some(event) = self.client.next().await {
            match event {
                ClientEvent::Event { event, .. } => self.event(event.get()),
                ClientEvent::Live { .. } => drop(self.live.send_replace(true)),
                ClientEvent::Connected { .. } => self.connected(),
                ClientEvent::Reset { stream, .. } => self.reload(stream).await,
                ClientEvent::Stopped { code, reason } => {
                    self.world.tally.wrong(format!("the console of {} was sent away: {code} {reason}", self.station));
                }
                ClientEvent::Disconnected { .. } | ClientEvent::CatchingUp { .. } | ClientEvent::Moved { .. } => {}
            }
        }
    }

    fn connected(&mut self) {
        if std::mem::replace(&mut self.connected_before, true) {
            self.world.tally.add(Count::Reconnects, 1);
        }
    }

    fn event(&mut self, json: &str) {
        self.world.tally.add(Count::Events, 1);
        let told = match Told::parse(json) {
            Ok(told) => told,
            Err(error) => return self.world.tally.wrong(format!("{error:#}")),
        };
        if told.cursor.position <= self.last {
            self.world.tally.wrong(format!("position {} came after {}", told.cursor.position, self.last));
        }
        self.last = told.cursor.position;
        if let Some(Event::Order(OrderEvent::LineFired(fired))) = &told.event {
            self.fired(fired);
        }
    }

    fn fired(&self, fired: &LineFired) {
        if fired.station != self.station {
            self.world.tally.wrong(format!("the console of {} shows a line of {}", self.station, fired.station));
        }
        self.appears(fired.line_id, fired.quantity);
    }

    /// A line is on the console: it is measured, checked, and a cook takes it.
    fn appears(&self, line: LineId, quantity: u32) {
        let Some(shown) = self.world.book.shown(line) else { return };
        if shown.again {
            return self.world.tally.wrong(format!("line {line} was fired twice"));
        }
        if shown.quantity != quantity {
            self.world.tally.wrong(format!("line {line} is {quantity} instead of {}", shown.quantity));
        }
        self.world.tally.add(Count::LinesShown, 1);
        self.world.tally.shown_after(shown.after);
        // As many cooks as open lines, which the bound of open orders bounds.
        drop(tokio::spawn(cook(Arc::clone(&self.world), line, shown)));
    }

    /// The stream cannot go on from where we are: what we missed stands in the view.
    async fn reload(&mut self, stream: StreamName) {
        let path = format!("/kitchen-board?station={}", self.station);
        loop {
            let board = async { self.world.api.view::<Board>(&self.world.cook.token()?, &path).await };
            let Ok(board) = board.await else {
                tokio::time::sleep(Duration::from_secs(1)).await;
                continue;
            };
            for line in board.tickets.iter().flat_map(|ticket| &ticket.lines) {
                if !self.world.book.is_shown(line.line_id) {
                    self.appears(line.line_id, line.quantity);
                }
            }
            self.last = board.cursor.position;
            return self.client.restart(stream, Some(board.cursor)).await;
        }
    }
}

/// A cook makes the line, a waiter carries it out.
async fn cook(world: Arc<World>, line: LineId, shown: Shown) {
    let steps = [
        ("start", &world.cook, rand::random_range(0.2..1.0)),
        ("ready", &world.cook, world.cooking * rand::random_range(0.5..1.5)),
        ("served", &world.waiter, rand::random_range(0.3..2.0)),
    ];
    for (step, pass, pause) in steps {
        world.pause(pause).await;
        let path = format!("{}/lines/{line}/{step}", shown.order.path);
        let Ok(token) = pass.token() else { break };
        if let Err(trouble) = world.api.command::<Value>(&token, &path, &json!({}), StatusCode::OK).await {
            world.refused(&path, &trouble);
            return world.book.done(line);
        }
    }
    world.tally.add(Count::LinesServed, 1);
    world.book.done(line);
}
