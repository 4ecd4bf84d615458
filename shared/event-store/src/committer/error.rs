//! What went wrong in a try of a batch, and what follows from it.

use domain::ids::FeedId;
use domain::{event::DecodeError, stream::StreamId};

/// Why a try of a batch did not end in a commit.
#[derive(Debug, thiserror::Error)]
pub(super) enum RunError {
    /// Use cases asked for streams that are not loaded. Load them, then try again.
    #[error("{} streams were not loaded", .0.len())]
    NeedStreams(Vec<(FeedId, StreamId)>),
    /// A stream that a command creates has events. Load such streams, then try again.
    #[error("a stream that was to be created exists")]
    StreamExists,
    /// The cache is too far behind the feed. It was emptied; try again.
    #[error("the cache is too far behind")]
    CacheBehind,
    /// The try took longer than it may.
    #[error("the batch took too long")]
    Deadline,
    /// MySQL said no, or nothing at all.
    #[error(transparent)]
    Sql(#[from] sqlx::Error),
    /// A stored event cannot be read, or a new one cannot be written.
    #[error(transparent)]
    Event(#[from] DecodeError),
    /// Something in this batch can never be stored.
    #[error("{0}")]
    Unstorable(String),
}

/// What to do after a failed try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Remedy {
    /// Same batch again at once: nothing is wrong, more had to be known.
    Again,
    /// Same batch again after a pause, on a new connection.
    Later,
    /// A command of this batch is the cause: find it by halves.
    Split,
}

impl RunError {
    pub(super) fn remedy(&self) -> Remedy {
        match self {
            Self::NeedStreams(_) | Self::StreamExists | Self::CacheBehind => Remedy::Again,
            Self::Deadline => Remedy::Later,
            Self::Sql(error) => sql_remedy(error),
            Self::Event(_) | Self::Unstorable(_) => Remedy::Split,
        }
    }

    /// A short name for metrics.
    pub(super) fn cause(&self) -> &'static str {
        match self {
            Self::NeedStreams(_) => "need-streams",
            Self::StreamExists => "stream-exists",
            Self::CacheBehind => "cache-behind",
            Self::Deadline => "deadline",
            Self::Sql(_) => "sql",
            Self::Event(_) => "event",
            Self::Unstorable(_) => "unstorable",
        }
    }
}

/// MySQL's number for a key that exists.
const DUPLICATE_KEY: u16 = 1062;
/// MySQL's numbers for values that it will never take: null, out of range, too long, malformed, a
/// packet that is too large. Everything else (a full disk, no connections, a deadlock, a server that
/// ends) may pass, and is no fault of a command.
const REFUSED_VALUES: [u16; 10] = [1048, DUPLICATE_KEY, 1153, 1264, 1265, 1292, 1366, 1406, 1690, 3819];

fn sql_remedy(error: &sqlx::Error) -> Remedy {
    match error {
        sqlx::Error::Database(database) => {
            let refused = mysql_number(database.as_ref()).is_some_and(|number| REFUSED_VALUES.contains(&number));
            // Another process created the same feed at the same moment: that passes too.
            let own_fault = refused && !is_duplicate(error, "feed_heads.PRIMARY");
            if own_fault { Remedy::Split } else { Remedy::Later }
        }
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) | sqlx::Error::Encode(_) => Remedy::Split,
        _ => Remedy::Later,
    }
}

fn mysql_number(error: &dyn sqlx::error::DatabaseError) -> Option<u16> {
    error.try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>().map(sqlx::mysql::MySqlDatabaseError::number)
}

/// Whether a row with the same `key` existed. MySQL tells the key only in the message's text.
pub(super) fn is_duplicate(error: &sqlx::Error, key: &str) -> bool {
    let Some(database) = error.as_database_error() else { return false };
    mysql_number(database) == Some(DUPLICATE_KEY) && database.message().contains(key)
}
