//! How `mysqld` is called.

use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::ServerError;
use crate::install::MysqlInstall;
use crate::mysql_group::MysqlGroup;
use crate::mysql_options::MysqlOptions;
use crate::paths::beside;
use crate::template;

/// The command that runs the server.
pub(crate) fn command(
    install: &MysqlInstall,
    options: &MysqlOptions,
    port: u16,
    pid_file: &Path,
) -> Result<Command, ServerError> {
    let mut command = install.server();
    let socket = options.socket.as_deref().unwrap_or(Path::new(""));
    command
        .args(template::run_as_root()?)
        .arg(format!("--datadir={}", options.data_dir.display()))
        .arg(format!("--port={port}"))
        .arg(format!("--pid-file={}", pid_file.display()))
        .arg(format!("--socket={}", socket.display()))
        .arg(format!("--innodb-redo-log-capacity={}", options.redo_log_capacity))
        .arg(format!("--innodb-buffer-pool-size={}", options.buffer_pool_size))
        // Without them commits stand still for 100 ms now and then: see docs/operations.md.
        .arg("--innodb-log-writer-threads=ON")
        .args(["--bind-address=127.0.0.1", "--mysqlx=0", "--secure-file-priv="])
        .args(["--max-allowed-packet=64M", "--max-connections=500"])
        // Each pool connection prepares its own statements, and there are many connections.
        .args(["--max-prepared-stmt-count=1000000", "--binlog-expire-logs-seconds=86400"]);
    if let Some(group) = &options.group {
        command.args(group.arguments());
    }
    if options.root_password.is_some() || options.group.is_some() {
        command.arg(format!("--init-file={}", beside(&options.data_dir, "init.sql").display()));
    }
    command.args(&options.extra_args);
    Ok(command)
}

/// Writes the statements that set the password and prepare a member of a group. At each start, so that a
/// first start that was killed in the middle needs no repair. Only the user can read the file, and it goes
/// right after.
pub(crate) fn init_file(options: &MysqlOptions) -> Result<Option<PathBuf>, ServerError> {
    let MysqlOptions { root_password, group, .. } = options;
    if root_password.is_none() && group.is_none() {
        return Ok(None);
    }
    // What one server does to itself is nothing that the others should repeat.
    let mut text = "SET sql_log_bin=0;\n".to_owned();
    if let Some(password) = root_password {
        if password.contains(char::is_control) {
            return Err(ServerError::Command("the root password has a control character".to_owned()));
        }
        text += &format!("ALTER USER 'root'@'localhost' IDENTIFIED BY {};\n", quoted(password));
    }
    text += &group.as_ref().map(MysqlGroup::statements).unwrap_or_default();
    let path = beside(&options.data_dir, "init.sql");
    let _ = fs::remove_file(&path);
    fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(ServerError::io("write", &path))?;
    Ok(Some(path))
}

/// A text as SQL writes it.
pub(crate) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

/// For the password in a URL.
pub(crate) fn percent_encoded(text: &str) -> String {
    text.bytes()
        .map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect()
}
