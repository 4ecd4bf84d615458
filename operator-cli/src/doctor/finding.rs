//! What the doctor says: one line each.

use std::fmt;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    /// As it should be.
    Fine,
    /// It works, and will hurt one day.
    Warning,
    /// It loses data, does not work, or stands still.
    Wrong,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) level: Level,
    /// What was looked at, such as `MySQL durability`.
    pub(crate) about: &'static str,
    /// What was seen.
    pub(crate) seen: String,
    /// What to do; empty when it is fine.
    pub(crate) advice: String,
}

impl Finding {
    pub(crate) fn fine(about: &'static str, seen: impl Into<String>) -> Self {
        Self { level: Level::Fine, about, seen: seen.into(), advice: String::new() }
    }

    pub(crate) fn warning(about: &'static str, seen: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { level: Level::Warning, about, seen: seen.into(), advice: advice.into() }
    }

    pub(crate) fn wrong(about: &'static str, seen: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { level: Level::Wrong, about, seen: seen.into(), advice: advice.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = match self.level {
            Level::Fine => "ok   ",
            Level::Warning => "warn ",
            Level::Wrong => "WRONG",
        };
        write!(f, "{level}  {:<22} {}", self.about, self.seen)?;
        if self.advice.is_empty() { Ok(()) } else { write!(f, " -> {}", self.advice) }
    }
}
