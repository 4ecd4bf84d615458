//! What the user sees while a view is rebuilt. Every number is read from the checkpoints and the heads.

use indicatif::{ProgressBar, ProgressStyle};
use projection_service::rebuild::{Extent, Phase, Step};
use serde_json::json;
use std::{
    collections::VecDeque,
    io::IsTerminal,
    mem::{Discriminant, discriminant},
    time::{Duration, Instant},
};

/// How often a line is printed where there is no terminal to draw a bar on; and whenever another step begins.
const LINE_EVERY: Duration = Duration::from_secs(1);
/// Looks that the rate is taken from: the last ten seconds or so.
const RATE_LOOKS: usize = 20;

/// A bar on a terminal, a line each second elsewhere, JSON when asked for.
pub(super) struct Progress {
    bar: Option<ProgressBar>,
    json: bool,
    printed: Option<(Instant, Discriminant<Step>)>,
    /// When so many events were done.
    looks: VecDeque<(Instant, u64)>,
    /// What was said last, so that nothing is said twice.
    said: String,
}

/// All generations together.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Sum {
    done: u64,
    total: u64,
    parked: u64,
    /// Events per second lately.
    rate: f64,
}

impl Progress {
    pub(super) fn new(json: bool) -> Self {
        let bar = (!json && std::io::stderr().is_terminal()).then(bar);
        Self { bar, json, printed: None, looks: VecDeque::new(), said: String::new() }
    }

    /// Shows how it goes; called a few times a second.
    pub(super) fn show(&mut self, phase: &Phase, extents: &[Extent]) {
        let sum = self.sum(extents);
        if let Some(bar) = &self.bar {
            bar.set_length(sum.total);
            bar.set_position(sum.done);
            bar.set_prefix(names(phase));
            bar.set_message(line(phase, sum));
            bar.tick();
        } else if self.printed.is_none_or(|(at, step)| at.elapsed() >= LINE_EVERY || step != discriminant(&phase.step))
        {
            self.print(phase, sum);
        }
    }

    /// Shows where it ended, whenever the last line was.
    pub(super) fn show_last(&mut self, phase: &Phase, extents: &[Extent]) {
        let sum = self.sum(extents);
        self.end();
        self.print(phase, sum);
    }

    /// Says something that stays.
    pub(super) fn say(&self, text: &str) {
        if !self.json {
            println!("{text}");
        }
    }

    /// Leaves the screen to what comes next.
    pub(super) fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    fn sum(&mut self, extents: &[Extent]) -> Sum {
        let of = |part: fn(&Extent) -> u64| extents.iter().map(part).sum();
        let done = of(|extent| extent.done);
        // What an earlier run has done says nothing of the rate of this one.
        let rate = if extents.is_empty() { 0.0 } else { self.rate(Instant::now(), done) };
        Sum { done, total: of(|extent| extent.total), parked: of(|extent| extent.parked), rate }
    }

    /// Events per second since the oldest look that is remembered.
    fn rate(&mut self, now: Instant, done: u64) -> f64 {
        if self.looks.len() == RATE_LOOKS {
            self.looks.pop_front();
        }
        self.looks.push_back((now, done));
        self.looks.front().map_or(0.0, |(since, before)| {
            let seconds = now.duration_since(*since).as_secs_f64();
            if seconds > 0.0 { done.saturating_sub(*before) as f64 / seconds } else { 0.0 }
        })
    }

    fn print(&mut self, phase: &Phase, sum: Sum) {
        self.printed = Some((Instant::now(), discriminant(&phase.step)));
        let text = if self.json {
            as_json(phase, sum)
        } else {
            format!("{:<18} {}", names(phase), line(phase, sum)).trim_start().to_owned()
        };
        if text != self.said {
            println!("{text}");
            self.said = text;
        }
    }
}

fn bar() -> ProgressBar {
    let bar = ProgressBar::new(0);
    // A template that indicatif cannot read would only look plainer.
    if let Ok(style) = ProgressStyle::with_template("{prefix} {bar:20} {wide_msg}") {
        bar.set_style(style.progress_chars("━━╌"));
    }
    bar
}

fn names(phase: &Phase) -> String {
    phase.projections.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

fn line(phase: &Phase, sum: Sum) -> String {
    if phase.step == Step::Beginning {
        return "waits for the lease, and measures what a commit takes".to_owned();
    }
    let share = if sum.total == 0 { 0.0 } else { 100.0 * sum.done as f64 / sum.total as f64 };
    let how_far = format!("{} of {} events  {share:.1} %", sum.done, sum.total);
    let parked = if sum.parked == 0 { String::new() } else { format!("  {} parked", sum.parked) };
    let what = match phase.step {
        Step::Beginning | Step::Filling => format!("{:.0}/s  {}", sum.rate, time_left(sum)),
        Step::Comparing { projection, done, total } => {
            format!("comparing {projection} with the events: {done} of {total} restaurants")
        }
    };
    let yields = phase.yields.map_or_else(String::new, |(usual, now)| {
        format!("  holds back for orders: a commit takes {} ms, {} ms before", now.as_millis(), usual.as_millis())
    });
    format!("{how_far}{parked}  {what}{yields}")
}

fn time_left(sum: Sum) -> String {
    if sum.done == sum.total {
        return "nothing left".to_owned();
    }
    if sum.rate < 1.0 {
        return "time left unknown".to_owned();
    }
    let seconds = ((sum.total - sum.done) as f64 / sum.rate).ceil();
    if seconds < 100.0 { format!("{seconds:.0} s left") } else { format!("{:.0} min left", (seconds / 60.0).ceil()) }
}

fn as_json(phase: &Phase, sum: Sum) -> String {
    let step = match phase.step {
        Step::Beginning => "beginning",
        Step::Filling => "filling",
        Step::Comparing { .. } => "comparing",
    };
    let projections: Vec<String> = phase.projections.iter().map(ToString::to_string).collect();
    let left = (sum.rate >= 1.0).then(|| ((sum.total - sum.done) as f64 / sum.rate).ceil());
    json!({
        "projections": projections, "step": step, "resumed": phase.is_resumed, "done": sum.done, "total": sum.total,
        "parked": sum.parked, "events_per_second": sum.rate.round(), "seconds_left": left,
        "holds_back": phase.yields.is_some(),
    })
    .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(done: u64, total: u64, rate: f64) -> Sum {
        Sum { done, total, parked: 0, rate }
    }

    #[test]
    fn time_left_is_what_is_left_at_the_rate_of_late() {
        assert_eq!(time_left(sum(500, 1_000, 100.0)), "5 s left");
        assert_eq!(time_left(sum(0, 1_000_000, 1_000.0)), "17 min left");
        assert_eq!(time_left(sum(0, 10, 0.0)), "time left unknown");
        assert_eq!(time_left(sum(10, 10, 0.0)), "nothing left");
    }

    #[test]
    fn the_rate_is_of_this_run_and_of_late() {
        let mut progress = Progress::new(true);
        assert_eq!(progress.sum(&[]).rate, 0.0);
        let (start, second) = (Instant::now(), Duration::from_secs(1));
        assert_eq!(progress.rate(start, 500_000), 0.0, "done by an earlier run");
        assert_eq!(progress.rate(start + second, 500_100), 100.0);
        for look in 2..100 {
            progress.rate(start + look * second, 500_100);
        }
        assert_eq!(progress.rate(start + 100 * second, 500_100), 0.0);
    }

    #[test]
    fn a_line_tells_events_share_rate_and_time() {
        let phase = Phase { step: Step::Filling, ..Phase::default() };
        assert_eq!(line(&phase, sum(50, 200, 10.0)), "50 of 200 events  25.0 %  10/s  15 s left");
        let yields = Phase { yields: Some((Duration::from_millis(3), Duration::from_millis(12))), ..phase };
        let told = line(&yields, Sum { parked: 2, ..sum(50, 200, 10.0) });
        assert!(told.contains("2 parked") && told.ends_with("a commit takes 12 ms, 3 ms before"), "{told}");
    }
}
