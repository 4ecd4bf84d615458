//! From a request to the committer and back: the same for every command.

use crate::{
    access::Caller,
    command::{Command, Submitted},
    people::People,
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
use identity::Verifier;
use service_kit::{
    access::Restaurants,
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
}

/// What a request says besides its body. An argument of every handler, after the one that says who
/// may call and before the body.
pub(crate) struct Envelope {
    key: String,
    correlation: Correlation,
    /// Method and path; the body is added when it was read.
    hash: Sha256,
}

/// Who sends a command, to which feed.
pub(crate) struct Sender {
    /// Who; receipts are kept under their id.
    pub(crate) actor: Actor,
    /// The tenant of the feed.
    pub(crate) tenant: TenantId,
    /// The feed.
    pub(crate) feed: FeedId,
    /// Whether the command makes it.
    pub(crate) creates_feed: bool,
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
        Ok(Self { key, correlation, hash })
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
        let Caller { principal, restaurant, creates_feed } = caller.into();
        let sender =
            Sender { actor: principal.actor(), tenant: principal.tenant(), feed: restaurant.into(), creates_feed };
        self.send(sender, envelope, body, command).await
    }

    /// Like [`Self::submit`], for a sender that may be nobody yet.
    ///
    /// # Errors
    /// As [`Self::submit`].
    pub(crate) async fn send(
        &self,
        sender: Sender,
        envelope: Envelope,
        body: &Bytes,
        command: impl Command,
    ) -> Result<Answered, Problem> {
        let Sender { actor, tenant, feed, creates_feed } = sender;
        let command_id = Uuid::now_v7();
        let request_hash = envelope.request_hash(body);
        let Envelope { key, correlation, .. } = envelope;
        let metadata = Metadata {
            actor: actor.clone(),
            correlation_id: correlation.id.to_string(),
            causation_id: command_id,
            traceparent: correlation.traceparent.as_deref().map(str::to_owned),
        };
        let submission = Submission {
            feed,
            tenant,
            creates_feed,
            principal: actor.id,
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

    /// Adds a member to the answer that its receipt does not hold.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        if let Ok(serde_json::Value::Object(mut members)) = serde_json::from_slice(&self.0.answer.body) {
            members.insert(name.to_owned(), value.into());
            self.0.answer.body = serde_json::Value::Object(members).to_string().into();
        }
        self
    }

    /// Whether this very request did it: not refused, and not answered from memory.
    pub(crate) fn is_new(&self) -> bool {
        !self.0.replayed && (200..300).contains(&self.0.answer.status)
    }
}

impl IntoResponse for Answered {
    fn into_response(self) -> Response {
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
