//! A figure of ours beside that of somebody else, round by round.

use crate::stats::Series;
use serde_json::{Map, Value, json};
use std::fmt;

/// What has to be reached.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Wanted {
    /// So many times the peer's, at least.
    TimesAtLeast(f64),
    /// So many times the peer's, at most.
    TimesAtMost(f64),
    /// So much more than the peer, at most.
    MoreAtMost(f64),
    /// So much, whatever the peer has.
    AtMost(f64),
    /// So much, whatever the peer has.
    AtLeast(f64),
    /// Nothing: it explains another figure.
    Told,
}

/// One figure.
#[derive(Debug, Clone)]
pub(crate) struct Figure {
    /// Its name in the file; the first word is the line's.
    pub(crate) name: String,
    pub(crate) unit: &'static str,
    pub(crate) wanted: Wanted,
    pub(crate) ours: Series,
    /// Who is beside it, and what they came to; nobody where it is measured alone or could not be had.
    pub(crate) peer: Option<(&'static str, Series)>,
    /// Why there is no peer, or what else there is to say.
    pub(crate) note: Option<String>,
}

impl Figure {
    /// A figure of ours beside a peer's.
    pub(crate) fn against(
        name: impl Into<String>,
        unit: &'static str,
        wanted: Wanted,
        ours: Series,
        peer: (&'static str, Series),
    ) -> Self {
        Self { name: name.into(), unit, wanted, ours, peer: Some(peer), note: None }
    }

    /// A figure of ours alone.
    pub(crate) fn alone(name: impl Into<String>, unit: &'static str, wanted: Wanted, ours: Series) -> Self {
        Self { name: name.into(), unit, wanted, ours, peer: None, note: None }
    }

    /// A line that could not be measured, and why.
    pub(crate) fn skipped(name: impl Into<String>, why: impl fmt::Display) -> Self {
        let note = Some(format!("SKIPPED: {why}"));
        Self { name: name.into(), unit: "", wanted: Wanted::Told, ours: Series::default(), peer: None, note }
    }

    /// The same with a note.
    pub(crate) fn noted(self, note: impl Into<String>) -> Self {
        Self { note: Some(note.into()), ..self }
    }

    /// There is none of nothing.
    fn ratio(&self) -> Option<f64> {
        self.peer.as_ref().map(|(_, peer)| self.ours.median() / peer.median()).filter(|ratio| ratio.is_finite())
    }

    /// Whether it is as wanted; `None` where nothing is, or there is nobody to compare it with.
    pub(crate) fn met(&self) -> Option<bool> {
        let (ours, peer) = (self.ours.median(), self.peer.as_ref().map(|(_, peer)| peer.median()));
        match self.wanted {
            Wanted::TimesAtLeast(times) => Some(ours >= peer? * times),
            Wanted::TimesAtMost(times) => Some(ours <= peer? * times),
            Wanted::MoreAtMost(more) => Some(ours <= peer? + more),
            Wanted::AtMost(most) => Some(ours <= most),
            Wanted::AtLeast(least) => Some(ours >= least),
            Wanted::Told => None,
        }
    }

    /// What the file says of it.
    pub(crate) fn json(&self) -> Value {
        let mut json = Map::new();
        let mut put = |name: &str, value: Value| json.insert(name.to_owned(), value);
        if !self.ours.0.is_empty() {
            put("ours", json!(rounded(self.ours.median())));
            put("ours_rounds", json!(self.ours.0.iter().copied().map(rounded).collect::<Vec<_>>()));
        }
        if let Some((name, peer)) = &self.peer {
            put("peer", json!(rounded(peer.median())));
            put("peer_name", json!(name));
            put("peer_rounds", json!(peer.0.iter().copied().map(rounded).collect::<Vec<_>>()));
            put("ratio", json!(self.ratio().map(rounded)));
        }
        if !self.unit.is_empty() {
            put("unit", json!(self.unit));
        }
        if let Some(met) = self.met() {
            put("wanted", json!(self.wanted.to_string()));
            put("met", json!(met));
        }
        if let Some(note) = &self.note {
            put("note", json!(note));
        }
        Value::Object(json)
    }

    /// What the screen says of it.
    pub(crate) fn line(&self) -> String {
        let note = self.note.as_ref().map(|note| format!("  {note}")).unwrap_or_default();
        if self.ours.0.is_empty() {
            return format!("{:<26}{note}", self.name);
        }
        let (name, peer) = self.peer.as_ref().map_or(("", String::new()), |(name, peer)| (*name, cell(peer)));
        let ratio = self.ratio().map(|ratio| format!("{ratio:.2}×")).unwrap_or_default();
        let met = match self.met() {
            Some(true) => "yes",
            Some(false) => "NO",
            None => "",
        };
        format!(
            "{:<26} {:>28} {name:>9} {peer:>28} {ratio:>8} {:>9} {met:<3} {}{note}",
            self.name,
            cell(&self.ours),
            self.wanted.to_string(),
            self.unit
        )
    }
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TimesAtLeast(times) => write!(f, "≥ {times}×"),
            Self::TimesAtMost(times) => write!(f, "≤ {times}×"),
            Self::MoreAtMost(more) => write!(f, "≤ + {more}"),
            Self::AtMost(most) => write!(f, "≤ {most}"),
            Self::AtLeast(least) => write!(f, "≥ {least}"),
            Self::Told => Ok(()),
        }
    }
}

fn cell(series: &Series) -> String {
    let shown = |value: f64| if value >= 1_000.0 { format!("{value:.0}") } else { format!("{}", rounded(value)) };
    format!("{} ({}–{})", shown(series.median()), shown(series.least()), shown(series.most()))
}

/// Three digits that count.
fn rounded(value: f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return value;
    }
    let scale = 10_f64.powf((2.0 - value.abs().log10().floor()).max(0.0));
    (value * scale).round() / scale
}

#[cfg(test)]
mod tests {
    use super::{Figure, Wanted, rounded};
    use crate::stats::Series;

    fn figure(wanted: Wanted) -> Figure {
        Figure::against("a", "ms", wanted, Series(vec![3.0, 5.0, 4.0]), ("peer", Series(vec![2.0])))
    }

    #[test]
    fn medians_are_compared() {
        for (wanted, met) in [
            (Wanted::TimesAtLeast(2.0), Some(true)),
            (Wanted::TimesAtLeast(2.1), Some(false)),
            (Wanted::TimesAtMost(1.9), Some(false)),
            (Wanted::MoreAtMost(2.0), Some(true)),
            (Wanted::AtMost(3.9), Some(false)),
            (Wanted::AtLeast(4.0), Some(true)),
            (Wanted::Told, None),
        ] {
            assert_eq!(figure(wanted).met(), met, "{wanted:?}");
        }
        let json = figure(Wanted::TimesAtLeast(2.0)).json();
        assert_eq!(
            (json["ours"].as_f64(), json["peer"].as_f64(), json["ratio"].as_f64()),
            (Some(4.0), Some(2.0), Some(2.0))
        );
    }

    #[test]
    fn what_was_skipped_says_why_and_has_no_figure() {
        let skipped = Figure::skipped("a", "no such package");
        assert_eq!(skipped.met(), None);
        assert_eq!(skipped.json().to_string(), r#"{"note":"SKIPPED: no such package"}"#);
        assert!(skipped.line().contains("SKIPPED: no such package"));
    }

    #[test]
    fn three_digits_count() {
        assert_eq!([1234.56, 12.345, 0.012_345, 0.0].map(rounded), [1235.0, 12.3, 0.0123, 0.0]);
    }
}
