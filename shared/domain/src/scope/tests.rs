use super::{InvalidScope, Scope, Tags, visible};
use crate::{event::Event, station::StationKey, testing::id};
use proptest::prelude::*;

/// Who sees which event: the table of the contract, one row per event.
///
/// A mark for each of `kitchen:<its station>`, `floor`, `table-session:<its session>` and
/// `order:<its order>`; `audit` sees all.
const TABLE: [(&str, [bool; 4]); 40] = [
    //                          kitchen floor session order
    ("restaurant.created", [false, false, false, false]),
    ("table-code.reissued", [false, false, false, false]),
    ("menu-item.added", [false, false, false, false]),
    ("menu-item.withdrawn", [false, true, false, false]),
    ("menu-item.restored", [false, true, false, false]),
    ("table-session.opened", [false, true, true, false]),
    ("table-session.joined", [false, true, true, false]),
    ("table-session.join-requested", [false, true, true, false]),
    ("table-session.join-declined", [false, true, true, false]),
    ("table-session.left", [false, true, true, false]),
    ("table-session.code-rotated", [false, true, true, false]),
    ("table-session.closed", [false, true, true, false]),
    ("order.placed", [false, true, true, true]),
    ("order.accepted", [false, true, true, true]),
    ("order.rejected", [false, true, true, true]),
    ("order.cancelled", [false, true, true, true]),
    ("order.completed", [false, true, true, true]),
    ("line.fired", [true, true, true, true]),
    ("line.started", [true, true, true, true]),
    ("line.ready", [true, true, true, true]),
    ("line.served", [true, true, true, true]),
    ("line.voided", [true, true, true, true]),
    // In a tenant's own feed, which no scope of a restaurant shows.
    ("tenant.signed-up", [false, false, false, false]),
    ("restaurant-group.created", [false, false, false, false]),
    ("restaurant-group.renamed", [false, false, false, false]),
    ("restaurant-group.restaurant-added", [false, false, false, false]),
    ("restaurant-group.restaurant-removed", [false, false, false, false]),
    ("role.defined", [false, false, false, false]),
    ("role.changed", [false, false, false, false]),
    ("role.retired", [false, false, false, false]),
    ("member.invited", [false, false, false, false]),
    ("member.invitation-renewed", [false, false, false, false]),
    ("member.joined", [false, false, false, false]),
    ("member.roles-changed", [false, false, false, false]),
    ("member.deactivated", [false, false, false, false]),
    ("member.reactivated", [false, false, false, false]),
    ("member.forgotten", [false, false, false, false]),
    ("api-key.issued", [false, false, false, false]),
    ("api-key.revoked", [false, false, false, false]),
    // Not an event: what this build does not know is for nobody but the auditor.
    ("payment.captured", [false, false, false, false]),
];

fn grill() -> StationKey {
    "grill".parse().unwrap()
}

/// More tags than any event has, so that only the type can hide it.
fn tags() -> Tags {
    Tags { station: Some(grill()), session_id: Some(id(1)), order_id: Some(id(2)) }
}

fn own_scopes() -> [Scope; 4] {
    [Scope::Kitchen(grill()), Scope::Floor, Scope::TableSession(id(1)), Scope::Order(id(2))]
}

fn other_scopes() -> [Scope; 3] {
    [Scope::Kitchen("bar".parse().unwrap()), Scope::TableSession(id(8)), Scope::Order(id(9))]
}

#[test]
fn every_event_is_seen_by_whom_the_contract_says() {
    for (event_type, seen) in TABLE {
        for (scope, expected) in own_scopes().iter().zip(seen) {
            assert_eq!(visible(scope, event_type, &tags()), expected, "{event_type} in {scope}");
        }
    }
}

#[test]
fn the_table_names_every_event() {
    for event_type in Event::types() {
        assert!(TABLE.iter().any(|(listed, _)| *listed == event_type), "{event_type} is missing");
    }
    assert_eq!(TABLE.len(), Event::types().len() + 1);
}

#[test]
fn the_auditor_sees_everything_even_without_tags() {
    for (event_type, _) in TABLE {
        assert!(visible(&Scope::Audit, event_type, &Tags::default()), "{event_type}");
    }
}

#[test]
fn nobody_sees_the_events_of_another_station_session_or_order() {
    for (event_type, _) in TABLE {
        for scope in other_scopes() {
            assert!(!visible(&scope, event_type, &tags()), "{event_type} in {scope}");
        }
    }
}

#[test]
fn data_that_cannot_be_read_is_seen_by_no_scope_of_one_thing() {
    let tags = Tags::of(b"{\"station\":\"NOT A SLUG\"");
    assert_eq!(tags, Tags::default());
    for scope in own_scopes().iter().filter(|scope| **scope != Scope::Floor) {
        assert!(!visible(scope, "line.fired", &tags), "{scope}");
    }
}

fn scopes() -> impl Strategy<Value = Scope> {
    prop_oneof![
        "[a-z0-9][a-z0-9-]{0,31}".prop_map(|key| Scope::Kitchen(key.parse().unwrap())),
        Just(Scope::Floor),
        Just(Scope::Audit),
        any::<u128>().prop_map(|n| Scope::TableSession(id(n))),
        any::<u128>().prop_map(|n| Scope::Order(id(n))),
    ]
}

proptest! {
    #[test]
    fn a_scope_is_read_as_it_was_written(scope in scopes()) {
        prop_assert_eq!(scope.to_string().parse(), Ok(scope));
    }

    #[test]
    fn a_kitchen_never_sees_an_order(key in "[a-z0-9][a-z0-9-]{0,31}", name in "[a-z-]{1,20}") {
        let station: StationKey = key.parse().unwrap();
        let tags = Tags { station: Some(station.clone()), ..tags() };
        let event_type = format!("order.{name}");
        prop_assert!(!visible(&Scope::Kitchen(station), &event_type, &tags));
    }

    #[test]
    fn only_lines_reach_a_kitchen(aggregate in "[a-z-]{1,20}", name in "[a-z-]{1,20}") {
        prop_assume!(aggregate != "line");
        let event_type = format!("{aggregate}.{name}");
        prop_assert!(!visible(&Scope::Kitchen(grill()), &event_type, &tags()));
    }
}

#[test]
fn a_text_of_another_shape_is_no_scope() {
    let id = "00000000-0000-0000-0000-00000000000a";
    assert!(format!("order:{id}").parse::<Scope>().is_ok());
    let upper_case = format!("order:{}", id.to_uppercase());
    let braced = format!("order:{{{id}}}");
    let bad =
        ["", "floor:", "floor:1", "audit:x", "kitchen", "kitchen:", "kitchen:Grill", "order:", "order:1", "sector:1"];
    for text in bad.into_iter().chain([upper_case.as_str(), braced.as_str()]) {
        assert_eq!(text.parse::<Scope>(), Err(InvalidScope), "{text}");
    }
}
