//! The API's document is a snapshot: a change of the API is seen in review.

use std::{path::Path, process::Command};

/// `UPDATE_SNAPSHOTS=1 make test` writes it anew.
#[test]
fn the_openapi_document_is_the_committed_one() {
    let output = Command::new(env!("CARGO_BIN_EXE_aris")).arg("openapi").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let now = String::from_utf8(output.stdout).unwrap();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/openapi.json");
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(&file, &now).unwrap();
    }
    let committed = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(committed == now, "docs/openapi.json is not what the services answer: run with UPDATE_SNAPSHOTS=1");
}

#[test]
fn the_openapi_document_has_the_paths_of_all_services() {
    let output = Command::new(env!("CARGO_BIN_EXE_aris")).arg("openapi").output().unwrap();
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let restaurant = &document["paths"]["/v1/restaurants/{restaurant}/orders"];
    assert!(restaurant["post"].is_object() && restaurant["get"].is_object(), "GET and POST of one path are joined");
    assert!(document["paths"]["/v1/realtime"]["get"].is_object());
}

#[test]
fn every_operation_says_who_may() {
    let output = Command::new(env!("CARGO_BIN_EXE_aris")).arg("openapi").output().unwrap();
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    for (path, item) in document["paths"].as_object().unwrap() {
        for operation in ["get", "post"].into_iter().filter_map(|method| item.get(method)) {
            let who = operation["x-permission"].as_str().unwrap_or_default();
            assert!(!who.is_empty(), "{path}");
            let words = operation["description"].as_str().unwrap_or_default();
            assert!(words.ends_with(&format!("Permission: {who}.")), "{path}: {words}");
        }
    }
}

/// A way to authenticate, or that none is needed: a client that is made from the document need not guess.
#[test]
fn every_operation_states_its_security() {
    let output = Command::new(env!("CARGO_BIN_EXE_aris")).arg("openapi").output().unwrap();
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let schemes = &document["components"]["securitySchemes"];
    for (path, item) in document["paths"].as_object().unwrap() {
        for operation in ["get", "post"].into_iter().filter_map(|method| item.get(method)) {
            let ways = operation["security"].as_array().unwrap_or_else(|| panic!("{path} states no security"));
            let named: Vec<_> = ways.iter().flat_map(|way| way.as_object().unwrap().keys()).collect();
            assert!(!ways.is_empty() && named.iter().all(|way| schemes[way].is_object()), "{path}: {ways:?}");
            assert_eq!(named.is_empty(), operation["x-permission"] == "anybody", "{path}: {ways:?}");
        }
    }
}
