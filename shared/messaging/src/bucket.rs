//! A bucket of small facts (a NATS key-value store): a fast copy of a truth that is in MySQL.

use crate::{Copies, Namespace};
use async_nats::{
    Client,
    jetstream::{
        self,
        kv::{Config, Operation, Store},
        stream::StorageType,
    },
};
use bytes::Bytes;
use futures::StreamExt;
use std::time::Duration;
use tokio::time::timeout;

/// How long an entry is kept: longer than any token lives.
const MAX_AGE: Duration = Duration::from_hours(24);
/// Bytes of a production bucket; beyond it nothing is taken in, and whoever writes is told.
const BYTES_MAX: i64 = 256 * 1024 * 1024;
/// Bytes of a bucket of tests, which share their server.
const TEST_BYTES_MAX: i64 = 4 * 1024 * 1024;
/// How long the server may take for one answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// A bucket. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Bucket {
    client: Client,
    name: String,
    bytes_max: i64,
    copies: Copies,
}

/// How a bucket stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BucketStanding {
    /// When it was made, in nanoseconds since 1970: another time is another, empty bucket.
    pub made_at: i128,
    /// How many entries it has.
    pub entries: u64,
}

/// The bucket cannot be used now.
#[derive(Debug, thiserror::Error)]
#[error("the bucket {bucket} cannot be used: {cause}")]
pub struct BucketError {
    bucket: String,
    cause: String,
}

impl Bucket {
    /// The bucket of what was revoked; nothing is asked of the server yet.
    #[must_use]
    pub fn revocations(client: Client, namespace: &Namespace) -> Self {
        let bytes_max = if namespace.is_production() { BYTES_MAX } else { TEST_BYTES_MAX };
        Self { client, name: namespace.revocations_bucket(), bytes_max, copies: namespace.copies() }
    }

    /// The connection that it is reached over.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// What a plain subscription hears of what is put into it.
    #[must_use]
    pub fn subjects(&self) -> String {
        format!("{}>", self.prefix())
    }

    /// The key that a message of [`Self::subjects`] is about.
    #[must_use]
    pub fn key_of<'a>(&self, subject: &'a str) -> Option<&'a str> {
        subject.strip_prefix(&self.prefix())
    }

    fn prefix(&self) -> String {
        format!("$KV.{}.", self.name)
    }

    /// Puts an entry in, once the server has it on disk. The bucket is made if it is not there.
    ///
    /// # Errors
    /// When the server is away, refuses, or the bucket is full.
    pub async fn put(&self, key: &str, value: Bytes) -> Result<(), BucketError> {
        let put = async {
            let store = self.store().await?;
            store.put(key, value).await.map(drop).map_err(|error| self.error(&error))
        };
        self.in_time(put).await
    }

    /// Gives every entry to `each`.
    ///
    /// # Errors
    /// When the server is away or does not answer in time; `each` may have got some by then.
    pub async fn read(&self, mut each: impl FnMut(&str, &[u8])) -> Result<(), BucketError> {
        let store = self.in_time(self.store()).await?;
        if store.stream.cached_info().state.messages == 0 {
            return Ok(());
        }
        let watching = async { store.watch_with_history(">").await.map_err(|error| self.error(&error)) };
        let mut watch = self.in_time(watching).await?;
        // Ends: the server says how many are still to come, and each has its time.
        loop {
            let entry =
                self.in_time(async { watch.next().await.ok_or_else(|| self.error(&"the watch ended")) }).await?;
            let entry = entry.map_err(|error| self.error(&error))?;
            if entry.operation == Operation::Put {
                each(&entry.key, &entry.value);
            }
            if entry.seen_current {
                return Ok(());
            }
        }
    }

    /// How it stands. It is made if it is not there.
    ///
    /// # Errors
    /// When the server is away or refuses.
    pub async fn standing(&self) -> Result<BucketStanding, BucketError> {
        let standing = async {
            let store = self.store().await?;
            let info = store.stream.cached_info();
            let standing =
                BucketStanding { made_at: info.created.unix_timestamp_nanos(), entries: info.state.messages };
            Ok(standing)
        };
        self.in_time(standing).await
    }

    /// The bucket as the server knows it now; made if it is not there.
    async fn store(&self) -> Result<Store, BucketError> {
        let jetstream = jetstream::new(self.client.clone());
        if let Ok(store) = jetstream.get_key_value(&self.name).await {
            return Ok(store);
        }
        let config = Config {
            bucket: self.name.clone(),
            description: "what every process should know soon; MySQL is the truth".to_owned(),
            history: 1,
            max_age: MAX_AGE,
            max_bytes: self.bytes_max,
            storage: StorageType::File,
            num_replicas: self.copies.number(),
            ..Config::default()
        };
        jetstream.create_key_value(config).await.map_err(|error| self.error(&error))
    }

    async fn in_time<T>(&self, work: impl Future<Output = Result<T, BucketError>>) -> Result<T, BucketError> {
        timeout(ANSWER_WITHIN, work).await.unwrap_or_else(|_| Err(self.error(&"no answer in time")))
    }

    fn error(&self, cause: &dyn std::fmt::Display) -> BucketError {
        BucketError { bucket: self.name.clone(), cause: cause.to_string() }
    }
}
