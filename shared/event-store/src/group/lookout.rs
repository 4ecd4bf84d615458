//! Asking one server, again and again, whom it sees as the primary.

use super::{
    Group,
    sight::{Look, Sight},
};
use sqlx::{ConnectOptions, MySqlConnection, mysql::MySqlConnectOptions};
use std::{
    sync::Weak,
    time::{Duration, Instant},
};
use tokio::time::{sleep, timeout};

/// Pause between two questions to a server.
const ASK_EVERY: Duration = Duration::from_millis(500);
/// How long a server may take to answer, and to be connected to.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);

/// Exactly one row in a group with one primary, and none outside of a group. A server that has lost sight of
/// the primary calls it UNREACHABLE.
const WHO: &str = "SELECT CAST(@@server_uuid AS CHAR), CAST(MEMBER_ID AS CHAR) FROM performance_schema.replication_group_members \
                   WHERE MEMBER_STATE = 'ONLINE' AND MEMBER_ROLE = 'PRIMARY'";

/// Asks as long as somebody uses the group.
pub(super) async fn look_out(group: Weak<Group>, place: usize, options: MySqlConnectOptions) {
    let mut connection = None;
    loop {
        let asked = Instant::now();
        let answer = timeout(ANSWER_WITHIN, ask(&options, &mut connection)).await;
        let said = answer.unwrap_or_else(|_| Err(format!("no answer within {ANSWER_WITHIN:?}")));
        if said.is_err() {
            connection = None;
        }
        let Some(group) = group.upgrade() else { return };
        group.note(place, Look { asked, said });
        drop(group);
        sleep(ASK_EVERY).await;
    }
}

async fn ask(options: &MySqlConnectOptions, connection: &mut Option<MySqlConnection>) -> Result<Sight, String> {
    let connection = match connection {
        Some(connection) => connection,
        None => connection.insert(options.connect().await.map_err(|error| error.to_string())?),
    };
    let rows: Vec<(String, String)> =
        sqlx::query_as(WHO).fetch_all(connection).await.map_err(|error| error.to_string())?;
    match <[_; 1]>::try_from(rows) {
        Ok([(own, primary)]) => Ok(Sight { own, primary }),
        Err(rows) => Err(format!("it sees {} primaries online in its group", rows.len())),
    }
}
