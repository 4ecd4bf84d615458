use super::*;
use proptest::prelude::*;
use std::net::{Ipv4Addr, Ipv6Addr};
use uuid::Uuid;

fn tenant(number: u128) -> TenantId {
    TenantId(Uuid::from_u128(number))
}

fn action(who: Who, action: &str, remote: IpAddr) -> Action {
    Action {
        id: Uuid::now_v7(),
        at: Utc::now(),
        who,
        restaurant: None,
        permission: None,
        action: action.to_owned(),
        subject: Uuid::now_v7().to_string(),
        status: 403,
        code: "permission-missing".to_owned(),
        is_denied: true,
        remote: Some(remote),
        correlation_id: Uuid::now_v7().to_string(),
    }
}

fn by(name: &str, route: &str) -> Action {
    let who = Who::without_token("staff", name.to_owned(), Some(tenant(1)));
    action(who, route, Ipv4Addr::new(10, 0, 0, 1).into())
}

fn is_new(folded: &Folded) -> bool {
    matches!(folded, Folded::New(_))
}

#[test]
fn the_same_within_a_minute_is_one_row_with_a_count() {
    let mut minute = Minute::default();
    let first = by("ana", "GET /v1/staff");
    assert_eq!(minute.take(first.clone()), Folded::New(Box::new(Row::first(first.clone()))));
    let last = by("ana", "GET /v1/staff");
    assert_eq!(minute.take(last.clone()), Folded::Counted);
    assert!(is_new(&minute.take(by("ben", "GET /v1/staff"))));
    assert!(is_new(&minute.take(by("ana", "GET /v1/roles"))));
    let rows = minute.end();
    assert_eq!(rows, vec![Row { action: first.clone(), repeats: 2, last_at: last.at }]);
    // The next minute begins anew.
    assert!(is_new(&minute.take(first)));
}

#[test]
fn who_tries_everything_gets_some_rows_and_one_more_that_counts() {
    let mut minute = Minute::default();
    let new = (0..1_000).filter(|n| is_new(&minute.take(by("ana", &format!("GET /v1/{n}"))))).count();
    assert_eq!(new, ROWS_OF_ONE_MAX + 1);
    let rest = minute.end();
    let [rest] = rest.as_slice() else { panic!("{rest:?}") };
    assert_eq!((rest.action.action.as_str(), rest.repeats), (MANY, 1_000 - ROWS_OF_ONE_MAX as u32));
    assert_eq!((rest.action.who.id.as_str(), rest.action.subject.as_str()), ("ana", ""));
}

#[test]
fn strangers_from_everywhere_get_some_rows_and_one_more_that_counts_and_take_nothing_from_tenants() {
    let mut minute = Minute::default();
    let stranger = |n: u32| action(Who::unknown(), "GET /v1/staff", Ipv4Addr::from_bits(n).into());
    let new = (0..50_000).filter(|n| is_new(&minute.take(stranger(*n)))).count();
    assert_eq!(new, ROWS_OF_STRANGERS_MAX + 1);
    assert!(is_new(&minute.take(by("ana", "GET /v1/staff"))));
    let counted: u64 = minute.end().iter().map(|row| u64::from(row.repeats)).sum();
    assert_eq!(counted, 50_000 - ROWS_OF_STRANGERS_MAX as u64);
}

#[test]
fn a_household_has_one_row_however_many_addresses_it_has() {
    let mut minute = Minute::default();
    let from = |n: u128| Ipv6Addr::from_bits((0x2001_0db8_0000_0001_u128 << 64) | n).into();
    let new = (0..100).filter(|n| is_new(&minute.take(action(Who::unknown(), "GET /v1/staff", from(*n))))).count();
    assert_eq!(new, 1);
}

proptest! {
    /// However they come: rows are bounded, and every action is in a row or told as dropped.
    #[test]
    fn every_action_is_counted_once_and_rows_are_bounded(
        actions in prop::collection::vec((0..40_u128, 0..200_u32, 0..30_u32), 1..6_000)
    ) {
        let mut minute = Minute::default();
        let (mut new, mut dropped) = (0, 0);
        for (of, name, route) in &actions {
            let who = Who::without_token("staff", name.to_string(), (*of > 0).then(|| tenant(*of)));
            match minute.take(action(who, &route.to_string(), Ipv4Addr::LOCALHOST.into())) {
                Folded::New(_) => new += 1,
                Folded::Counted => {}
                Folded::Dropped => dropped += 1,
            }
        }
        prop_assert!(new <= ROWS_MAX);
        let counted: usize = minute.rows.values().map(|row| row.repeats as usize).sum();
        prop_assert_eq!(counted + dropped, actions.len());
        for (tenant, rows) in &minute.of_tenant {
            let most = if tenant.is_some() { ROWS_OF_TENANT_MAX } else { ROWS_OF_STRANGERS_MAX };
            // And one for each status beyond.
            prop_assert!(*rows <= most + 1);
        }
    }
}
