//! What can be chosen about a MySQL server.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use crate::mysql_group::MysqlGroup;
use crate::paths::beside;

/// How to start a MySQL server. Make it with [`MysqlOptions::new`] and change what you need.
#[derive(Clone)]
pub struct MysqlOptions {
    /// The data folder: used if it is there, made if not. Beside it lie `<data_dir>.lock` and other
    /// small files, so give it a parent folder of your own.
    pub data_dir: PathBuf,
    /// The port on 127.0.0.1; `None` takes a free one.
    pub port: Option<u16>,
    /// A Unix socket; `None` has none. Its path may have at most 107 bytes.
    pub socket: Option<PathBuf>,
    /// The log file; `None` is `<data_dir>.log`.
    pub log_file: Option<PathBuf>,
    /// The password of `root@localhost`, set at each start; `None` leaves it as it is (empty in a
    /// new data folder).
    pub root_password: Option<String>,
    /// `innodb_redo_log_capacity`: the server's default stalls under a write load. It takes that much
    /// of the disk from the start.
    pub redo_log_capacity: String,
    /// `innodb_buffer_pool_size`.
    pub buffer_pool_size: String,
    /// The group that it is a member of; `None` is a server by itself. A member has a fixed port.
    pub group: Option<MysqlGroup>,
    /// Further arguments of `mysqld`; they win over the ones given here.
    pub extra_args: Vec<String>,
    /// How long the server may take to shut down before it is killed (in whole seconds); 0 s kills
    /// at once, also at a restart.
    pub grace: Duration,
    /// Remove the data folder when the server is stopped, dropped, or its owner dies.
    pub remove_data: bool,
    /// How long to wait for the first answer.
    pub ready_within: Duration,
}

impl MysqlOptions {
    /// A durable server on a free port that keeps its data.
    #[must_use]
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
            port: None,
            socket: None,
            log_file: None,
            root_password: None,
            redo_log_capacity: "1G".to_owned(),
            buffer_pool_size: "256M".to_owned(),
            group: None,
            extra_args: Vec::new(),
            grace: Duration::from_secs(10),
            remove_data: false,
            ready_within: Duration::from_secs(120),
        }
    }

    /// The same for a test: less disk, killed at once, and removed when its owner is done with it.
    #[must_use]
    pub fn throw_away(data_dir: impl Into<PathBuf>) -> Self {
        Self { grace: Duration::ZERO, remove_data: true, redo_log_capacity: "256M".to_owned(), ..Self::new(data_dir) }
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.log_file.clone().unwrap_or_else(|| beside(&self.data_dir, "log"))
    }
}

/// Without the password.
impl fmt::Debug for MysqlOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MysqlOptions")
            .field("data_dir", &self.data_dir)
            .field("port", &self.port)
            .field("group", &self.group)
            .field("extra_args", &self.extra_args)
            .finish_non_exhaustive()
    }
}
