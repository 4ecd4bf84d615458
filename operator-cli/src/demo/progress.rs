//! What the user sees while the service runs.

use super::{
    report::milliseconds,
    tally::{Count, Tally},
};
use indicatif::{ProgressBar, ProgressStyle};
use std::{
    io::IsTerminal,
    time::{Duration, Instant},
};

/// How often a line is printed where there is no terminal to draw a bar on.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// A bar on a terminal, a line every few seconds elsewhere.
pub(super) struct Progress {
    started: Instant,
    length: Duration,
    bar: Option<ProgressBar>,
    printed: Duration,
}

impl Progress {
    pub(super) fn new(length: Duration) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| bar(length));
        Self { started: Instant::now(), length, bar, printed: Duration::ZERO }
    }

    /// Shows how it goes; called once a second.
    pub(super) fn show(&mut self, tally: &Tally) {
        let elapsed = self.started.elapsed();
        if let Some(bar) = &self.bar {
            bar.set_position(elapsed.min(self.length).as_secs());
            bar.set_prefix(clock(elapsed));
            bar.set_message(line(tally));
        } else if elapsed >= self.printed + LINE_EVERY {
            self.printed = elapsed;
            eprintln!("{}  {}", clock(elapsed), line(tally));
        }
    }

    /// Says something that stays.
    pub(super) fn say(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.println(text),
            None => eprintln!("{text}"),
        }
    }

    /// Leaves the screen to the report.
    pub(super) fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn bar(length: Duration) -> ProgressBar {
    let bar = ProgressBar::new(length.as_secs());
    // A template that indicatif cannot read would only look plainer.
    if let Ok(style) = ProgressStyle::with_template("{prefix} {bar:12} {wide_msg}") {
        bar.set_style(style.progress_chars("━━╌"));
    }
    bar
}

fn line(tally: &Tally) -> String {
    let placing = tally.placing();
    let retries = tally.get(Count::RetriesBusy) + tally.get(Count::RetriesBroken);
    format!(
        "{} orders  {} lines shown  {} served  p50 {} p99 {}  {retries} retries  {} reconnects",
        tally.get(Count::Placed),
        tally.get(Count::LinesShown),
        tally.get(Count::LinesServed),
        milliseconds(placing.p50),
        milliseconds(placing.p99),
        tally.get(Count::Reconnects),
    )
}

/// `1:05`
pub(super) fn clock(time: Duration) -> String {
    format!("{}:{:02}", time.as_secs() / 60, time.as_secs() % 60)
}
