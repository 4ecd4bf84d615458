//! Commands over the public API, with the patience that any client should have.

use super::tally::{Count, Tally};
use anyhow::Result;
use domain::ids::RestaurantId;
use reqwest::{Client, Response, StatusCode, header::RETRY_AFTER};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::time::sleep;
use uuid::Uuid;

/// How long a command is sent again before the demo gives up; longer than a restart takes.
const PATIENCE: Duration = Duration::from_secs(90);
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// The longest Retry-After that is obeyed.
const LONGEST_ASKED: Duration = Duration::from_secs(10);

/// The restaurant's API.
pub(super) struct Api {
    http: Client,
    commands: String,
    views: String,
    tally: Arc<Tally>,
}

/// An answer that counts: anything but 429 and 503.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) location: Option<String>,
    pub(super) body: Vec<u8>,
}

/// Why a command did not do what it should.
#[derive(Debug)]
pub(super) enum Trouble {
    /// A rule refused it; the problem document.
    Refused(Value),
    /// No answer, or one that was not as promised; already counted.
    Failed,
}

impl Api {
    /// The API of a restaurant at these two addresses.
    pub(super) fn new(commands: &str, views: &str, restaurant: RestaurantId, tally: Arc<Tally>) -> Result<Self> {
        let http = Client::builder().connect_timeout(Duration::from_secs(2)).timeout(Duration::from_secs(10));
        let of = |base: &str| format!("{base}/v1/restaurants/{restaurant}");
        Ok(Self { http: http.build()?, commands: of(commands), views: of(views), tally })
    }

    /// Sends a command under a key of its own and reads what it should answer.
    pub(super) async fn command<T: DeserializeOwned>(
        &self,
        token: &str,
        path: &str,
        body: &Value,
        expected: StatusCode,
    ) -> Result<T, Trouble> {
        let reply = self.post(token, path, body, &new_key()).await?;
        self.read(path, &reply, expected)
    }

    /// Sends a command under this key until it is answered: 503 and broken connections leave open
    /// whether it was done, and the key makes it safe to ask again.
    pub(super) async fn post(&self, token: &str, path: &str, body: &Value, key: &str) -> Result<Reply, Trouble> {
        let (started, mut pause) = (Instant::now(), FIRST_PAUSE);
        loop {
            let (count, asked) = match self.send(token, path, body, key).await {
                Ok(Sent::Reply(reply)) => return Ok(reply),
                Ok(Sent::Busy(asked)) => (Count::RetriesBusy, asked),
                Err(_) => (Count::RetriesBroken, Duration::ZERO),
            };
            if started.elapsed() > PATIENCE {
                self.tally.gave_up(format!("{path}: no answer for {} s", PATIENCE.as_secs()));
                return Err(Trouble::Failed);
            }
            self.tally.add(count, 1);
            // Spread out, so that a service that comes back is not met by everybody at once.
            sleep(asked.max(pause).mul_f64(rand::random_range(0.75..1.25))).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Reads an answer. What is neither expected nor a refusal by a rule is counted as wrong.
    pub(super) fn read<T: DeserializeOwned>(
        &self,
        path: &str,
        reply: &Reply,
        expected: StatusCode,
    ) -> Result<T, Trouble> {
        let parsed = serde_json::from_slice(&reply.body).ok();
        match (reply.status, parsed) {
            (StatusCode::CONFLICT, Some(problem)) => Err(Trouble::Refused(problem)),
            (status, Some(answer)) if status == expected => match serde_json::from_value(answer) {
                Ok(answer) => Ok(answer),
                Err(error) => Err(self.wrong(format!("{path}: {error}"))),
            },
            (status, _) => {
                let text: String = String::from_utf8_lossy(&reply.body).chars().take(200).collect();
                Err(self.wrong(format!("{path}: {status} instead of {expected}: {text}")))
            }
        }
    }

    /// Reads a view once; used only to tidy up, so that a failure is the caller's to ignore.
    pub(super) async fn view<T: DeserializeOwned>(&self, token: &str, path: &str) -> Result<T> {
        let answer = self.http.get(format!("{}{path}", self.views)).bearer_auth(token).send().await?;
        Ok(answer.error_for_status()?.json().await?)
    }

    fn wrong(&self, complaint: String) -> Trouble {
        self.tally.wrong(complaint);
        Trouble::Failed
    }

    async fn send(&self, token: &str, path: &str, body: &Value, key: &str) -> reqwest::Result<Sent> {
        let request = self.http.post(format!("{}{path}", self.commands)).bearer_auth(token);
        let answer = request.header("idempotency-key", key).json(body).send().await?;
        if matches!(answer.status(), StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) {
            return Ok(Sent::Busy(asked_pause(&answer)));
        }
        let header = |name| answer.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let (status, location) = (answer.status(), header("location"));
        Ok(Sent::Reply(Reply { status, location, body: answer.bytes().await?.to_vec() }))
    }
}

enum Sent {
    Reply(Reply),
    Busy(Duration),
}

fn asked_pause(answer: &Response) -> Duration {
    let seconds = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    Duration::from_secs(seconds.unwrap_or(1)).min(LONGEST_ASKED)
}

impl Trouble {
    /// The code of the rule that refused, if one did.
    pub(super) fn code(&self) -> Option<&str> {
        match self {
            Self::Refused(problem) => problem.get("code")?.as_str(),
            Self::Failed => None,
        }
    }
}

/// A key that no other command has, in this run or another.
pub(super) fn new_key() -> String {
    Uuid::now_v7().to_string()
}
