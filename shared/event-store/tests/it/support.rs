//! A use case with a rule, and shorthands.

use domain::{
    claims::ClaimKind,
    dining::{OpenSession, SessionCommand, TableSession},
    event::Event,
    ids::{FeedId, SessionId, TableId},
    refusal::Refusal,
    restaurants::Table,
    stream::StreamId,
};
use event_store::{
    committer::{
        Answer, ClaimRead, Committers, Decision, Facts, Reply, Stop, StreamRead, Submission, SubmitError, UseCase,
    },
    reader::EventReader,
    verify::verify_feed,
};
use testkit::{Place, submission};
use uuid::Uuid;

/// Seats guests at a table: creates a stream, and needs a claim that nobody else may hold.
pub(crate) struct Seat {
    pub(crate) session: SessionId,
    pub(crate) table: TableId,
}

impl UseCase for Seat {
    fn reads(&self) -> Vec<StreamRead> {
        vec![StreamRead::New(self.session.into())]
    }

    fn claims(&self) -> Vec<ClaimRead> {
        vec![ClaimRead::Key(ClaimKind::OpenSession, self.table.to_string())]
    }

    fn decide(&self, facts: &Facts<'_>) -> Result<Decision, Stop> {
        let session: &TableSession = facts.session(self.session)?;
        let occupied_by = facts.claim_owner(ClaimKind::OpenSession, &self.table.to_string());
        let command = SessionCommand::Open(OpenSession {
            session_id: self.session,
            table: Some(Table { table_id: self.table, label: "9".to_owned(), seats: 2 }),
            occupied_by: occupied_by.map(SessionId::from),
        });
        let stream = StreamId::from(self.session);
        let events = session.decide(command)?;
        Ok(Decision {
            addressed: stream,
            events: events.into_iter().map(|event| (stream, Event::TableSession(event))).collect(),
            claims: Vec::new(),
            status: 201,
            location: Some(format!("/sessions/{}", self.session)),
            extras: serde_json::Map::new(),
        })
    }

    fn refused(&self, refusal: &Refusal) -> Answer {
        Answer { status: 409, location: None, body: refusal.code().into() }
    }
}

pub(crate) fn seat(place: &Place, key: &str, session: SessionId, table: TableId) -> Submission {
    submission(place, key, false, Box::new(Seat { session, table }))
}

pub(crate) fn new_id<T: From<Uuid>>() -> T {
    Uuid::now_v7().into()
}

/// Appends an order of four events under this key.
pub(crate) async fn order(committers: &Committers, place: &Place, key: &str) -> Result<Reply, SubmitError> {
    let (_, events) = place.fired_order();
    committers.submit(submission(place, key, false, Box::new(testkit::Append(events)))).await
}

/// Fails unless the feed is whole, and has this many events.
pub(crate) async fn assert_whole(reader: &EventReader, feed: FeedId, events: u64) {
    let report = verify_feed(reader, feed).await.unwrap();
    assert_eq!(report.findings, [], "feed {feed}");
    assert_eq!(report.events, events, "feed {feed}");
}
