//! What the tests share.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use local_servers::{Binaries, MysqlServer, TerminalProgress, obtain};

/// The servers, obtained once.
pub(crate) fn binaries() -> &'static Binaries {
    static BINARIES: OnceLock<Binaries> = OnceLock::new();
    BINARIES.get_or_init(|| obtain(&TerminalProgress).unwrap_or_else(|e| panic!("{e}")))
}

/// A folder of one test, removed with it.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("aris-servers-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let dir = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&dir).unwrap_or_else(|e| panic!("{}: {e}", dir.display()));
        Self(dir)
    }

    pub(crate) fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Waits until the condition is true; a test that waits for more than a minute has failed.
pub(crate) fn until(what: &str, is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !is_so() {
        assert!(Instant::now() < deadline, "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

pub(crate) fn is_alive(pid: u32) -> bool {
    let mut kill = Command::new("/bin/sh");
    kill.args(["-c", "kill -0 \"$1\"", "sh", &pid.to_string()]).stderr(Stdio::null());
    kill.status().is_ok_and(|s| s.success())
}

/// Runs SQL over TCP with the client of the same install; gives what it prints.
pub(crate) fn sql(server: &MysqlServer, password: &str, text: &str) -> Result<String, String> {
    let mut client = binaries().mysqld.client("mysql").ok_or("there is no mysql client")?;
    client
        .args(["--no-defaults", "--protocol=TCP", "--host=127.0.0.1", "--user=root", "--batch", "--skip-column-names"])
        .arg(format!("--port={}", server.port()))
        .args(["--execute", text])
        .env("MYSQL_PWD", password);
    let out = client.output().map_err(|e| e.to_string())?;
    if out.status.success() {
        Ok(String::from_utf8_lossy(&out.stdout).trim().to_owned())
    } else {
        Err(String::from_utf8_lossy(&out.stderr).into_owned())
    }
}

/// The program of this crate, which owns servers in a process of its own.
pub(crate) fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_aris-servers"));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// A child that does not outlive its test.
pub(crate) struct Killed(pub(crate) Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
