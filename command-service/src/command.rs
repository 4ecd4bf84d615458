//! What all use cases share.

use crate::refusals;
use domain::{event::Event, ids::RestaurantId, refusal::Refusal, stream::StreamId};
use event_store::committer::{Answer, ClaimRead, Decision, Facts, Stop, StreamRead, UseCase};
use serde_json::{Map, Value};
use std::sync::Arc;

/// A use case: what it reads, and its rule. Pure; it may be decided more than once.
pub(crate) trait Command: Send + Sync + 'static {
    /// The streams that it surely reads.
    fn reads(&self) -> Vec<StreamRead>;

    /// The claims that it looks at.
    fn claims(&self) -> Vec<ClaimRead> {
        Vec::new()
    }

    /// Gathers the facts and asks the domain.
    fn decide(&self, facts: &Facts<'_>) -> Result<Decision, Stop>;
}

/// A command as the committer takes it: refusals become problem documents, the same for all.
pub(crate) struct Submitted<C> {
    pub(crate) command: C,
    pub(crate) restaurant: RestaurantId,
    pub(crate) correlation_id: Arc<str>,
}

impl<C: Command> UseCase for Submitted<C> {
    fn reads(&self) -> Vec<StreamRead> {
        self.command.reads()
    }

    fn claims(&self) -> Vec<ClaimRead> {
        self.command.claims()
    }

    fn decide(&self, facts: &Facts<'_>) -> Result<Decision, Stop> {
        self.command.decide(facts)
    }

    fn refused(&self, refusal: &Refusal) -> Answer {
        refusals::answer(refusal, self.restaurant, &self.correlation_id)
    }
}

/// Something was done to a thing that was there: 200.
pub(crate) fn done<E: Into<Event>>(stream: impl Into<StreamId>, events: Vec<E>) -> Decision {
    decision(stream.into(), events, 200, None, Map::new())
}

/// Something was done, and there is more to tell: 200.
pub(crate) fn done_with<E: Into<Event>>(
    stream: impl Into<StreamId>,
    events: Vec<E>,
    extras: Map<String, Value>,
) -> Decision {
    decision(stream.into(), events, 200, None, extras)
}

/// Something was created, and is found at `location`: 201.
pub(crate) fn created<E: Into<Event>>(
    stream: impl Into<StreamId>,
    events: Vec<E>,
    location: String,
    extras: Map<String, Value>,
) -> Decision {
    decision(stream.into(), events, 201, Some(location), extras)
}

fn decision<E: Into<Event>>(
    addressed: StreamId,
    events: Vec<E>,
    status: u16,
    location: Option<String>,
    extras: Map<String, Value>,
) -> Decision {
    let events = events.into_iter().map(|event| (addressed, event.into())).collect();
    Decision { addressed, events, claims: Vec::new(), status, location, extras }
}

/// Members of an answer, in this order.
pub(crate) fn extras<const N: usize>(members: [(&str, Value); N]) -> Map<String, Value> {
    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
