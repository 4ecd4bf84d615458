//! A NATS server that can store nothing more.
//!
//! The server is started with a bound on what all its streams may take of the disk, and one stream fills
//! what is left. What a publisher then gets is what a disk without room gives: no acknowledgement and an
//! error ("insufficient resources"). A real full disk would need a file system of its own, and so rights
//! that not everybody has who runs the tests.

use async_nats::jetstream::{self, stream::Config};
use std::time::Duration;
use testkit::{NatsOptions, wait_for};

/// Most bytes on the server: one stream of events reserves 64 MiB of it.
const STORE_BYTES: u64 = 80 * 1024 * 1024;
/// One message of the filler.
const CHUNK_BYTES: usize = 1_000_000;
const FILLER: &str = "FILLER";

/// A server with such a bound.
pub(super) fn bounded(options: NatsOptions) -> NatsOptions {
    NatsOptions { max_file_store: Some(STORE_BYTES), ..options }
}

async fn context(url: &str) -> jetstream::Context {
    let client = async_nats::connect(url).await.unwrap();
    jetstream::new(client)
}

/// Fills the server until it takes nothing more.
pub(super) async fn fill(url: &str) {
    let jetstream = context(url).await;
    let config = Config { name: FILLER.to_owned(), subjects: vec!["filler".to_owned()], ..Config::default() };
    jetstream.get_or_create_stream(config).await.unwrap();
    let chunk = vec![b'x'; CHUNK_BYTES];
    wait_for("the server is full", Duration::from_secs(60), async || {
        let sent = jetstream.publish("filler", chunk.clone().into()).await.map_err(|error| error.to_string())?;
        if sent.await.is_err() { Ok(()) } else { Err("it still takes more".to_owned()) }
    })
    .await;
}

/// Makes room again.
pub(super) async fn empty(url: &str) {
    wait_for("the filler is gone", Duration::from_secs(60), async || {
        context(url).await.delete_stream(FILLER).await.map(drop).map_err(|error| error.to_string())
    })
    .await;
}
