//! An event as a message, and back.
//!
//! CloudEvents 1.0 over NATS in binary mode: attributes are headers, the body is the payload as it
//! was stored. Who reads NATS gets the same [`RecordedEvent`], equal in every field, as who reads
//! MySQL.

use crate::{Namespace, percent};
use async_nats::{
    HeaderMap, Message,
    header::{IntoHeaderValue, NATS_MESSAGE_ID},
};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use domain::{
    envelope::{Actor, ActorKind, Cursor, Metadata, RecordedEvent, format_time},
    ids::{FeedId, TenantId},
};
use std::str::FromStr;

/// A message that is no event of ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MalformedMessage {
    /// A header is not there.
    #[error("the message has no header `{0}`")]
    Missing(&'static str),
    /// A header cannot be read.
    #[error("the header `{0}` cannot be read")]
    Header(&'static str),
    /// The subject does not name tenant and feed.
    #[error("the subject does not name tenant and feed")]
    Subject,
}

/// The event as (subject, headers, body), without `Nats-Msg-Id`; see [`set_message_id`].
#[must_use]
pub fn to_message(event: &RecordedEvent, namespace: &Namespace) -> (String, HeaderMap, Bytes) {
    let subject = namespace.event_subject(event.feed.shard(), event.tenant, event.feed, &event.event_type);
    // With what and with which right stays in the event store: nobody who follows needs it.
    let Metadata { actor, correlation_id, causation_id, traceparent, means: _ } = &event.metadata;
    let mut headers = HeaderMap::new();
    let mut set = |name: &'static str, value: &str| headers.insert(name, percent::encode(value).into_header());
    set("ce-specversion", "1.0");
    set("ce-id", &event.event_id.hyphenated().to_string());
    set("ce-type", &event.event_type);
    set("ce-source", &source(event));
    set("ce-subject", &format!("{}/{}", event.aggregate_type, event.aggregate_id));
    set("ce-time", &format_time(event.recorded_at));
    set("ce-position", &event.cursor.position.to_string());
    set("ce-epoch", &event.cursor.epoch.to_string());
    set("ce-streamversion", &event.version.to_string());
    set("ce-schemaversion", &event.schema_version.to_string());
    set("ce-actorkind", actor.kind.as_str());
    set("ce-actorid", &actor.id);
    set("ce-correlationid", correlation_id);
    set("ce-causationid", &causation_id.hyphenated().to_string());
    if let Some(traceparent) = traceparent {
        set("traceparent", traceparent);
    }
    (subject, headers, event.payload.clone())
}

/// Where an event comes from: a restaurant, or the tenant's own feed.
fn source(event: &RecordedEvent) -> String {
    let folder = if event.feed.is_of(event.tenant) { "tenants" } else { "restaurants" };
    format!("/{folder}/{}", event.feed)
}

/// Lets the server drop a second copy of this event. Not for refills: the server remembers ids even
/// of messages that were purged.
pub fn set_message_id(headers: &mut HeaderMap, feed: FeedId, cursor: Cursor) {
    let Cursor { epoch, position } = cursor;
    headers.insert(NATS_MESSAGE_ID, format!("{feed}:{epoch}:{position}"));
}

/// The event that a message carries.
///
/// # Errors
/// When the message was not made by [`to_message`].
pub fn from_message(message: &Message) -> Result<RecordedEvent, MalformedMessage> {
    static NONE: std::sync::LazyLock<HeaderMap> = std::sync::LazyLock::new(HeaderMap::new);
    let headers = message.headers.as_ref().unwrap_or(&NONE);
    from_parts(&message.subject, headers, message.payload.clone())
}

/// Like [`from_message`], for a message that JetStream gave out in another shape.
///
/// # Errors
/// When the message was not made by [`to_message`].
pub fn from_parts(subject: &str, headers: &HeaderMap, payload: Bytes) -> Result<RecordedEvent, MalformedMessage> {
    let (tenant, feed) = tenant_and_feed(subject).ok_or(MalformedMessage::Subject)?;
    let (aggregate_type, aggregate_id) = aggregate(headers)?;
    let traceparent = headers.get("traceparent").map(|_| text(headers, "traceparent")).transpose()?;
    Ok(RecordedEvent {
        feed,
        tenant,
        cursor: cursor(headers)?,
        event_id: parsed(headers, "ce-id")?,
        aggregate_type,
        aggregate_id,
        version: parsed(headers, "ce-streamversion")?,
        event_type: text(headers, "ce-type")?,
        schema_version: parsed(headers, "ce-schemaversion")?,
        recorded_at: parsed::<DateTime<Utc>>(headers, "ce-time")?,
        metadata: Metadata {
            actor: actor(headers)?,
            correlation_id: text(headers, "ce-correlationid")?,
            causation_id: parsed(headers, "ce-causationid")?,
            traceparent,
            means: None,
        },
        payload,
    })
}

/// Where in its feed a message stands: all that a look at the stream's tail needs.
///
/// # Errors
/// When the message was not made by [`to_message`].
pub fn cursor(headers: &HeaderMap) -> Result<Cursor, MalformedMessage> {
    Ok(Cursor { epoch: parsed(headers, "ce-epoch")?, position: parsed(headers, "ce-position")? })
}

fn actor(headers: &HeaderMap) -> Result<Actor, MalformedMessage> {
    const KIND: &str = "ce-actorkind";
    let kind = ActorKind::from_name(&text(headers, KIND)?).ok_or(MalformedMessage::Header(KIND))?;
    Ok(Actor { kind, id: text(headers, "ce-actorid")? })
}

fn aggregate(headers: &HeaderMap) -> Result<(String, uuid::Uuid), MalformedMessage> {
    const SUBJECT: &str = "ce-subject";
    let subject = text(headers, SUBJECT)?;
    let (kind, id) = subject.rsplit_once('/').ok_or(MalformedMessage::Header(SUBJECT))?;
    let id = id.parse().map_err(|_| MalformedMessage::Header(SUBJECT))?;
    Ok((kind.to_owned(), id))
}

fn text(headers: &HeaderMap, name: &'static str) -> Result<String, MalformedMessage> {
    let value = headers.get(name).ok_or(MalformedMessage::Missing(name))?;
    percent::decode(value.as_str()).map(String::from).ok_or(MalformedMessage::Header(name))
}

fn parsed<T: FromStr>(headers: &HeaderMap, name: &'static str) -> Result<T, MalformedMessage> {
    let value = headers.get(name).ok_or(MalformedMessage::Missing(name))?;
    value.as_str().parse().map_err(|_| MalformedMessage::Header(name))
}

/// Reads `[<prefix>.]evt.<shard>.<tenant>.<feed>.<type>`.
fn tenant_and_feed(subject: &str) -> Option<(TenantId, FeedId)> {
    without_prefix(subject).or_else(|| without_prefix(subject.split_once('.')?.1))
}

fn without_prefix(subject: &str) -> Option<(TenantId, FeedId)> {
    let (shard, rest) = subject.strip_prefix("evt.")?.split_once('.')?;
    let (tenant, rest) = rest.split_once('.')?;
    let (feed, _event_type) = rest.split_once('.')?;
    let (tenant, feed): (TenantId, FeedId) = (tenant.parse().ok()?, feed.parse().ok()?);
    (shard.parse() == Ok(feed.shard())).then_some((tenant, feed))
}

trait IntoHeader {
    fn into_header(self) -> async_nats::HeaderValue;
}

impl IntoHeader for std::borrow::Cow<'_, str> {
    fn into_header(self) -> async_nats::HeaderValue {
        self.into_owned().into_header_value()
    }
}

#[cfg(test)]
mod tests;
