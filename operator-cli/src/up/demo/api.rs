//! The public API, as the demo's owner uses it.

use crate::local::Endpoints;
use anyhow::{Context, Result, bail};
use reqwest::{Client, RequestBuilder};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::time::Duration;

/// How long an answer may take on a busy machine.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// The services of this installation.
pub(super) struct Api {
    http: Client,
    commands: String,
    queries: String,
    identity: String,
}

impl Api {
    pub(super) fn new(endpoints: &Endpoints) -> Result<Self> {
        let http = Client::builder().timeout(ANSWER_WITHIN).build()?;
        let (commands, queries) = (endpoints.command.clone(), endpoints.projection.clone());
        Ok(Self { http, commands, queries, identity: endpoints.identity.clone() })
    }

    /// A command under this key.
    pub(super) async fn command<T: DeserializeOwned>(
        &self,
        token: Option<&str>,
        path: &str,
        key: &str,
        body: Value,
    ) -> Result<T> {
        let request = self.http.post(format!("{}{path}", self.commands)).header("Idempotency-Key", key).json(&body);
        answer(path, token.into_iter().fold(request, RequestBuilder::bearer_auth)).await
    }

    /// Something that can be read.
    pub(super) async fn query<T: DeserializeOwned>(&self, token: &str, path: &str) -> Result<T> {
        answer(path, self.http.get(format!("{}{path}", self.queries)).bearer_auth(token)).await
    }

    /// Logs in.
    pub(super) async fn log_in(&self, email: &str, password: &str) -> Result<Value> {
        let (path, body) = ("/v1/auth/login", json!({"email": email, "password": password, "device": "aris up"}));
        answer(path, self.http.post(format!("{}{path}", self.identity)).json(&body)).await
    }

    /// Accepts an invitation by the token of its mail; nothing when that was done before.
    pub(super) async fn accept(&self, token: &str, password: &str) -> Result<Option<Value>> {
        let path = "/v1/auth/invitations/accept";
        let request = self.http.post(format!("{}{path}", self.identity));
        let sent = request.json(&json!({"token": token, "password": password})).send().await;
        let sent = sent.context("the identity-service does not answer")?;
        if sent.status().is_success() {
            return read(path, sent).await.map(Some);
        }
        let (status, problem): (_, Value) = (sent.status(), sent.json().await.unwrap_or_default());
        if problem["code"] == "link-worthless" { Ok(None) } else { bail!("{path} answered {status}: {problem}") }
    }
}

async fn answer<T: DeserializeOwned>(path: &str, request: RequestBuilder) -> Result<T> {
    read(path, request.send().await.with_context(|| format!("{path} does not answer"))?).await
}

async fn read<T: DeserializeOwned>(path: &str, response: reqwest::Response) -> Result<T> {
    if !response.status().is_success() {
        bail!("{path} answered {}: {}", response.status(), response.text().await?);
    }
    response.json().await.with_context(|| format!("{path} answered something else than promised"))
}
