//! The terminal while a screen is shown, and its return to what it was.

use super::render::Size;
use std::{
    fs::File,
    io::{self, Write},
    process::{Command, Stdio},
};

const ENTER: &str = "\x1b[?1049h\x1b[?25l\x1b[2J";
const LEAVE: &str = "\x1b[?25h\x1b[?1049l";
/// Between these two a terminal shows nothing half done; those that do not know them ignore them.
const BEGIN: &str = "\x1b[?2026h\x1b[H";
const END: &str = "\x1b[?2026l";
/// What a terminal is when it does not say.
const USUAL: Size = Size { width: 80, height: 24 };

/// A terminal that shows our screen. Dropping it gives the user their own one back, on every way out.
pub(super) struct Terminal {
    settings: Option<String>,
    shown: String,
    size: Size,
}

impl Terminal {
    /// Switches to our screen.
    pub(super) fn enter() -> io::Result<Self> {
        let settings = stty(&["-g"]);
        // Keys that somebody presses must not appear in the middle of a ticket.
        stty(&["-echo"]);
        // Made before the first write, so that a failing one restores the settings too.
        let mut terminal = Self { settings, shown: String::new(), size: USUAL };
        terminal.resized();
        write(ENTER)?;
        Ok(terminal)
    }

    /// How large the terminal is.
    pub(super) fn size(&self) -> Size {
        self.size
    }

    /// The user changed the size of the terminal.
    pub(super) fn resized(&mut self) {
        self.size = stty(&["size"]).and_then(|text| parse_size(&text)).unwrap_or(USUAL);
        self.shown.clear();
    }

    /// Shows a frame over the last one, in one write; the same frame again costs nothing.
    pub(super) fn draw(&mut self, frame: String) -> io::Result<()> {
        if frame != self.shown {
            let clear = if self.shown.is_empty() { "\x1b[2J" } else { "" };
            write(&format!("{BEGIN}{clear}{frame}{END}"))?;
            self.shown = frame;
        }
        Ok(())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // The terminal may be gone; then there is nothing to restore.
        let _ = write(LEAVE);
        if let Some(settings) = &self.settings {
            stty(&[settings.trim()]);
        }
    }
}

fn write(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// Asks or tells the terminal driver. `stty` is on every Unix, and spares us a crate for two calls.
fn stty(arguments: &[&str]) -> Option<String> {
    let terminal = File::open("/dev/tty").ok()?;
    let output = Command::new("stty").args(arguments).stdin(terminal).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// `stty size` says "rows columns"; a terminal that does not know says "0 0".
fn parse_size(text: &str) -> Option<Size> {
    let (rows, columns) = text.trim().split_once(' ')?;
    let size = Size { width: columns.parse().ok()?, height: rows.parse().ok()? };
    (size.width > 0 && size.height > 0).then_some(size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_of_stty_is_a_size() {
        assert_eq!(parse_size("24 80\n"), Some(USUAL));
        assert_eq!(parse_size("0 0\n"), None);
        assert_eq!(parse_size(""), None);
    }
}
