//! Telling the user what a long step is doing.

use std::io::{IsTerminal, Write};
use std::sync::{Mutex, PoisonError};

use indicatif::{ProgressBar, ProgressStyle};

/// Where messages about long steps go. A download or a first start takes seconds to minutes, and
/// nobody should look at a silent screen meanwhile.
pub trait Progress: Send + Sync {
    /// A new step begins.
    fn step(&self, text: &str);
    /// The current step is at `done` of `total`.
    fn advance(&self, done: u64, total: u64);
    /// The current step has ended well; `text` says with what.
    fn done(&self, text: &str);
}

/// Says nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct QuietProgress;

impl Progress for QuietProgress {
    fn step(&self, _: &str) {}
    fn advance(&self, _: u64, _: u64) {}
    fn done(&self, _: &str) {}
}

/// Writes to standard error: a bar where that is a terminal, plain lines otherwise (so that the
/// log of a CI run shows progress too).
#[derive(Debug, Clone, Copy, Default)]
pub struct TerminalProgress;

/// A process has one terminal, so it has one current step.
static CURRENT: Mutex<Current> = Mutex::new(Current { bar: None, tenths: 0 });

struct Current {
    bar: Option<ProgressBar>,
    tenths: u64,
}

impl Progress for TerminalProgress {
    fn step(&self, text: &str) {
        let mut current = CURRENT.lock().unwrap_or_else(PoisonError::into_inner);
        current.clear();
        if std::io::stderr().is_terminal() {
            current.bar = Some(spinner(text));
        } else {
            line(&format!("==> {text}"));
        }
    }

    fn advance(&self, done: u64, total: u64) {
        let mut current = CURRENT.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bar) = &current.bar {
            if bar.length() != Some(total) {
                bar.set_style(style("{spinner} {msg} [{bar:30}] {pos}/{len}"));
                bar.set_length(total);
            }
            bar.set_position(done);
            return;
        }
        // Plain lines: at most eleven per step, however often this is called.
        let tenths = (done * 10).checked_div(total).unwrap_or(0);
        if tenths > current.tenths {
            current.tenths = tenths;
            line(&format!("    {done}/{total}"));
        }
    }

    fn done(&self, text: &str) {
        let mut current = CURRENT.lock().unwrap_or_else(PoisonError::into_inner);
        current.clear();
        line(&format!("    {text}"));
    }
}

impl Current {
    fn clear(&mut self) {
        self.tenths = 0;
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

fn spinner(text: &str) -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    bar.set_style(style("{spinner} {msg}"));
    bar.set_message(text.to_owned());
    bar.enable_steady_tick(std::time::Duration::from_millis(120));
    bar
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

/// A closed standard error must not end the program, as `eprintln!` would.
fn line(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}
