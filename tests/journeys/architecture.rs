//! The shape of the house: who may depend on whom, and how large a file may be.

use crate::sources::{root, rust_files};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
};

/// What each crate may use of our own crates. An arrow that is not here is broken on purpose or by
/// mistake; either way it is decided here and nowhere else.
const ARROWS: &[(&str, &[&str])] = &[
    ("action-log", &["domain", "event-store", "identity", "service-kit"]),
    ("domain", &[]),
    ("event-store", &["domain", "failpoints", "trace-context"]),
    ("failpoints", &[]),
    ("messaging", &["domain"]),
    ("identity", &["domain"]),
    ("personal-data", &["domain"]),
    ("safe-fetch", &[]),
    ("trace-context", &[]),
    ("service-kit", &["domain", "identity", "messaging", "trace-context"]),
    ("command-service", SHARED),
    ("outbox-relay", SHARED),
    ("projection-service", SHARED),
    ("realtime-gateway", SHARED),
    // The only one that asks somebody outside: providers of log-ins.
    ("identity-service", AND_OUTSIDE),
    ("migrations", &[]),
    ("local-servers", &[]),
];

/// Crates that may use all of ours: the binary that embeds the services, and what only tests run.
const MAY_USE_ALL: &[&str] = &["operator-cli", "testkit", "load"];

const SHARED: &[&str] = &[
    "action-log",
    "domain",
    "event-store",
    "failpoints",
    "messaging",
    "identity",
    "personal-data",
    "service-kit",
    "trace-context",
];

const AND_OUTSIDE: &[&str] =
    &["domain", "event-store", "messaging", "identity", "personal-data", "safe-fetch", "service-kit"];

/// What the rules of the domain must not know: clocks, networks, databases.
const NOT_IN_DOMAIN: &[&str] = &["tokio", "sqlx", "axum", "hyper", "async-nats", "reqwest", "rand"];

fn metadata() -> Value {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Normal and build dependencies of each crate of the workspace.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let metadata = metadata();
    let packages = metadata["packages"].as_array().unwrap();
    let of = |package: &Value| {
        let all = package["dependencies"].as_array().unwrap().iter();
        all.filter(|it| it["kind"] != "dev").map(|it| it["name"].as_str().unwrap().to_owned()).collect()
    };
    packages.iter().map(|package| (package["name"].as_str().unwrap().to_owned(), of(package))).collect()
}

#[test]
fn every_arrow_between_crates_is_allowed() {
    let dependencies = dependencies();
    for (package, allowed) in ARROWS {
        let ours = dependencies[*package].iter().filter(|name| dependencies.contains_key(*name));
        let forbidden: Vec<_> = ours.filter(|name| !allowed.contains(&name.as_str())).collect();
        assert!(forbidden.is_empty(), "{package} must not depend on {forbidden:?}");
    }
}

#[test]
fn every_crate_of_the_workspace_has_its_arrows() {
    let listed =
        |name: &&String| ARROWS.iter().any(|(listed, _)| listed == name) || MAY_USE_ALL.contains(&name.as_str());
    let dependencies = dependencies();
    let forgotten: Vec<_> = dependencies.keys().filter(|name| !listed(name)).collect();
    assert!(forgotten.is_empty(), "no arrows for {forgotten:?}");
}

/// What is in the tree of the domain: of tokio only the parts that cqrs-es brings, and no network.
#[test]
fn the_domain_brings_no_network_and_no_database() {
    let tree = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()))
        .args(["tree", "--offline", "--package", "domain", "--prefix", "none", "--edges", "normal"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    let tree = String::from_utf8_lossy(&tree.stdout).into_owned();
    let names: BTreeSet<_> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
    assert!(names.contains("cqrs-es"), "{names:?}");
    let forbidden: Vec<_> = NOT_IN_DOMAIN.iter().filter(|name| **name != "tokio" && names.contains(*name)).collect();
    assert!(forbidden.is_empty(), "the domain brings {forbidden:?}");
}

#[test]
fn the_domain_names_no_clock_network_or_database() {
    let dependencies = dependencies();
    let forbidden: Vec<_> =
        dependencies["domain"].iter().filter(|name| NOT_IN_DOMAIN.contains(&name.as_str())).collect();
    assert!(forbidden.is_empty(), "domain depends on {forbidden:?}");
}

#[test]
fn no_normal_build_can_be_armed_with_failpoints() {
    for package in metadata()["packages"].as_array().unwrap() {
        let name = package["name"].as_str().unwrap();
        for (feature, turns_on) in package["features"].as_object().unwrap() {
            let arms = feature == "armable" || turns_on.to_string().contains("armable");
            assert!(!arms || feature == "armable", "{name}: its feature `{feature}` arms failpoints");
        }
        for dependency in package["dependencies"].as_array().unwrap() {
            let features = dependency["features"].to_string();
            assert!(!features.contains("armable"), "{name} always arms {}", dependency["name"]);
        }
    }
}

#[test]
fn there_is_one_tls_provider() {
    let lock = std::fs::read_to_string(root().join("Cargo.lock")).unwrap();
    let tree = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()))
        .args(["tree", "--offline", "--workspace", "--prefix", "none", "--edges", "normal"])
        .current_dir(root())
        .output()
        .unwrap();
    let tree = String::from_utf8_lossy(&tree.stdout).into_owned();
    assert!(lock.contains("aws-lc-rs") && tree.contains("aws-lc-rs"));
    let others: Vec<_> =
        tree.lines().filter(|line| line.starts_with("ring v") || line.starts_with("openssl v")).collect();
    assert!(others.is_empty(), "{others:?}");
}

/// Lines of a file without a reason at its top.
const LINES_MAX: usize = 500;

#[test]
fn files_are_short_or_say_why_not() {
    let long: Vec<_> = rust_files(&root())
        .into_iter()
        .filter_map(|file| Some((std::fs::read_to_string(&file).ok()?, file)))
        .filter(|(text, _)| text.lines().count() > LINES_MAX && !text.contains("long because"))
        .map(|(text, file)| format!("{} has {} lines", file.display(), text.lines().count()))
        .collect();
    assert!(long.is_empty(), "over {LINES_MAX} lines without a `long because …` at their top: {long:#?}");
}
