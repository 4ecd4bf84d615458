//! The one of a process who writes actions down.
//!
//! Requests never wait for it. It takes what they hand over, folds it, and writes many rows at once. While
//! MySQL is away rows wait, so many of them; what finds no room is counted and told in the log.

use crate::{
    fold::{Folded, Minute},
    table::{self, Row},
};
use event_store::pool::{Isolation, connect_lazy};
use service_kit::audit::{Action, QUEUE_MAX, Taken, Trail, dropped};
use sqlx::MySqlPool;
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Rows that wait for MySQL; a flood has fewer in two minutes.
pub const WAITING_MAX: usize = 16_384;
/// How often rows are written.
const WRITE_EVERY: Duration = Duration::from_millis(250);
/// How long MySQL may take for one statement.
const WRITE_WITHIN: Duration = Duration::from_secs(5);
/// Pause after MySQL did not answer.
const PAUSE: Duration = Duration::from_secs(1);
/// After which the same is written anew.
const MINUTE: Duration = Duration::from_mins(1);
/// How long the last rows may take to be written at the end.
const END_WITHIN: Duration = Duration::from_secs(5);
/// One writes, one may still be closing.
const CONNECTIONS: u32 = 2;

/// The one who writes.
pub struct Writer {
    end: CancellationToken,
    task: JoinHandle<()>,
}

/// Starts the writer. MySQL does not have to be there yet.
///
/// # Errors
/// When the address, that of the user `audit`, is malformed.
pub fn start(audit_url: &str) -> Result<(Trail, Writer), sqlx::Error> {
    let pool = connect_lazy(audit_url, Isolation::ReadCommitted, CONNECTIONS)?;
    let (trail, taken) = Trail::new();
    let end = CancellationToken::new();
    let work = Work { pool, taken, minute: Minute::default(), waiting: Vec::new(), writing: None, lost: 0 };
    let task = tokio::spawn(work.run(end.clone()));
    Ok((trail, Writer { end, task }))
}

impl Writer {
    /// Writes what is left, and ends. Call it when no request is under way any more.
    pub async fn end(self) {
        self.end.cancel();
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the writer of actions broke");
        }
    }
}

struct Work {
    pool: MySqlPool,
    taken: Taken,
    minute: Minute,
    waiting: Vec<Row>,
    writing: Option<JoinHandle<Written>>,
    /// Lost since it was last told.
    lost: u64,
}

/// Rows, and what became of them.
type Written = (Vec<Row>, Result<(), sqlx::Error>);

impl Work {
    async fn run(mut self, end: CancellationToken) {
        let mut actions = Vec::new();
        let mut turn = tokio::time::interval(WRITE_EVERY);
        turn.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        // Closed where nobody can hand anything over any more.
        let mut is_open = true;
        let (mut minute_began, mut not_before) = (Instant::now(), Instant::now());
        loop {
            tokio::select! {
                count = self.taken.actions.recv_many(&mut actions, QUEUE_MAX), if is_open => {
                    is_open = count > 0;
                    self.take(&mut actions);
                }
                _ = turn.tick() => {
                    if minute_began.elapsed() >= MINUTE {
                        minute_began = Instant::now();
                        self.end_minute();
                    }
                    if Instant::now() >= not_before {
                        self.begin_to_write();
                    }
                }
                written = join(&mut self.writing) => {
                    if self.written(written) {
                        not_before = Instant::now() + PAUSE;
                    }
                }
                () = end.cancelled() => break,
            }
        }
        if tokio::time::timeout(END_WITHIN, self.finish(actions)).await.is_err() {
            tracing::warn!("the last actions could not be written down: MySQL has not answered");
        }
    }

    fn take(&mut self, actions: &mut Vec<Action>) {
        for action in actions.drain(..) {
            match self.minute.take(action) {
                Folded::New(row) => self.wait(*row),
                Folded::Counted => {}
                Folded::Dropped => self.lose(1, "minute-full"),
            }
        }
    }

    fn wait(&mut self, row: Row) {
        if self.waiting.len() < WAITING_MAX {
            self.waiting.push(row);
        } else {
            self.lose(row.repeats.into(), "store-away");
        }
    }

    fn end_minute(&mut self) {
        for row in self.minute.end() {
            self.wait(row);
        }
        let lost = std::mem::take(&mut self.lost) + self.taken.dropped();
        if lost > 0 {
            tracing::error!(lost, "actions of the last minute are not in the audit; see actions_dropped_total");
        }
    }

    fn lose(&mut self, count: u64, why: &'static str) {
        self.lost += count;
        dropped(count, why);
    }

    /// One statement at a time; what comes meanwhile waits.
    fn begin_to_write(&mut self) {
        if self.writing.is_none() && !self.waiting.is_empty() {
            let (pool, rows) = (self.pool.clone(), std::mem::take(&mut self.waiting));
            self.writing = Some(tokio::spawn(async move {
                let result = table::write(&pool, &rows, WRITE_WITHIN).await;
                (rows, result)
            }));
        }
    }

    /// Says whether MySQL wants a pause.
    fn written(&mut self, (rows, result): Written) -> bool {
        let Err(error) = result else {
            metrics::counter!("actions_written_total").increment(rows.len() as u64);
            return false;
        };
        if is_refused(&error) {
            tracing::error!(%error, rows = rows.len(), "MySQL does not take these actions");
            self.lose(rows.iter().map(|row| u64::from(row.repeats)).sum(), "refused");
            return false;
        }
        tracing::warn!(%error, rows = rows.len(), "actions wait: MySQL did not take them");
        // Older ones first; what is there already is only counted again.
        let newer = std::mem::replace(&mut self.waiting, rows);
        for row in newer {
            self.wait(row);
        }
        true
    }

    async fn finish(&mut self, mut actions: Vec<Action>) {
        while let Ok(action) = self.taken.actions.try_recv() {
            actions.push(action);
        }
        self.take(&mut actions);
        if self.writing.is_some() {
            let written = join(&mut self.writing).await;
            self.written(written);
        }
        self.end_minute();
        self.begin_to_write();
        if self.writing.is_some() {
            let written = join(&mut self.writing).await;
            if self.written(written) {
                let lost = self.waiting.iter().map(|row| u64::from(row.repeats)).sum();
                self.lose(lost, "store-away");
                tracing::error!(lost, "the last actions are not in the audit: MySQL is away");
            }
        }
    }
}

/// What was being written, when it is; never, when nothing is.
async fn join(writing: &mut Option<JoinHandle<Written>>) -> Written {
    let Some(task) = writing else { return std::future::pending().await };
    let written = task.await;
    *writing = None;
    // A panic of the driver, not of ours; the rows are gone with it.
    written.unwrap_or_else(|error| (Vec::new(), Err(sqlx::Error::Protocol(error.to_string()))))
}

/// Whether the same rows would be refused again, for ever.
fn is_refused(error: &sqlx::Error) -> bool {
    use sqlx::error::ErrorKind::{CheckViolation, ForeignKeyViolation, NotNullViolation, UniqueViolation};
    match error {
        sqlx::Error::Encode(_) => true,
        sqlx::Error::Database(error) => {
            // 22: what is no such value or too long (SQLSTATE).
            let is_of_data = error.code().is_some_and(|code| code.starts_with("22"));
            is_of_data
                || matches!(error.kind(), UniqueViolation | ForeignKeyViolation | NotNullViolation | CheckViolation)
        }
        _ => false,
    }
}
