//! Every example that was ever committed can still be read and folded.
//!
//! `shared/domain/golden/<type>.v<version>.json` is the `data` of an event with every optional
//! field. Files are added, never changed: they stand for what lies in restaurants' stores.

use domain::{event::Event, stream::State};
use serde_json::Value;
use std::{fs, path::PathBuf};

/// A file of an event, named after its type and schema version.
pub(crate) struct EventFile {
    pub(crate) name: String,
    pub(crate) event_type: String,
    pub(crate) version: u16,
    bytes: Vec<u8>,
}

impl EventFile {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap()
    }

    fn event(&self) -> Event {
        Event::decode(&self.event_type, self.version, &self.bytes).unwrap()
    }
}

pub(crate) fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// All files of a folder by name.
pub(crate) fn files(name: &str) -> Vec<EventFile> {
    let read = |entry: std::io::Result<fs::DirEntry>| {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let (event_type, version) = name.strip_suffix(".json").unwrap().rsplit_once(".v").unwrap();
        let (event_type, version) = (event_type.to_owned(), version.parse().unwrap());
        EventFile { name, event_type, version, bytes: fs::read(path).unwrap() }
    };
    let mut files: Vec<_> = fs::read_dir(folder(name)).unwrap().map(read).collect();
    files.sort_by(|a, b| a.name.cmp(&b.name));
    files
}

/// What has happened to the aggregate before, so that the event has something to change.
fn story_before(event_type: &str) -> &'static [&'static str] {
    match event_type {
        "restaurant.created" | "menu-item.added" | "table-session.opened" | "order.placed" | "tenant.signed-up" => &[],
        "menu-item.withdrawn" => &["menu-item.added"],
        "menu-item.restored" => &["menu-item.added", "menu-item.withdrawn"],
        "table-code.reissued" => &["restaurant.created"],
        "table-session.joined"
        | "table-session.closed"
        | "table-session.join-requested"
        | "table-session.code-rotated" => &["table-session.opened"],
        "table-session.join-declined" => &["table-session.opened", "table-session.join-requested"],
        "table-session.left" => &["table-session.opened", "table-session.joined"],
        "order.accepted" | "order.rejected" | "order.cancelled" => &["order.placed"],
        "line.fired" => &["order.placed", "order.accepted"],
        "line.started" | "line.ready" | "line.voided" => &["order.placed", "order.accepted", "line.fired"],
        "line.served" => &["order.placed", "order.accepted", "line.fired", "line.ready"],
        "order.completed" => &["order.placed", "order.accepted", "line.fired", "line.ready", "line.served"],
        "restaurant-group.created" | "role.defined" | "member.invited" | "api-key.issued" => &["tenant.signed-up"],
        "restaurant-group.renamed" | "restaurant-group.restaurant-added" => {
            &["tenant.signed-up", "restaurant-group.created"]
        }
        "restaurant-group.restaurant-removed" => {
            &["tenant.signed-up", "restaurant-group.created", "restaurant-group.restaurant-added"]
        }
        "role.changed" | "role.retired" => &["tenant.signed-up", "role.defined"],
        "member.joined"
        | "member.invitation-renewed"
        | "member.roles-changed"
        | "member.deactivated"
        | "member.forgotten" => &["tenant.signed-up", "member.invited"],
        "member.reactivated" => &["tenant.signed-up", "member.invited", "member.deactivated"],
        "api-key.revoked" => &["tenant.signed-up", "api-key.issued"],
        other => panic!("say here what happens before {other}"),
    }
}

fn latest(event_type: &str) -> Event {
    let of_type = files("golden").into_iter().filter(|file| file.event_type == event_type);
    of_type.max_by_key(|file| file.version).unwrap_or_else(|| panic!("{event_type} has no golden file")).event()
}

#[test]
fn every_event_has_a_golden_example_of_the_version_that_is_written() {
    for event_type in Event::types() {
        let event = latest(event_type);
        let name = format!("{event_type}.v{}.json", event.schema_version());
        assert!(files("golden").iter().any(|file| file.name == name), "{name} is missing");
    }
}

#[test]
fn every_golden_example_changes_the_state_that_it_is_folded_into() {
    for file in files("golden") {
        let event = file.event();
        let mut state = State::absent(event.kind());
        story_before(&file.event_type).iter().for_each(|before| state.apply(latest(before)));
        let before = state.clone();
        state.apply(event);
        assert_ne!(state, before, "{} changed nothing", file.name);
    }
}

#[test]
fn an_event_that_comes_out_of_order_does_no_harm() {
    for first in files("golden") {
        for second in files("golden") {
            let mut state = State::absent(first.event().kind());
            state.apply(first.event());
            state.apply(second.event());
        }
    }
}

#[test]
fn a_golden_example_is_encoded_as_it_was_read() {
    for file in files("golden") {
        let event = file.event();
        if file.version == event.schema_version() {
            let encoded: Value = serde_json::from_slice(&event.encode().unwrap()).unwrap();
            assert_eq!(encoded, file.json(), "{}", file.name);
        }
        assert_eq!(event.event_type(), file.event_type);
    }
}

#[test]
fn an_event_that_this_build_does_not_know_is_an_error() {
    for (event_type, version) in [("order.placed", 2), ("order.placed", 0), ("order.lost", 1), ("", 1)] {
        let error = Event::decode(event_type, version, b"{}").unwrap_err();
        assert!(error.to_string().contains(event_type));
    }
    assert!(Event::decode("order.placed", 1, b"{}").unwrap_err().to_string().contains("order_id"));
}
