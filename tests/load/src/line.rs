//! One line of the bench: everyone finds its best, then all take turns.

use crate::{
    closed_loop::Driven,
    contender::{Contender, Shape, best_shape, told},
    digests,
    floor::Floor,
    ours::Ours,
    peer::Peer,
    server::Server,
    settings::Settings,
    stats::Series,
};
use anyhow::Result;

/// What a line measures.
pub(crate) struct Line {
    pub(crate) name: &'static str,
    /// Restaurants that the orders are spread over.
    pub(crate) restaurants: usize,
    /// How many times as fast as the peer ours has to be.
    pub(crate) wanted: f64,
    /// Numbers of connections that the bare inserts try.
    pub(crate) floor_connections: &'static [usize],
}

/// What one contender came to.
pub(crate) struct Measured {
    /// At which it was best.
    pub(crate) shape: Shape,
    /// Orders per second.
    pub(crate) rates: Series,
    /// Microseconds of processor time per order: in the bench's process, in MySQL.
    pub(crate) client_cpu: Series,
    pub(crate) server_cpu: Series,
}

impl Measured {
    fn at(shape: Shape) -> Self {
        Self { shape, rates: Series::default(), client_cpu: Series::default(), server_cpu: Series::default() }
    }

    /// One more round.
    async fn round<C: Contender>(&mut self, contender: &mut C, number: usize, settings: &Settings) -> Result<()> {
        let driven = told(contender, &format!("round {number}"), self.shape, settings.round).await?;
        let (client, server) = driven.cpu_micros();
        self.rates.0.push(driven.per_second());
        self.client_cpu.0.push(client);
        self.server_cpu.0.push(server);
        Ok(())
    }
}

/// What a line came to.
pub(crate) struct LineResult {
    pub(crate) name: &'static str,
    pub(crate) restaurants: usize,
    pub(crate) wanted: f64,
    pub(crate) ours: Measured,
    pub(crate) peer: Measured,
    pub(crate) floor: Measured,
    /// One order at a time, nobody else there.
    pub(crate) ours_alone: Driven,
    pub(crate) peer_alone: Driven,
}

/// The three, on schemas of their own.
struct Contenders {
    ours: Ours,
    peer: Peer,
    floor: Floor,
}

impl Line {
    pub(crate) async fn run(&self, server: &Server, settings: &Settings) -> Result<LineResult> {
        println!("\n{}: {} restaurant(s)", self.name, self.restaurants);
        let [ours, peer, floor] = ["ours", "peer", "floor"].map(|who| format!("{}_{who}", self.name));
        let mut ours_first = Ours::new(server, &ours, self.restaurants).await?;
        let mut peer_first = Peer::new(server, &peer, self.restaurants).await?;
        let ours_alone = told(&mut ours_first, "alone", Shape::ALONE, settings.probe).await?;
        let peer_alone = told(&mut peer_first, "alone", Shape::ALONE, settings.probe).await?;
        // Ours has stored orders by now, of which the floor takes a copy.
        let floor_first = Floor::new(server, &floor, &ours, self.restaurants, self.floor_connections).await?;
        println!("  an order is {} bytes of JSON, besides its answer", floor_first.payload_bytes());
        let mut contenders = Contenders { ours: ours_first, peer: peer_first, floor: floor_first };
        let (ours_measured, peer_measured, floor_measured) = contenders.measure(settings).await?;
        contenders.ours.stop().await;
        for schema in [&ours, &peer, &floor] {
            server.drop_schema(schema).await?;
        }
        Ok(LineResult {
            name: self.name,
            restaurants: self.restaurants,
            wanted: self.wanted,
            ours: ours_measured,
            peer: peer_measured,
            floor: floor_measured,
            ours_alone,
            peer_alone,
        })
    }
}

impl Line {
    /// Ours alone, at all its settings, with a look at what MySQL did: long enough to attach a profiler.
    pub(crate) async fn profile(&self, server: &Server, settings: &Settings) -> Result<()> {
        println!("\n{}: {} restaurant(s), process {}", self.name, self.restaurants, std::process::id());
        let schema = format!("{}_profile", self.name);
        let mut ours = Ours::new(server, &schema, self.restaurants).await?;
        let mut admin = server.admin().await?;
        for shape in [Shape::ALONE].into_iter().chain(ours.shapes()) {
            digests::reset(&mut admin).await?;
            let driven = told(&mut ours, "profile", shape, settings.round).await?;
            digests::print(&mut admin, &schema, driven.orders).await?;
        }
        ours.stop().await;
        server.drop_schema(&schema).await
    }
}

impl Contenders {
    async fn measure(&mut self, settings: &Settings) -> Result<(Measured, Measured, Measured)> {
        let mut ours = Measured::at(best_shape(&mut self.ours, settings).await?);
        let mut peer = Measured::at(best_shape(&mut self.peer, settings).await?);
        let mut floor = Measured::at(best_shape(&mut self.floor, settings).await?);
        for number in 1..=settings.rounds {
            ours.round(&mut self.ours, number, settings).await?;
            peer.round(&mut self.peer, number, settings).await?;
            floor.round(&mut self.floor, number, settings).await?;
        }
        Ok((ours, peer, floor))
    }
}
