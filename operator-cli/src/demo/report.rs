//! The table at the end.

use super::{
    progress::clock,
    tally::{Count, Percentiles, Tally},
};
use std::{fmt::Write, time::Duration};

/// How the evening went.
pub(super) struct Report<'a> {
    pub(super) tally: &'a Tally,
    /// How long guests came.
    pub(super) lasted: Duration,
    pub(super) rate: f64,
    pub(super) tables: usize,
    pub(super) stations: usize,
    /// Accepted lines that never appeared on their console.
    pub(super) lost: usize,
    /// Orders that were not served to the end when the demo left.
    pub(super) unfinished: usize,
}

impl Report<'_> {
    /// Whether every answer was right and nothing was lost.
    pub(super) fn is_good(&self) -> bool {
        self.lost == 0 && [Count::Wrong, Count::GaveUp].iter().all(|count| self.tally.get(*count) == 0)
    }

    /// The table.
    pub(super) fn text(&self) -> String {
        let mut text = format!(
            "\nDinner service: {} at {} orders/s, {} tables, {} stations\n\n",
            clock(self.lasted),
            self.rate,
            self.tables,
            self.stations
        );
        text += &format!("{:<28}{:>11}{:>11}{:>11}{:>11}{:>11}\n", "", "p50", "p90", "p99", "max", "measured");
        text += &row("place an order", self.tally.placing());
        text += &row("accept → kitchen console", self.tally.showing());
        text.push('\n');
        for (name, value) in self.counts() {
            // Writing into a text cannot fail.
            let _ = writeln!(text, "{name:<28}{value:>11}");
        }
        text.push('\n');
        text += &self.verdict();
        text
    }

    fn counts(&self) -> Vec<(&'static str, String)> {
        let count = |count| thousands(self.tally.get(count));
        vec![
            ("orders placed", count(Count::Placed)),
            ("sent twice, answered alike", count(Count::Repeated)),
            ("refused by a rule", count(Count::Refused)),
            ("guests turned away", count(Count::TurnedAway)),
            ("parties seated", count(Count::Parties)),
            ("lines accepted", count(Count::LinesAccepted)),
            ("lines on their console", count(Count::LinesShown)),
            ("lines served", count(Count::LinesServed)),
            ("events on consoles", count(Count::Events)),
            ("console reconnects", count(Count::Reconnects)),
            ("retries after 503", count(Count::RetriesBusy)),
            ("retries without answer", count(Count::RetriesBroken)),
            ("given up", count(Count::GaveUp)),
            ("wrong answers", count(Count::Wrong)),
            ("lines lost", thousands(self.lost as u64)),
        ]
    }

    fn verdict(&self) -> String {
        let mut text = String::new();
        if self.unfinished > 0 {
            text +=
                &format!("{} orders were not served to the end; the next demo clears the tables.\n", self.unfinished);
        }
        for complaint in self.tally.complaints() {
            text += &format!("! {complaint}\n");
        }
        text +=
            if self.is_good() { "Nothing was lost, and every answer was as promised." } else { "NOT GOOD: see above." };
        text
    }
}

fn row(name: &str, it: Percentiles) -> String {
    let cells = [it.p50, it.p90, it.p99, it.max].map(|time| format!("{:>11}", milliseconds(time))).concat();
    format!("{name:<28}{cells}{:>11}\n", thousands(it.measured))
}

/// `7.4 ms` or `1,250 ms`
pub(super) fn milliseconds(time: Duration) -> String {
    let ms = time.as_secs_f64() * 1_000.0;
    if ms < 99.95 {
        format!("{ms:.1} ms")
    } else {
        format!("{} ms", thousands(time.as_millis().try_into().unwrap_or(u64::MAX)))
    }
}

fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_easy_to_read() {
        assert_eq!(thousands(0), "0");
        assert_eq!(thousands(1_234_567), "1,234,567");
        assert_eq!(milliseconds(Duration::from_micros(7_412)), "7.4 ms");
        assert_eq!(milliseconds(Duration::from_millis(1_250)), "1,250 ms");
    }

    #[test]
    fn a_lost_line_or_a_wrong_answer_is_not_good() {
        let tally = Tally::new().unwrap();
        let report = |lost| Report {
            tally: &tally,
            lasted: Duration::from_secs(65),
            rate: 2.0,
            tables: 20,
            stations: 3,
            lost,
            unfinished: 0,
        };
        assert!(report(0).is_good());
        assert!(report(0).text().contains("Dinner service: 1:05 at 2 orders/s"));
        assert!(!report(1).is_good());
        tally.wrong("500 instead of 200");
        assert!(!report(0).is_good());
        assert!(report(0).text().ends_with("! 500 instead of 200\nNOT GOOD: see above."));
    }
}
