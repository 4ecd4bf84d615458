//! Running small helper programs to their end.

use std::process::{Command, Stdio};

/// Runs a program without input and gives its standard output, or says in one line why not.
pub(crate) fn output(command: &mut Command) -> Result<String, String> {
    let shown = show(command);
    let out = command.stdin(Stdio::null()).output().map_err(|e| format!("`{shown}` could not be run: {e}"))?;
    if out.status.success() {
        return Ok(String::from_utf8_lossy(&out.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&out.stderr);
    let said = said.lines().filter(|l| !l.trim().is_empty());
    let said: Vec<&str> = said.collect();
    let from = said.len().saturating_sub(5);
    Err(format!("`{shown}` failed ({}): {}", out.status, said[from..].join(" | ")))
}

/// The program and its first arguments, short enough for a message.
fn show(command: &Command) -> String {
    let mut text = command.get_program().to_string_lossy().into_owned();
    for arg in command.get_args() {
        if text.len() > 160 {
            text.push_str(" …");
            break;
        }
        text.push(' ');
        text.push_str(&arg.to_string_lossy());
    }
    text
}

/// Sends a signal by number or name to one process. The shell's own `kill` is used, because a
/// bare system has no `kill` program.
pub(crate) fn signal(name: &str, pid: u32) -> Result<(), String> {
    output(Command::new("/bin/sh").args(["-c", "kill -s \"$1\" \"$2\"", "sh", name, &pid.to_string()])).map(drop)
}

/// The name of the user who runs this process.
pub(crate) fn user_name() -> Result<String, String> {
    output(Command::new("id").arg("-un")).map(|s| s.trim().to_owned())
}

/// Whether this process runs as root.
pub(crate) fn is_root() -> Result<bool, String> {
    output(Command::new("id").arg("-u")).map(|s| s.trim() == "0")
}
