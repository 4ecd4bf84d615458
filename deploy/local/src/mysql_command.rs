//! How `mysqld` is called.

use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::ServerError;
use crate::install::MysqlInstall;
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
        .args(["--bind-address=127.0.0.1", "--mysqlx=0", "--secure-file-priv="])
        .args(["--max-allowed-packet=64M", "--max-connections=500"])
        // Each pool connection prepares its own statements, and there are many connections.
        .args(["--max-prepared-stmt-count=1000000", "--binlog-expire-logs-seconds=86400"]);
    if options.root_password.is_some() {
        command.arg(format!("--init-file={}", beside(&options.data_dir, "init.sql").display()));
    }
    command.args(&options.extra_args);
    Ok(command)
}

/// Writes the statement that sets the password. At each start, so that a first start that was
/// killed in the middle needs no repair. Only the user can read the file, and it goes right after.
pub(crate) fn init_file(options: &MysqlOptions) -> Result<Option<PathBuf>, ServerError> {
    let Some(password) = &options.root_password else { return Ok(None) };
    if password.contains(char::is_control) {
        return Err(ServerError::Command("the root password has a control character".to_owned()));
    }
    let path = beside(&options.data_dir, "init.sql");
    let quoted = password.replace('\\', "\\\\").replace('\'', "''");
    let text = format!("SET sql_log_bin=0;\nALTER USER 'root'@'localhost' IDENTIFIED BY '{quoted}';\n");
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

/// For the password in a URL.
pub(crate) fn percent_encoded(text: &str) -> String {
    text.bytes()
        .map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect()
}
