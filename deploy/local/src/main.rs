//! `aris-servers obtain` gets the servers; `aris-servers run DIR` runs both until it ends, with their
//! data in DIR, and prints how to reach them as one line of JSON.

use std::error::Error;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use local_servers::{MysqlOptions, MysqlServer, NatsOptions, NatsServer, TerminalProgress, obtain};

const USAGE: &str = "usage: aris-servers obtain | run DIR [--throw-away]";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let result = match args.as_slice() {
        ["obtain"] => show_found(),
        ["run", dir] => run(Path::new(dir), MysqlOptions::new, NatsOptions::new),
        ["run", dir, "--throw-away"] => run(Path::new(dir), MysqlOptions::throw_away, NatsOptions::throw_away),
        _ => Err(USAGE.into()),
    };
    let Err(error) = result else { return ExitCode::SUCCESS };
    let _ = writeln!(std::io::stderr(), "{error}");
    ExitCode::FAILURE
}

fn show_found() -> Result<(), Box<dyn Error>> {
    let found = obtain(&TerminalProgress)?;
    let mut out = std::io::stdout();
    writeln!(out, "MySQL {}: {}", found.mysqld.version(), found.mysqld_found)?;
    writeln!(out, "NATS {}: {}", found.nats_version, found.nats_found)?;
    Ok(())
}

fn run(
    dir: &Path,
    mysql: fn(std::path::PathBuf) -> MysqlOptions,
    nats: fn(std::path::PathBuf) -> NatsOptions,
) -> Result<(), Box<dyn Error>> {
    let found = obtain(&TerminalProgress)?;
    let mysql = MysqlServer::start(&found, mysql(dir.join("mysql")), &TerminalProgress)?;
    let nats = NatsServer::start(&found, nats(dir.join("nats")), &TerminalProgress)?;
    let line = serde_json::json!({
        "mysql": mysql.admin_url(), "mysql_pid": mysql.pid(), "nats": nats.url(), "nats_pid": nats.pid(),
    });
    writeln!(std::io::stdout(), "{line}")?;
    // Whatever ends this process ends the servers.
    loop {
        std::thread::park();
    }
}
