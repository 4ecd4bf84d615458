//! `aris` as an operator runs it, on an installation of a test.

use crate::installation::Installation;
use tokio::process::Command;

/// What `aris` printed and how it ended.
pub(crate) struct Ran {
    pub(crate) text: String,
    pub(crate) error: String,
    pub(crate) ok: bool,
}

/// `aris` with these arguments, not started yet. It is killed when it is dropped.
pub(crate) fn aris(installation: &Installation, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_aris"));
    command
        .args(arguments)
        .env("ARIS_READER_URL", &installation.env.access.reader)
        .env("ARIS_PROJECTION_URL", &installation.env.access.projection)
        .kill_on_drop(true);
    command
}

/// Runs `aris` to its end.
pub(crate) async fn ran(installation: &Installation, arguments: &[&str]) -> Ran {
    let output = aris(installation, arguments).output().await.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran { text: text(output.stdout), error: text(output.stderr), ok: output.status.success() }
}
