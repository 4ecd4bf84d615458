//! The table on the screen and the file.

use crate::{
    FLOOR_WANTED,
    closed_loop::Driven,
    figure::Figure,
    line::{LineResult, Measured},
};
use anyhow::{Context, Result};
use serde_json::{Map, Value, json};
use std::path::Path;

/// Where the file stands, from the root of the repository.
const FILE: &str = "target/bench/summary.json";

/// Ours against somebody.
struct Comparison<'a> {
    name: String,
    ours: &'a Measured,
    peer: &'a Measured,
    wanted: f64,
    line: &'a LineResult,
}

impl Comparison<'_> {
    fn ratio(&self) -> f64 {
        self.ours.rates.median() / self.peer.rates.median()
    }

    fn json(&self) -> Value {
        let Self { ours, peer, wanted, line, .. } = self;
        json!({
            "ours": rounded(ours.rates.median()),
            "peer": rounded(peer.rates.median()),
            "ratio": (self.ratio() * 100.0).round() / 100.0,
            "unit": "orders/s",
            "wanted": wanted,
            "restaurants": line.restaurants,
            "ours_at": ours.shape.to_string(),
            "peer_at": peer.shape.to_string(),
            "ours_cpu": cpu(ours),
            "peer_cpu": cpu(peer),
            "ours_rounds": rounds(ours),
            "peer_rounds": rounds(peer),
        })
    }
}

fn rounded(rate: f64) -> f64 {
    rate.round()
}

/// Microseconds of processor time per order.
fn cpu(measured: &Measured) -> Value {
    json!({"client_us": rounded(measured.client_cpu.median()), "mysqld_us": rounded(measured.server_cpu.median())})
}

fn rounds(measured: &Measured) -> Vec<f64> {
    measured.rates.0.iter().map(|rate| rounded(*rate)).collect()
}

/// Ours against the peer, then against the bare inserts.
fn comparisons(line: &LineResult) -> [Comparison<'_>; 2] {
    let against = |name, peer, wanted| Comparison { name, ours: &line.ours, peer, wanted, line };
    [
        against(line.name.to_owned(), &line.peer, line.wanted),
        against(format!("{}_floor", line.name), &line.floor, FLOOR_WANTED),
    ]
}

/// Prints the table.
pub(crate) fn screen(lines: &[LineResult]) {
    println!("\n{:<18} {:>26} {:>26} {:>7} {:>7}", "orders/s", "ours (spread)", "peer (spread)", "ratio", "wanted");
    for comparison in lines.iter().flat_map(comparisons) {
        let Comparison { name, ours, peer, wanted, .. } = &comparison;
        println!("{name:<18} {:>26} {:>26} {:>6.2}× {wanted:>6.1}×", cell(ours), cell(peer), comparison.ratio());
    }
    for LineResult { name, ours, peer, floor, .. } in lines {
        println!("{name}: ours {}, peer {}, bare inserts {}", ours.shape, peer.shape, floor.shape);
    }
    for LineResult { name, ours, peer, floor, .. } in lines {
        let [ours, peer, floor] = [ours, peer, floor].map(cpu_cell);
        println!("{name}, CPU of client + MySQL per order: ours {ours}, peer {peer}, bare inserts {floor}");
    }
    for LineResult { name, ours_alone, peer_alone, .. } in lines {
        println!("{name}, one order at a time: ours {}, peer {}", alone(ours_alone), alone(peer_alone));
    }
}

fn cell(measured: &Measured) -> String {
    let rates = &measured.rates;
    format!("{:.0} ({:.0}–{:.0})", rates.median(), rates.least(), rates.most())
}

fn cpu_cell(measured: &Measured) -> String {
    format!("{:.0} + {:.0} µs", measured.client_cpu.median(), measured.server_cpu.median())
}

fn alone(driven: &Driven) -> String {
    format!("{:.2} ms p50, {:.2} ms p99", driven.millis_at(0.5), driven.millis_at(0.99))
}

/// Entries of the file for lines of the event store.
pub(crate) fn store(lines: &[LineResult]) -> Map<String, Value> {
    let mut summary = Map::new();
    for line in lines {
        summary.extend(comparisons(line).map(|comparison| (comparison.name.clone(), comparison.json())));
        summary.insert(format!("{}_alone", line.name), alone_json(line));
    }
    summary
}

/// Entries of the file for lines of the whole service.
pub(crate) fn whole(figures: &[Figure]) -> Map<String, Value> {
    figures.iter().map(|figure| (figure.name.clone(), figure.json())).collect()
}

/// Prints figures of the whole service.
pub(crate) fn figures(figures: &[Figure]) {
    if figures.is_empty() {
        return;
    }
    println!("\n{:<26} {:>28} {:>9} {:>28} {:>8} {:>9}", "", "ours (spread)", "peer", "(spread)", "ratio", "wanted");
    for figure in figures {
        println!("{}", figure.line());
    }
}

/// Writes these entries into the file; those of lines that were not measured now stay.
pub(crate) fn file(entries: Map<String, Value>) -> Result<()> {
    let path = Path::new(FILE);
    let mut summary: Map<String, Value> =
        std::fs::read(path).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
    summary.extend(entries);
    let folder = path.parent().context("the file has a folder")?;
    std::fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    let text = serde_json::to_string_pretty(&summary)?;
    std::fs::write(path, text + "\n").with_context(|| format!("{FILE} cannot be written"))?;
    println!("written to {FILE}");
    Ok(())
}

/// The time of a single order, in milliseconds; here less is better.
fn alone_json(line: &LineResult) -> Value {
    let at = |driven: &Driven, quantile| (driven.millis_at(quantile) * 1_000.0).round() / 1_000.0;
    let (ours, peer) = (&line.ours_alone, &line.peer_alone);
    json!({
        "ours": at(ours, 0.5),
        "peer": at(peer, 0.5),
        "ratio": (at(ours, 0.5) / at(peer, 0.5) * 100.0).round() / 100.0,
        "unit": "ms p50",
        "ours_p99": at(ours, 0.99),
        "peer_p99": at(peer, 0.99),
    })
}
