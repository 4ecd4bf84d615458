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

fn of_tenant(number: u128, name: &str, route: &str) -> Action {
    let who = Who::without_token("staff", name.to_owned(), Some(tenant(number)));
    action(who, route, Ipv4Addr::LOCALHOST.into())
}

#[test]
fn a_tenant_that_comes_when_others_have_filled_the_minute_has_its_first_row_and_one_that_counts_all_else() {
    let mut minute = Minute::default();
    for number in 0..100_000 {
        minute.take(of_tenant(number % 10 + 2, &format!("{}", number / 100), &format!("GET /v1/{number}")));
    }
    assert!(minute.rows.len() >= ROWS_MAX);
    let Folded::New(first) = minute.take(of_tenant(1, "ana", "GET /v1/staff")) else { panic!("no first row") };
    assert_eq!((first.action.who.id.as_str(), first.action.action.as_str()), ("ana", "GET /v1/staff"));
    let Folded::New(rest) = minute.take(of_tenant(1, "ben", "GET /v1/roles")) else { panic!("no row of the rest") };
    assert_eq!((rest.action.who.tenant, rest.action.action.as_str()), (Some(tenant(1)), MANY));
    let other = Action { status: 401, ..of_tenant(1, "cleo", "GET /v1/staff") };
    assert_eq!(minute.take(other), Folded::Counted);
}

#[test]
fn tenants_that_come_then_are_bounded_too() {
    let mut minute = Minute::default();
    let folded: Vec<_> = (0..20_000_u128).map(|n| minute.take(of_tenant(n, "ana", "GET /v1/staff"))).collect();
    assert_eq!(folded.iter().filter(|it| is_new(it)).count(), ROWS_MAX + RESERVED_MAX);
    assert_eq!(folded.last(), Some(&Folded::Dropped));
}

#[test]
fn guests_and_strangers_who_come_to_a_tenant_take_none_of_its_room() {
    let mut minute = Minute::default();
    let outsider = |n: u32| {
        let who = match n % 3 {
            0 => Who { tenant: Some(tenant(1)), ..Who::unknown() },
            1 => Who::who_claims(format!("account:{n}"), Some(tenant(1))),
            _ => Who::without_token("guest", n.to_string(), Some(tenant(1))),
        };
        action(who, &format!("POST /v1/{n}"), Ipv4Addr::from_bits(n).into())
    };
    let new: Vec<_> = (0..9_000).map(|n| minute.take(outsider(n))).filter(is_new).collect();
    assert_eq!(new.len(), ROWS_OF_OUTSIDERS_MAX + 1);
    let Some(Folded::New(rest)) = new.last() else { panic!("{new:?}") };
    assert_eq!((rest.action.who.kind.as_str(), rest.action.who.id.as_str()), (MANY, OUTSIDERS));
    let staff = (0..ROWS_OF_TENANT_MAX).filter(|n| is_new(&minute.take(of_tenant(1, &n.to_string(), "GET /v1/staff"))));
    assert_eq!(staff.count(), ROWS_OF_TENANT_MAX);
}

#[test]
fn tries_at_one_account_from_everywhere_are_told_apart_from_those_at_another() {
    let mut minute = Minute::default();
    let at = |account: &str, n: u32| {
        let who = Who::who_claims(format!("account:{account}"), Some(tenant(1)));
        action(who, "POST /v1/auth/login", Ipv4Addr::from_bits(n).into())
    };
    let new = (0..1_000).map(|n| minute.take(at("a", n))).filter(is_new).collect::<Vec<_>>();
    assert_eq!(new.len(), ROWS_OF_ONE_MAX + 1);
    let Some(Folded::New(rest)) = new.last() else { panic!("{new:?}") };
    assert_eq!((rest.action.subject.as_str(), rest.action.action.as_str()), ("account:a", MANY));
    assert!(is_new(&minute.take(at("b", 1))));
    assert_eq!(minute.take(at("b", 1)), Folded::Counted);
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
            let kind = if name % 4 == 0 { "guest" } else { "staff" };
            let who = Who::without_token(kind, name.to_string(), (*of > 0).then(|| tenant(*of)));
            match minute.take(action(who, &route.to_string(), Ipv4Addr::LOCALHOST.into())) {
                Folded::New(_) => new += 1,
                Folded::Counted => {}
                Folded::Dropped => dropped += 1,
            }
        }
        prop_assert!(new <= ROWS_MAX + RESERVED_MAX);
        let counted: usize = minute.rows.values().map(|row| row.repeats as usize).sum();
        prop_assert_eq!(counted + dropped, actions.len());
        for (circle, rows) in &minute.of_circle {
            // And one for each status beyond, and one for all.
            prop_assert!(*rows <= circle.rows_max() + 2);
        }
    }
}
