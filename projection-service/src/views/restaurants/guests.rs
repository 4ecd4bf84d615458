//! The statements that write who sits at a table, who left, and who asks to join.

use super::{
    apply::{Changes, Guest, NewDiner, NewRequest},
    schema::{DINERS, Tables},
};
use crate::{
    sql,
    views::{ApplyError, all_met},
};
use chrono::{DateTime, Utc};
use domain::ids::{FeedId, SessionId};
use sqlx::{MySqlConnection, QueryBuilder};

/// Writes what a batch changes about guests.
pub(super) async fn write(
    connection: &mut MySqlConnection,
    names: &Tables,
    changes: &Changes,
) -> Result<(), ApplyError> {
    for part in sql::parts(&changes.diners) {
        insert_diners(connection, names, part).await?;
    }
    for (guest, at) in &changes.left {
        // The key ends in the number, which the event does not name: a session has 50 guests at most.
        all_met(DINERS, 1, set_left(connection, names, *guest, *at).await?)?;
    }
    let answered: Vec<_> = changes.answered.iter().copied().collect();
    for part in sql::parts(&answered) {
        delete_requests(connection, names, part).await?;
    }
    for part in sql::parts(&changes.requests) {
        insert_requests(connection, names, part).await?;
    }
    Ok(())
}

async fn insert_diners(
    connection: &mut MySqlConnection,
    names: &Tables,
    diners: &[NewDiner],
) -> Result<u64, sqlx::Error> {
    let mut query =
        QueryBuilder::new(format!("INSERT INTO {} (feed_id, session_id, number, diner_id, left_at) ", names.diners));
    query.push_values(diners, |mut row, NewDiner { feed, joined, left_at }| {
        row.push_bind(feed.0)
            .push_bind(joined.session_id.0)
            .push_bind(joined.number)
            .push_bind(joined.diner_id.0)
            .push_bind(*left_at);
    });
    sql::run(connection, query).await
}

async fn set_left(
    connection: &mut MySqlConnection,
    names: &Tables,
    (feed, session, diner): Guest,
    at: DateTime<Utc>,
) -> Result<u64, sqlx::Error> {
    let text = format!("UPDATE {} SET left_at = ? WHERE feed_id = ? AND session_id = ? AND diner_id = ?", names.diners);
    let update = sqlx::query(&text).bind(at).bind(feed.0).bind(session.0).bind(diner.0);
    Ok(update.execute(connection).await?.rows_affected())
}

async fn insert_requests(
    connection: &mut MySqlConnection,
    names: &Tables,
    requests: &[NewRequest],
) -> Result<u64, sqlx::Error> {
    let mut query = QueryBuilder::new(format!(
        "INSERT INTO {} (feed_id, session_id, diner_id, table_label, mark, requested_at, expires_at) ",
        names.join_requests
    ));
    query.push_values(requests, |mut row, NewRequest { feed, requested, requested_at }| {
        row.push_bind(feed.0)
            .push_bind(requested.session_id.0)
            .push_bind(requested.diner_id.0)
            .push_bind(&requested.table_label)
            .push_bind(&requested.mark)
            .push_bind(*requested_at)
            .push_bind(requested.expires_at);
    });
    sql::run(connection, query).await
}

async fn delete_requests(
    connection: &mut MySqlConnection,
    names: &Tables,
    answered: &[Guest],
) -> Result<u64, sqlx::Error> {
    let mut query =
        QueryBuilder::new(format!("DELETE FROM {} WHERE (feed_id, session_id, diner_id) IN ", names.join_requests));
    query.push_tuples(answered, |mut tuple, (feed, session, diner)| {
        tuple.push_bind(feed.0).push_bind(session.0).push_bind(diner.0);
    });
    sql::run(connection, query).await
}

/// Nobody waits at a table that is left.
pub(super) async fn delete_requests_of_sessions(
    connection: &mut MySqlConnection,
    names: &Tables,
    sessions: &[(FeedId, SessionId)],
) -> Result<u64, sqlx::Error> {
    let mut query = QueryBuilder::new(format!("DELETE FROM {} WHERE (feed_id, session_id) IN ", names.join_requests));
    query.push_tuples(sessions, |mut tuple, (feed, session)| {
        tuple.push_bind(feed.0).push_bind(session.0);
    });
    sql::run(connection, query).await
}
