//! Backups, made and restored with the programs and options that docs/operations.md tells operators to use.

use crate::servers;
use std::{
    io::Write,
    process::{Command, Stdio},
};

/// What every dump is made with; what is dumped comes after.
const DUMP: [&str; 4] = ["--single-transaction", "--no-tablespaces", "--set-gtid-purged=OFF", "--hex-blob"];

/// Dumps what these arguments name, on the shared server: the bytes of the file.
///
/// # Panics
/// When the server's client programs are missing, or the dump fails.
#[must_use]
pub fn dump(admin_url: &str, what: &[&str]) -> Vec<u8> {
    let mut command = client("mysqldump", admin_url);
    let output = command.args(DUMP).args(what).output().unwrap_or_else(|error| panic!("{error}"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// Restores a dump into this schema, on the shared server.
///
/// # Panics
/// When the server's client programs are missing, or the server does not take it.
pub fn restore(admin_url: &str, schema: &str, dump: &[u8]) {
    let mut command = client("mysql", admin_url);
    command.arg(schema).stdin(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|error| panic!("{error}"));
    let mut stdin = child.stdin.take().unwrap_or_else(|| panic!("it has no input"));
    stdin.write_all(dump).unwrap_or_else(|error| panic!("{error}"));
    drop(stdin);
    let output = child.wait_with_output().unwrap_or_else(|error| panic!("{error}"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn client(program: &str, admin_url: &str) -> Command {
    let place = admin_url.rsplit_once('@').and_then(|(user, place)| {
        let (user, password) =
            user.strip_prefix("mysql://")?.split_once(':').unwrap_or((&user["mysql://".len()..], ""));
        Some((user.to_owned(), password.to_owned(), place.split('/').next()?.rsplit_once(':')?.1.to_owned()))
    });
    let (user, password, port) = place.unwrap_or_else(|| panic!("{admin_url} is no address of an administrator"));
    let command = servers().binaries.mysqld.client(program);
    let mut command = command.unwrap_or_else(|| panic!("{program} is not beside the MySQL server: install the client"));
    command.args(["--no-defaults", "--protocol=TCP", "--host=127.0.0.1"]).env("MYSQL_PWD", password);
    command.args([format!("--user={user}"), format!("--port={port}")]);
    command
}
