//! From a request to the committer and back: the same for every command.

use crate::{
    access::Caller,
    command::{Command, Submitted},
    people::People,
    tables::Tables,
};
use axum::{
    extract::{FromRef, FromRequestParts},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use domain::{
    envelope::{Actor, Metadata},
    ids::{FeedId, IdSource, RestaurantId, TenantId},
};
use event_store::{
    committer::{Committers, Reply, Submission, SubmitError},
    feeds::FeedDirectory,
};
use http::{HeaderValue, StatusCode, header, request::Parts};
use identity::{Verifier, tables::TableKey};
use service_kit::{
    access::Restaurants,
    audit::{self, Attempt},
    correlation::Correlation,
    idempotency::IdempotencyKey,
    problem::{Code, MEDIA_TYPE, Problem},
};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use uuid::Uuid;

/// What every handler has. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Commands {
    pub(crate) committers: Committers,
    pub(crate) feeds: Arc<FeedDirectory>,
    pub(crate) verifier: Verifier,
    pub(crate) people: People,
    pub(crate) tables: Arc<Tables>,
}

/// Who a command is from, to which feed, as far as the committer cares.
pub(crate) struct Sender {
    /// Idempotency keys belong to it.
    pub(crate) sub: String,
    pub(crate) actor: Actor,
    /// The tenant of the feed.
    pub(crate) tenant: TenantId,
    pub(crate) feed: FeedId,
    /// Whether the command makes the feed.
    pub(crate) creates_feed: bool,
}

impl From<Caller> for Sender {
    fn from(caller: Caller) -> Self {
        let Caller { principal, restaurant, creates_feed } = caller;
        let (actor, tenant) = (principal.actor(), principal.tenant());
        Self { sub: principal.sub().to_owned(), actor, tenant, feed: restaurant.into(), creates_feed }
    }
}

/// What a request says besides its body. An argument of every handler, after the one that says who
/// may call and before the body.
pub(crate) struct Envelope {
    key: String,
    correlation: Correlation,
    /// With what and with which right it is sent.
    attempt: Option<Attempt>,
    /// Method and path; the body is added when it was read.
    hash: Sha256,
}

/// The answer to a command.
pub(crate) struct Answered(Reply);

impl Envelope {
    /// Makes the ids of what this command creates: the same for the same sender and key.
    pub(crate) fn ids(&self, caller: &Caller) -> IdSource {
        IdSource::new(caller.restaurant.0, caller.principal.sub(), &self.key)
    }

    /// Makes the ids of a restaurant and all that is created with it.
    pub(crate) fn ids_of_restaurant(&self, tenant: TenantId, sub: &str) -> IdSource {
        IdSource::new(tenant.0, sub, &self.key)
    }

    /// Makes the ids of what somebody without a token creates; `sub` is what their keys belong to.
    pub(crate) fn ids_for(&self, restaurant: RestaurantId, sub: &str) -> IdSource {
        IdSource::new(restaurant.0, sub, &self.key)
    }

    /// The same with something in place of the key that cannot be turned back into it: for senders whose key alone is
    /// what they are known by, so that nobody can ask in their name who reads receipts, or ids that follow from the key.
    pub(crate) fn with_stand_in(self, tables: &TableKey) -> Self {
        Self { key: tables.stand_in(&self.key), ..self }
    }

    /// How long the key is: where there is no token, it alone tells two senders apart.
    pub(crate) fn key_len(&self) -> usize {
        self.key.len()
    }

    /// A command that follows from this request and that nobody sends, under a key of its own.
    pub(crate) fn reaction(&self, key: String) -> Self {
        let hash = Sha256::new().chain_update(format!("reaction\n{key}\n"));
        Self { key, correlation: self.correlation.clone(), attempt: None, hash }
    }

    /// Makes the ids of a tenant that somebody signs up, who is known by nothing but their address.
    pub(crate) fn ids_of_tenant(&self, who: &str) -> IdSource {
        IdSource::new(Uuid::nil(), who, &self.key)
    }

    fn request_hash(&self, body: &[u8]) -> [u8; 32] {
        self.hash.clone().chain_update(body).finalize().into()
    }
}

impl<S: Sync> FromRequestParts<S> for Envelope {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let IdempotencyKey(key) = IdempotencyKey::from_request_parts(parts, state).await?;
        let Ok(correlation) = Correlation::from_request_parts(parts, state).await;
        // A line break is in no method and in no path, so that no two requests spell the same bytes.
        let hash = Sha256::new().chain_update(format!("{}\n{}\n", parts.method, parts.uri.path()));
        Ok(Self { key, correlation, attempt: parts.extensions.get().cloned(), hash })
    }
}

impl Commands {
    /// Has a command decided and committed. `body` is what the client sent, byte for byte.
    ///
    /// # Errors
    /// What kept the command from being decided; a rule that says no is an answer.
    pub(crate) async fn submit(
        &self,
        caller: impl Into<Caller>,
        envelope: Envelope,
        body: &Bytes,
        command: impl Command,
    ) -> Result<Answered, Problem> {
        self.submit_from(caller.into().into(), envelope, body, command).await
    }

    /// The same for a sender who has no token, or none that was signed.
    ///
    /// # Errors
    /// As [`Self::submit`].
    pub(crate) async fn submit_from(
        &self,
        sender: Sender,
        envelope: Envelope,
        body: &Bytes,
        command: impl Command,
    ) -> Result<Answered, Problem> {
        let Sender { sub, actor, tenant, feed, creates_feed } = sender;
        let command_id = Uuid::now_v7();
        let request_hash = envelope.request_hash(body);
        let Envelope { key, correlation, attempt, .. } = envelope;
        let metadata = Metadata {
            actor,
            correlation_id: correlation.id.to_string(),
            causation_id: command_id,
            traceparent: correlation.traceparent.as_deref().map(str::to_owned),
            means: attempt.and_then(|attempt| attempt.means()),
        };
        let submission = Submission {
            feed,
            tenant,
            creates_feed,
            principal: sub,
            idempotency_key: key,
            request_hash,
            command_id,
            metadata,
            use_case: Box::new(Submitted { command, restaurant: feed.restaurant(), correlation_id: correlation.id }),
        };
        self.committers.submit(submission).await.map(Answered).map_err(problem)
    }
}

fn problem(error: SubmitError) -> Problem {
    match error {
        SubmitError::QueueFull => Problem::new(Code::QueueFull),
        SubmitError::ShuttingDown => Problem::new(Code::ShuttingDown),
        SubmitError::StoreUnavailable => Problem::store_unavailable(&error),
        SubmitError::Unknown => Problem::store_unavailable(&error).detail(
            "unknown: send the same key again. The store did not say in time whether the command was done; \
             the same key gives the truth and never does it twice",
        ),
        SubmitError::KeyReused => Problem::new(Code::IdempotencyKeyReused),
        // The committer has logged why.
        SubmitError::Internal => Problem::new(Code::Internal),
    }
}

impl Answered {
    /// Whether it was done, by this request or by an earlier one with the same key.
    pub(crate) fn is_done(&self) -> bool {
        (200..300).contains(&self.0.answer.status)
    }

    /// Whether this very request did it: not refused, and not answered from memory.
    pub(crate) fn is_new(&self) -> bool {
        !self.0.replayed && self.is_done()
    }

    /// A member of the answer.
    pub(crate) fn member<T: serde::de::DeserializeOwned>(&self, name: &str) -> Option<T> {
        let mut body: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(&self.0.answer.body).ok()?;
        serde_json::from_value(body.remove(name)?).ok()
    }

    /// The answer with one more member that is made anew each time and stored nowhere.
    pub(crate) fn with_secret(mut self, name: &str, secret: &str) -> Self {
        if let Some(members) = self.0.answer.body.strip_suffix(b"}") {
            let added = format!(",\"{name}\":{}}}", serde_json::Value::from(secret));
            self.0.answer.body = [members, added.as_bytes()].concat().into();
        }
        self
    }
}

impl IntoResponse for Answered {
    fn into_response(self) -> Response {
        let code = if self.is_done() { None } else { self.member::<String>("code") };
        let Reply { answer, replayed } = self.0;
        let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let media_type = if status.is_success() { "application/json" } else { MEDIA_TYPE };
        let mut response = (status, answer.body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
        if let Some(location) = answer.location.and_then(|location| HeaderValue::try_from(location).ok()) {
            headers.insert(header::LOCATION, location);
        }
        if replayed {
            headers.insert("idempotency-replayed", HeaderValue::from_static("true"));
        }
        if let Some(code) = code.as_deref().and_then(Code::from_name) {
            audit::refused(&mut response, code);
        }
        response
    }
}

impl FromRef<Commands> for Verifier {
    fn from_ref(commands: &Commands) -> Self {
        commands.verifier.clone()
    }
}

impl Restaurants for Commands {
    async fn tenant_of(&self, restaurant: RestaurantId) -> Result<Option<TenantId>, Problem> {
        self.feeds.tenant_of_restaurant(restaurant).await.map_err(|error| Problem::store_unavailable(&error))
    }
}
