//! What a command is to the committer.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use domain::{
    claims::{ClaimChange, ClaimKind},
    dining::TableSession,
    envelope::Metadata,
    event::Event,
    ids::{FeedId, MenuId, OrderId, RestaurantId, SessionId, TenantId},
    menu::Menu,
    ordering::Order,
    refusal::Refusal,
    restaurants::Restaurant,
    stream::{State, StreamId},
    tenants::Tenant,
};
use uuid::Uuid;

/// One thing that a client can do, decided inside the transaction that commits it.
///
/// A use case is pure: the committer may call it again when another process wrote first.
pub trait UseCase: Send + Sync + 'static {
    /// The streams that it surely reads, so that they can be loaded before the feed is locked.
    fn reads(&self) -> Vec<StreamRead>;

    /// The claims that it looks at.
    fn claims(&self) -> Vec<ClaimRead> {
        Vec::new()
    }

    /// Decides on the newest state. `Stop::Missing` (from `facts.order(id)?` and the like) makes the
    /// committer load that stream and ask again.
    ///
    /// # Errors
    /// `Stop::Refused` when a rule says no.
    fn decide(&self, facts: &Facts<'_>) -> Result<Decision, Stop>;

    /// What the client is told when a rule said no. Answers with status 409 are kept under the
    /// idempotency key, others are not.
    fn refused(&self, refusal: &Refusal) -> Answer;
}

/// A stream that a use case reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamRead {
    /// It may have events.
    Existing(StreamId),
    /// This very command creates it. It is taken for absent without a look; if it does exist, the
    /// unique key of the events says so and the command is decided again with the stream loaded.
    New(StreamId),
}

/// Claims that a use case looks at.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ClaimRead {
    /// Who owns this key?
    Key(ClaimKind, String),
    /// Which keys start with this?
    Prefix(ClaimKind, String),
}

impl ClaimRead {
    /// The kind of the claims.
    pub(crate) fn kind(&self) -> ClaimKind {
        match self {
            Self::Key(kind, _) | Self::Prefix(kind, _) => *kind,
        }
    }
}

/// Why a decision was not made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop {
    /// A rule says no.
    Refused(Refusal),
    /// The stream has not been loaded.
    Missing(StreamId),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// What a use case decided: events to append, and the answer's facts.
#[derive(Debug, Clone)]
pub struct Decision {
    /// The stream whose id and version stand in the answer.
    pub addressed: StreamId,
    /// The events in order, each with its stream. Never empty.
    pub events: Vec<(StreamId, Event)>,
    /// Claims that no event tells of, each with its owner; in order, after those of the events.
    pub claims: Vec<(Uuid, ClaimChange)>,
    /// 200 or 201.
    pub status: u16,
    /// Where the created thing is found.
    pub location: Option<String>,
    /// Members of the answer beside `id`, `version`, `position` and `epoch`, in order.
    pub extras: serde_json::Map<String, serde_json::Value>,
}

/// An answer as it is sent, and kept for repeats.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The `Location` header.
    pub location: Option<String>,
    /// The body's bytes.
    pub body: Bytes,
}

/// A command on its way to the committer.
pub struct Submission {
    /// The feed that it appends to.
    pub feed: FeedId,
    /// The tenant of the feed.
    pub tenant: TenantId,
    /// Whether this command may create the feed.
    pub creates_feed: bool,
    /// Who sent it; a key belongs to who sent it.
    pub principal: String,
    /// The `Idempotency-Key`.
    pub idempotency_key: String,
    /// SHA-256 of method, path and raw body.
    pub request_hash: [u8; 32],
    /// The command's own id.
    pub command_id: Uuid,
    /// Stored with each of its events.
    pub metadata: Metadata,
    /// What to do.
    pub use_case: Box<dyn UseCase>,
}

/// The committer's answer to a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// What the client gets.
    pub answer: Answer,
    /// Whether the answer was stored by an earlier request with this key.
    pub replayed: bool,
}

/// Why a command was not answered by a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SubmitError {
    /// Too many commands wait; nothing was done.
    #[error("too many commands are waiting")]
    QueueFull,
    /// This process is ending; nothing was done.
    #[error("the service is shutting down")]
    ShuttingDown,
    /// The event store cannot be reached; nothing was done.
    #[error("the event store cannot be reached")]
    StoreUnavailable,
    /// The COMMIT's answer was lost and could not be found out in time. The same key gives the truth.
    #[error("it is not known whether the command was done: send it again with the same key")]
    Unknown,
    /// The key was used for another request.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// The command itself cannot be stored. It was logged.
    #[error("the command cannot be stored")]
    Internal,
}

/// What a use case may look at, as of the moment of its commit.
pub struct Facts<'a> {
    pub(crate) feed: FeedId,
    pub(crate) now: DateTime<Utc>,
    pub(crate) states: &'a dyn States,
    pub(crate) claims: &'a dyn Claims,
}

/// The newest state of each loaded stream.
pub(crate) trait States {
    fn state(&self, stream: StreamId) -> Option<&State>;
}

/// The claims as they stand after the commands before this one.
pub(crate) trait Claims {
    fn owner(&self, kind: ClaimKind, key: &str) -> Option<Uuid>;
    fn with_prefix(&self, kind: ClaimKind, prefix: &str) -> Vec<(String, Uuid)>;
}

macro_rules! state_of {
    ($($(#[$doc:meta])* $name:ident($id:ty) -> $variant:ident($state:ty)),* $(,)?) => {$(
        $(#[$doc])*
        ///
        /// # Errors
        /// `Stop::Missing` while it is not loaded.
        pub fn $name(&self, id: $id) -> Result<&'a $state, Stop> {
            let stream = StreamId::from(id);
            match self.states.state(stream) {
                Some(State::$variant(state)) => Ok(state),
                // The store loads a stream as the kind that was asked for.
                _ => Err(Stop::Missing(stream)),
            }
        }
    )*};
}

impl<'a> Facts<'a> {
    /// The time that this batch is recorded at.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// The restaurant whose feed this is.
    ///
    /// # Errors
    /// `Stop::Missing` while it is not loaded.
    pub fn restaurant(&self) -> Result<&'a Restaurant, Stop> {
        self.restaurant_by_id(self.feed.restaurant())
    }

    state_of! {
        /// A restaurant by its id.
        restaurant_by_id(RestaurantId) -> Restaurant(Restaurant),
        /// A menu by its id.
        menu(MenuId) -> Menu(Menu),
        /// A table session by its id.
        session(SessionId) -> TableSession(TableSession),
        /// An order by its id.
        order(OrderId) -> Order(Order),
        /// A tenant by its id; its feed is its own.
        tenant(TenantId) -> Tenant(Tenant),
    }

    /// The aggregate that owns the claim. It must have been declared by [`UseCase::claims`].
    #[must_use]
    pub fn claim_owner(&self, kind: ClaimKind, key: &str) -> Option<Uuid> {
        self.claims.owner(kind, key)
    }

    /// The owners of all claims whose key starts with `prefix`, which must have been declared.
    #[must_use]
    pub fn claim_owners(&self, kind: ClaimKind, prefix: &str) -> Vec<Uuid> {
        self.claims.with_prefix(kind, prefix).into_iter().map(|(_, owner)| owner).collect()
    }

    /// What releases all claims of this kind that somebody owns, for [`Decision::claims`]. All keys of the kind must
    /// have been declared: the empty prefix.
    #[must_use]
    pub fn release_all_of(&self, kind: ClaimKind, owner: Uuid) -> Vec<(Uuid, ClaimChange)> {
        let owned = self.claims.with_prefix(kind, "").into_iter().filter(|(_, of)| *of == owner);
        owned.map(|(key, _)| (owner, ClaimChange::Release(kind, key))).collect()
    }
}
