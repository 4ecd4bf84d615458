//! The JSON Schemas of `shared/domain/schemas` are those of the code.
//!
//! A schema that differs means that an event changed. An event that was ever stored does not
//! change: give it a new schema version. Before the first release, or for a better description,
//! write the files anew with `ARIS_WRITE_SCHEMAS=1 cargo test -p domain --features schema`.

use crate::golden::{files, folder};
use domain::event::Event;
use serde_json::Value;
use std::fs;

/// Every schema as it stands in its file.
fn schemas() -> Vec<(String, String)> {
    let file = |(event_type, schema): (&str, _)| {
        (format!("{event_type}.v1.json"), serde_json::to_string_pretty(&schema).unwrap() + "\n")
    };
    Event::schemas().into_iter().map(file).collect()
}

#[test]
fn the_committed_schemas_are_those_of_the_code() {
    let rewrite = std::env::var_os("ARIS_WRITE_SCHEMAS").is_some();
    for (name, schema) in schemas() {
        let path = folder("schemas").join(&name);
        if rewrite {
            fs::write(&path, &schema).unwrap();
        }
        let committed = fs::read_to_string(&path).unwrap_or_default();
        assert!(committed == schema, "{name} differs from the code; the code says:\n{schema}");
    }
}

#[test]
fn every_event_has_a_schema_and_every_schema_an_event() {
    let mut names: Vec<_> = schemas().into_iter().map(|(name, _)| name).collect();
    names.sort();
    let committed: Vec<_> = files("schemas").into_iter().map(|file| file.name).collect();
    assert_eq!(committed, names);
    assert_eq!(names.len(), Event::types().len());
}

#[test]
fn every_golden_example_fits_its_schema() {
    for example in files("golden") {
        let schema: Value = serde_json::from_slice(&fs::read(folder("schemas").join(&example.name)).unwrap()).unwrap();
        let validator = jsonschema::draft202012::new(&schema).unwrap();
        let errors: Vec<_> = validator.iter_errors(&example.json()).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{}: {errors:?}", example.name);
    }
}

#[test]
fn a_golden_example_has_every_field_that_its_schema_knows() {
    for example in files("golden") {
        let schema: Value = serde_json::from_slice(&fs::read(folder("schemas").join(&example.name)).unwrap()).unwrap();
        let known = schema["properties"].as_object().unwrap().keys();
        let missing: Vec<_> = known.filter(|field| example.json().get(field.as_str()).is_none()).collect();
        assert!(missing.is_empty(), "{}: {missing:?}", example.name);
    }
}

#[test]
fn schemas_refuse_what_no_event_may_hold() {
    let placed = files("golden").into_iter().find(|file| file.name == "order.placed.v1.json").unwrap().json();
    let schema: Value =
        serde_json::from_str(&schemas().into_iter().find(|(name, _)| name == "order.placed.v1.json").unwrap().1)
            .unwrap();
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    let wrong = [
        ("/total/amount", Value::from(1_000_000_000_001_i64)),
        ("/total/amount", Value::from(12.5)),
        ("/total/currency", Value::from("eur")),
        ("/code", Value::from("ILOU")),
        ("/lines", Value::from(Vec::<Value>::new())),
        ("/lines/0/quantity", Value::from(0)),
        ("/lines/0/quantity", Value::from(1_000)),
        ("/lines/0/tax_rate_bp", Value::from(10_001)),
        ("/lines/0/station", Value::from("Grill")),
        ("/lines/0/name", Value::from("")),
        ("/note", Value::from("x".repeat(201))),
        ("/table_label", Value::from("x".repeat(17))),
    ];
    assert!(validator.is_valid(&placed));
    for (pointer, value) in wrong {
        let mut event = placed.clone();
        *event.pointer_mut(pointer).unwrap() = value;
        assert!(!validator.is_valid(&event), "{pointer}");
    }
}
