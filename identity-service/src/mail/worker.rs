//! Writes and sends what waits.

use super::{Letter, Post};
use crate::{
    secrets::{Secrets, token_hash},
    store::{Added, Job, Link, Purpose, Store},
};
use anyhow::{Context, Result};
use chrono::{Duration, Utc};
use std::sync::Arc;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// How often it is looked for mails when nobody tells of one.
const LOOK_EVERY: std::time::Duration = std::time::Duration::from_secs(2);
/// How often one mail is tried; the last time is about a day after the first.
const ATTEMPTS_MAX: u32 = 12;
/// The first pause after a failure; it doubles.
const PAUSE: Duration = Duration::seconds(20);

/// Writes and sends what waits. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Worker {
    pub(crate) store: Store,
    pub(crate) secrets: Arc<Secrets>,
    pub(crate) post: Post,
    pub(crate) public_url: Arc<str>,
    /// Somebody has queued one.
    pub(crate) news: Arc<Notify>,
}

impl Worker {
    /// Queues a letter; under the same id it is queued once.
    pub(crate) async fn queue(&self, id: Uuid, letter: &Letter) -> Result<()> {
        let sealed = self.secrets.seal(id, &serde_json::to_vec(letter)?)?;
        self.store.add_job(id, &sealed, Utc::now()).await?;
        self.news.notify_one();
        Ok(())
    }

    /// Works until `shutdown`.
    pub(crate) async fn run(self, shutdown: CancellationToken) {
        loop {
            match self.store.take_job(Utc::now()).await {
                Ok(Some(job)) => self.work(job).await,
                Ok(None) => {}
                Err(error) => tracing::warn!(%error, "the mails cannot be read; it is tried again"),
            }
            let wait = async {
                let _ = tokio::time::timeout(LOOK_EVERY, self.news.notified()).await;
            };
            if shutdown.run_until_cancelled(wait).await.is_none() {
                return;
            }
        }
    }

    async fn work(&self, job: Job) {
        let ended = match self.send(&job).await {
            Ok(end) => {
                metrics::counter!("identity_mails_total", "end" => end).increment(1);
                self.store.end_job(job.id).await
            }
            Err(error) if job.attempts + 1 >= ATTEMPTS_MAX => {
                metrics::counter!("identity_mails_total", "end" => "given-up").increment(1);
                tracing::error!(job = %job.id, error = %format!("{error:#}"), "a mail was given up");
                self.store.end_job(job.id).await
            }
            Err(error) => {
                metrics::counter!("identity_mails_total", "end" => "failed").increment(1);
                tracing::warn!(job = %job.id, error = %format!("{error:#}"), "a mail was not sent; it is tried again");
                let doublings = i32::try_from(2_u32.saturating_pow(job.attempts)).unwrap_or(i32::MAX);
                self.store.postpone_job(job.id, Utc::now() + PAUSE * doublings).await
            }
        };
        if let Err(error) = ended {
            tracing::warn!(%error, "a mail may be sent twice");
        }
        // There may be more: look at once.
        self.news.notify_one();
    }

    /// Writes and sends; says how that ended. A mail that is tried again carries the same link.
    async fn send(&self, job: &Job) -> Result<&'static str> {
        let letter: Letter = serde_json::from_slice(&self.secrets.open(job.id, &job.sealed)?)?;
        let email = letter.to().context("its address makes no sense")?;
        let (email_index, purpose) = (self.secrets.email_index(&email), letter.purpose());
        if purpose == Purpose::Reset && self.store.account_of(&email_index).await?.is_none() {
            return Ok("for-nobody");
        }
        let token = self.secrets.link_token(job.id);
        match self.store.add_link(&token_hash(&token), &Link { purpose, email_index }, Utc::now()).await? {
            Added::Good => {}
            Added::Ended => return Ok("for-nobody"),
            Added::TooMany => {
                tracing::warn!(job = %job.id, member = ?purpose.member(), "an address gets no more mails in this hour");
                return Ok("too-many");
            }
        }
        self.post.send(job.id, &email, letter.write(&self.public_url, &token)).await?;
        Ok("sent")
    }
}
