//! The files in deploy/observability name only metrics that exist, and each alert has a test and a row
//! in the README. `make rules` has Prometheus' own tool check the rest.

use crate::{metrics::documented, sources};
use serde_json::Value;
use std::collections::BTreeSet;

/// Made by Prometheus itself.
const NOT_OURS: [&str; 1] = ["up"];
/// Words of PromQL that a list of labels follows.
const BEFORE_LABELS: [&str; 6] = ["by", "without", "on", "ignoring", "group_left", "group_right"];
const OPERATORS: [&str; 5] = ["and", "or", "unless", "bool", "offset"];

/// The metrics that an expression names.
fn metrics(expression: &str) -> Vec<String> {
    // Every second piece is a text.
    let without_texts: String = expression.split('"').step_by(2).collect();
    let (mut found, mut rest) = (Vec::new(), without_texts.as_str());
    let after = |text: &'static str, rest: &str| rest.find(text).map_or(rest.len(), |at| at + text.len());
    let is_of_word = |it: char| it.is_ascii_alphanumeric() || matches!(it, '_' | ':' | '.');
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '{' => after("}", rest),
            '[' => after("]", rest),
            it if is_of_word(it) => rest.find(|it| !is_of_word(it)).unwrap_or(rest.len()),
            it => it.len_utf8(),
        };
        let (token, more) = rest.split_at(length);
        rest = more;
        let next = rest.trim_start();
        if BEFORE_LABELS.contains(&token) {
            rest = &next[after(")", next)..];
            continue;
        }
        // `sum (…)` and `sum by (…) (…)`
        let is_function = ["(", "by ", "by(", "without ", "without("].iter().any(|it| next.starts_with(it));
        if first.is_ascii_alphabetic() && !is_function && !OPERATORS.contains(&token) {
            found.push(token.to_owned());
        }
    }
    found
}

/// Names of an expression that no row of docs/operations.md explains.
fn unknown(expression: &str, documented: &BTreeSet<String>) -> Vec<String> {
    let of_histogram = |name: &str| {
        let base = ["_bucket", "_sum", "_count"].iter().find_map(|suffix| name.strip_suffix(suffix));
        base.is_some_and(|base| documented.contains(base))
    };
    let known = |name: &str| documented.contains(name) || NOT_OURS.contains(&name) || of_histogram(name);
    let names = metrics(expression);
    assert!(!names.is_empty(), "no metric in {expression}");
    names.into_iter().filter(|name| !known(name)).collect()
}

/// The values of a key of a YAML file; each must stand on one line.
fn values(text: &str, key: &str) -> Vec<String> {
    let lines = text.lines().map(|line| line.trim_start().trim_start_matches("- "));
    let values = lines.filter_map(|line| line.strip_prefix(key)?.strip_prefix(": "));
    values.map(|value| value.trim_matches('\'').replace("''", "'")).collect()
}

#[test]
fn names_are_found_in_expressions() {
    let of = |expression| metrics(expression).join(" ");
    assert_eq!(of(r#"sum by (le, a) (rate(x_total{a="b{c}",d=~"y"}[5m])) / on (z) 2 * w:v > 0.5"#), "x_total w:v");
    assert_eq!(of("(sum(relay_shards) or vector(0)) < 64"), "relay_shards");
    assert_eq!(of("histogram_quantile(0.99, sum by (le) (rate(s_bucket[$__rate_interval])))"), "s_bucket");
}

#[test]
fn rules_name_only_documented_metrics_and_say_what_to_do() {
    let (documented, rules) = (documented(), sources::read("deploy/observability/rules.yml"));
    let (alerts, expressions) = (values(&rules, "alert"), values(&rules, "expr"));
    assert!(alerts.len() > 10 && alerts.len() == expressions.len());
    for (alert, expression) in alerts.iter().zip(&expressions) {
        assert_eq!(unknown(expression, &documented), Vec::<String>::new(), "{alert}: {expression}");
    }
    for key in ["for", "labels", "summary", "do"] {
        assert_eq!(values(&rules, key).len(), alerts.len(), "every alert has `{key}`");
    }
    let (tests, readme) =
        (sources::read("deploy/observability/rules_test.yml"), sources::read("deploy/observability/README.md"));
    for alert in &alerts {
        assert!(tests.contains(&format!("- name: {alert}\n")), "{alert} has no test in rules_test.yml");
        assert!(readme.contains(&format!("| `{alert}` |")), "{alert} has no row in the README");
    }
}

#[test]
fn the_dashboard_names_only_documented_metrics() {
    let documented = documented();
    let dashboard: Value =
        serde_json::from_str(&sources::read("deploy/observability/grafana/arisgourmet.json")).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let ids: BTreeSet<u64> = panels.iter().map(|panel| panel["id"].as_u64().unwrap()).collect();
    assert_eq!(ids.len(), panels.len(), "two panels have one id");
    for panel in panels.iter().filter(|panel| panel["type"] != "row") {
        let title = panel["title"].as_str().unwrap();
        assert!(panel["description"].as_str().is_some_and(|it| !it.is_empty()), "{title} has no description");
        for target in panel["targets"].as_array().unwrap() {
            let expression = target["expr"].as_str().unwrap();
            assert_eq!(unknown(expression, &documented), Vec::<String>::new(), "{title}: {expression}");
        }
    }
}
