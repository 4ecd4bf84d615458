//! Real MySQL and NATS servers on one machine, without Docker.
//!
//! [`obtain`] finds (or downloads, once) a MySQL and a NATS server that the product supports.
//! [`MysqlServer`] and [`NatsServer`] start them as supervised children: they are waited for by
//! asking them, they keep their data, and they end with the process that owns them, even if that
//! process is killed with `kill -9`.
//!
//! ```no_run
//! use local_servers::{MysqlOptions, MysqlServer, NatsOptions, NatsServer, TerminalProgress, obtain};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let binaries = obtain(&TerminalProgress)?;
//! let mysql = MysqlServer::start(&binaries, MysqlOptions::new(".local/mysql"), &TerminalProgress)?;
//! let nats = NatsServer::start(&binaries, NatsOptions::new(".local/nats"), &TerminalProgress)?;
//! println!("{} {}", mysql.admin_url(), nats.url());
//! nats.stop()?;
//! mysql.stop()?;
//! # Ok(())
//! # }
//! ```
//!
//! Everything here blocks: call it from a plain thread (or `spawn_blocking`).

mod apt;
mod apt_conf;
mod archive;
mod cache;
mod datadir;
mod error;
mod exec;
mod fate;
mod find;
mod install;
mod kind;
mod lock;
mod mysql;
mod mysql_command;
mod mysql_group;
mod mysql_options;
mod nats;
mod nats_options;
mod paths;
mod ports;
mod progress;
mod ready;
mod slot;
mod supervise;
mod template;
mod unpack;
mod version;

pub use cache::cache_dir;
pub use error::{ObtainError, ServerError};
pub use find::{Binaries, obtain};
pub use install::MysqlInstall;
pub use mysql::MysqlServer;
pub use mysql_group::MysqlGroup;
pub use mysql_options::MysqlOptions;
pub use nats::NatsServer;
pub use nats_options::{NatsCluster, NatsOptions};
pub use ports::free as free_port;
pub use progress::{Progress, QuietProgress, TerminalProgress};
pub use version::Version;
