//! What guests without a token are known by, and what the store says of them.

use domain::{
    claims::ClaimKind,
    dining::TableSession,
    ids::{RestaurantId, SessionId, TableId},
    limits::PAGE_EVENTS_MAX,
    restaurants::Restaurant,
    stream::{State, StreamId},
};
use event_store::{
    pool::{READ_WITHIN, within},
    reader::EventReader,
};
use identity::tables::{TableCode, TableKey};
use service_kit::problem::Problem;
use sqlx::MySqlPool;
use tokio::sync::Semaphore;
use uuid::Uuid;

/// Requests that wait for an answer to a request to join, in this process; more are answered at once.
const WAITERS_MAX: usize = 1_024;
/// Behind every event; the largest that MySQL compares without a sign.
const EVERY_POSITION: u64 = u64::MAX >> 1;

/// The key, the address on printed codes, and the store.
pub(crate) struct Tables {
    pub(crate) key: TableKey,
    pub(crate) pool: MySqlPool,
    pub(crate) waiters: Semaphore,
    url: String,
    reader: EventReader,
}

impl Tables {
    pub(crate) fn new(key: TableKey, url: String, pool: MySqlPool) -> Self {
        Self { key, url, reader: EventReader::new(pool.clone()), pool, waiters: Semaphore::new(WAITERS_MAX) }
    }

    /// What the printed code of a table says.
    pub(crate) fn url(&self, code: &TableCode) -> String {
        format!("{}{}", self.url, code.to_text(&self.key))
    }

    /// The session as its events say at this moment; absent where there is none.
    pub(crate) async fn session(&self, restaurant: RestaurantId, session: SessionId) -> Result<TableSession, Problem> {
        match self.fold(restaurant, session.into()).await? {
            State::TableSession(session) => Ok(session),
            _ => Ok(TableSession::default()),
        }
    }

    /// The session that goes on at a table at this moment, if there is one.
    pub(crate) async fn open_session(
        &self,
        restaurant: RestaurantId,
        table: TableId,
    ) -> Result<Option<SessionId>, Problem> {
        let query =
            sqlx::query_scalar("SELECT aggregate_id FROM claims WHERE feed_id = ? AND kind = ? AND claim_key = ?")
                .bind(restaurant.0)
                .bind(ClaimKind::OpenSession.as_str().as_bytes())
                .bind(table.to_string().into_bytes());
        let owner: Result<Option<Uuid>, _> = within(READ_WITHIN, query.fetch_optional(&self.pool)).await;
        owner.map(|owner| owner.map(SessionId)).map_err(|error| Problem::store_unavailable(&error))
    }

    /// A table's label and the code that counts.
    pub(crate) async fn code(&self, restaurant: RestaurantId, table: TableId) -> Result<(String, TableCode), Problem> {
        let State::Restaurant(state) = self.fold(restaurant, restaurant.into()).await? else {
            return Err(Problem::not_found());
        };
        code_of(&state, restaurant, table).ok_or_else(Problem::not_found)
    }

    async fn fold(&self, restaurant: RestaurantId, stream: StreamId) -> Result<State, Problem> {
        let mut state = State::absent(stream.kind);
        let mut version = 0;
        // Ends: the version grows with each page, and the streams of sessions and restaurants are short.
        loop {
            let page = self.reader.stream_page(restaurant.into(), stream, version, EVERY_POSITION, PAGE_EVENTS_MAX);
            let page = page.await.map_err(|error| Problem::store_unavailable(&error))?;
            let Some(last) = page.last() else { return Ok(state) };
            version = last.version;
            for recorded in &page {
                state.apply(recorded.event().map_err(|error| Problem::internal(&error))?);
            }
        }
    }
}

fn code_of(state: &Restaurant, restaurant: RestaurantId, table: TableId) -> Option<(String, TableCode)> {
    let issue = state.code_issue(table)?;
    Some((state.table(table)?.label.clone(), TableCode { restaurant, table, issue }))
}
