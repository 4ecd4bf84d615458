//! Who takes orders over HTTP and tells consoles of them.

use crate::{
    consoles::Dialing,
    orders::{Guest, Placed, Request},
    processes::Usage,
    wire::Connection,
};
use anyhow::Result;
use std::{net::SocketAddr, sync::Arc};

/// One who is measured from outside.
pub(crate) trait Shop {
    /// Its name on the screen.
    const NAME: &'static str;

    /// Where orders go.
    fn address(&self) -> Result<SocketAddr>;

    /// What is sent, in turn.
    fn requests(&self) -> Arc<[Request]>;

    /// How a console follows a restaurant, by its place in the list.
    fn console(&self, restaurant: usize) -> Result<Dialing>;

    /// Processor time and memory of all that it runs, but for MySQL.
    fn usage(&self) -> Result<Usage>;

    /// Waits until nothing is left to do of what was sent: the next one must not pay for it.
    async fn settle(&mut self) -> Result<()>;

    /// Proves that the orders which were acknowledged since the last proof are stored, each once, and no others.
    async fn judge(&mut self, placed: &[Placed]) -> Result<()>;

    /// So many guests, each with a connection.
    async fn guests(&self, guests: usize) -> Result<Vec<Guest>> {
        let mut connected = Vec::with_capacity(guests);
        for _ in 0..guests {
            connected.push(Guest::new(Connection::open(self.address()?).await?, self.requests()));
        }
        Ok(connected)
    }
}
