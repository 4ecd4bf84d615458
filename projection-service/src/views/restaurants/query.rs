//! Reading the restaurants view.

mod answers;

pub(crate) use answers::{
    Item, JoinRequest, JoinRequestsAnswer, MenuAnswer, RestaurantAnswer, SessionAnswer, StationAnswer, TableAnswer,
};

use super::schema::Tables;
use crate::money::MoneyAnswer;
use answers::DinerAnswer;
use chrono::{DateTime, Utc};
use domain::{
    dining::SessionState,
    envelope::format_time,
    ids::{FeedId, SessionId},
    limits::{LIST_ROWS_MAX, MENU_ITEMS_MAX, SESSION_DINERS_MAX, TABLES_MAX},
};
use sqlx::{MySqlConnection, Row};
use uuid::Uuid;

/// What stands in the restaurant's own row.
pub(crate) struct RestaurantRow {
    pub(crate) name: String,
    pub(crate) currency: String,
    pub(crate) time_zone: String,
    pub(crate) stations: Vec<StationAnswer>,
}

/// The restaurant's own row.
pub(crate) async fn restaurant_row(
    connection: &mut MySqlConnection,
    names: &Tables,
    feed: FeedId,
) -> Result<Option<RestaurantRow>, sqlx::Error> {
    let text = format!("SELECT name, currency, time_zone, stations FROM {} WHERE feed_id = ?", names.restaurants);
    let Some(row) = sqlx::query(&text).bind(feed.0).fetch_optional(connection).await? else { return Ok(None) };
    let stations = serde_json::from_slice(row.try_get("stations")?)
        .map_err(|source| sqlx::Error::ColumnDecode { index: "stations".to_owned(), source: source.into() })?;
    Ok(Some(RestaurantRow {
        name: row.try_get("name")?,
        currency: row.try_get("currency")?,
        time_zone: row.try_get("time_zone")?,
        stations,
    }))
}

/// The tables in their order, each with the session that is open there.
pub(crate) async fn tables(
    connection: &mut MySqlConnection,
    names: &Tables,
    feed: FeedId,
) -> Result<Vec<TableAnswer>, sqlx::Error> {
    let text = format!(
        "SELECT t.table_id, t.label, t.seats, s.session_id \
           FROM {tables} t \
           LEFT JOIN {sessions} s ON s.feed_id = t.feed_id AND s.closed_at IS NULL AND s.table_id = t.table_id \
          WHERE t.feed_id = ? ORDER BY t.ordinal LIMIT ?",
        tables = names.tables,
        sessions = names.sessions
    );
    let rows = sqlx::query(&text).bind(feed.0).bind(TABLES_MAX as u64).fetch_all(connection).await?;
    rows.iter()
        .map(|row| {
            Ok(TableAnswer {
                table_id: row.try_get("table_id")?,
                label: row.try_get("label")?,
                seats: row.try_get("seats")?,
                open_session_id: row.try_get("session_id")?,
            })
        })
        .collect()
}

/// The menu in the order in which its items were added.
pub(crate) async fn items(
    connection: &mut MySqlConnection,
    names: &Tables,
    feed: FeedId,
) -> Result<Vec<Item>, sqlx::Error> {
    let text = format!(
        "SELECT item_id, name, price_amount, price_currency, tax_rate_bp, station, available \
           FROM {} WHERE feed_id = ? ORDER BY added_position LIMIT ?",
        names.items
    );
    let rows = sqlx::query(&text).bind(feed.0).bind(MENU_ITEMS_MAX as u64).fetch_all(connection).await?;
    rows.iter()
        .map(|row| {
            Ok(Item {
                item_id: row.try_get("item_id")?,
                name: row.try_get("name")?,
                price: MoneyAnswer { amount: row.try_get("price_amount")?, currency: row.try_get("price_currency")? },
                tax_rate_bp: row.try_get("tax_rate_bp")?,
                station: row.try_get("station")?,
                available: row.try_get("available")?,
            })
        })
        .collect()
}

/// A session, its guests not yet read.
pub(crate) struct SessionRow {
    table_id: Uuid,
    table_label: String,
    opened_at: DateTime<Utc>,
    closed_at: Option<DateTime<Utc>>,
}

impl SessionRow {
    /// The answer, once its guests are read.
    pub(crate) fn answer(
        self,
        cursor: crate::read::Stand,
        session: SessionId,
        diners: Vec<DinerAnswer>,
        join_requests: Vec<JoinRequest>,
    ) -> SessionAnswer {
        let state = if self.closed_at.is_some() { SessionState::Closed } else { SessionState::Open };
        SessionAnswer {
            cursor,
            session_id: session.0,
            table_id: self.table_id,
            table_label: self.table_label,
            state: state.as_str(),
            opened_at: format_time(self.opened_at),
            closed_at: self.closed_at.map(format_time),
            diners,
            join_requests,
        }
    }
}

/// One session.
pub(crate) async fn session_row(
    connection: &mut MySqlConnection,
    names: &Tables,
    feed: FeedId,
    session: SessionId,
) -> Result<Option<SessionRow>, sqlx::Error> {
    let text = format!(
        "SELECT table_id, table_label, opened_at, closed_at FROM {} WHERE feed_id = ? AND session_id = ?",
        names.sessions
    );
    let row = sqlx::query(&text).bind(feed.0).bind(session.0).fetch_optional(connection).await?;
    row.map(|row| {
        Ok(SessionRow {
            table_id: row.try_get("table_id")?,
            table_label: row.try_get("table_label")?,
            opened_at: row.try_get("opened_at")?,
            closed_at: row.try_get("closed_at")?,
        })
    })
    .transpose()
}

/// The guests of a session in the order in which they joined.
pub(crate) async fn diners(
    connection: &mut MySqlConnection,
    names: &Tables,
    feed: FeedId,
    session: SessionId,
) -> Result<Vec<DinerAnswer>, sqlx::Error> {
    let text = format!(
        "SELECT diner_id, number, left_at FROM {} WHERE feed_id = ? AND session_id = ? ORDER BY number LIMIT ?",
        names.diners
    );
    let rows =
        sqlx::query(&text).bind(feed.0).bind(session.0).bind(SESSION_DINERS_MAX as u64).fetch_all(connection).await?;
    rows.iter()
        .map(|row| {
            let left_at: Option<DateTime<Utc>> = row.try_get("left_at")?;
            Ok(DinerAnswer {
                diner_id: row.try_get("diner_id")?,
                number: row.try_get("number")?,
                left_at: left_at.map(format_time),
            })
        })
        .collect()
}

/// Who waits at this time to be let in, at one table or at all of them, in the order in which they asked.
pub(crate) async fn join_requests(
    connection: &mut MySqlConnection,
    names: &Tables,
    feed: FeedId,
    session: Option<SessionId>,
    now: DateTime<Utc>,
) -> Result<Vec<JoinRequest>, sqlx::Error> {
    let of_session = if session.is_some() { "AND session_id = ? " } else { "" };
    let text = format!(
        "SELECT session_id, diner_id, table_label, mark, requested_at, expires_at FROM {} \
          WHERE feed_id = ? {of_session}AND expires_at > ? ORDER BY requested_at, diner_id LIMIT ?",
        names.join_requests
    );
    let mut query = sqlx::query(&text).bind(feed.0);
    if let Some(session) = session {
        query = query.bind(session.0);
    }
    let rows = query.bind(now).bind(LIST_ROWS_MAX as u64).fetch_all(connection).await?;
    rows.iter()
        .map(|row| {
            Ok(JoinRequest {
                session_id: row.try_get("session_id")?,
                diner_id: row.try_get("diner_id")?,
                table_label: row.try_get("table_label")?,
                mark: row.try_get("mark")?,
                requested_at: format_time(row.try_get("requested_at")?),
                expires_at: format_time(row.try_get("expires_at")?),
            })
        })
        .collect()
}
