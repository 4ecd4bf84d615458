use super::*;
use crate::principal::Marks;
use futures::FutureExt;
use uuid::Uuid;

fn marks(member: Uuid, pv: u64) -> Marks {
    Marks { token: Uuid::now_v7(), pv, member: Some(member), device: Some(Uuid::now_v7()), ..Marks::default() }
}

fn until(until: i64) -> Entry {
    Entry { below: 0, until }
}

#[test]
fn older_rights_of_a_member_are_outdated_and_newer_ones_stand() {
    let (revocations, member) = (Revocations::default(), Uuid::now_v7());
    revocations.learn(Revoked::Member(member), Entry { below: 7, until: 1_000 });
    assert_eq!(revocations.loss(&marks(member, 6)), Some(Loss::Outdated));
    assert_eq!(revocations.loss(&marks(member, 7)), None);
    assert_eq!(revocations.loss(&marks(Uuid::now_v7(), 6)), None);
}

#[test]
fn nothing_is_given_back_by_an_older_entry_that_comes_late() {
    let (revocations, member) = (Revocations::default(), Uuid::now_v7());
    revocations.learn(Revoked::Member(member), Entry { below: 9, until: 1_000 });
    revocations.learn(Revoked::Member(member), Entry { below: 7, until: 900 });
    assert_eq!(revocations.loss(&marks(member, 8)), Some(Loss::Outdated));
}

#[test]
fn a_device_a_token_and_a_session_are_gone_for_good() {
    let marks = Marks { session: Some(Uuid::now_v7().into()), ..marks(Uuid::now_v7(), 1) };
    for revoked in marks.keys().filter(|key| !matches!(key, Revoked::Member(_))) {
        let revocations = Revocations::default();
        revocations.learn(revoked, until(1_000));
        assert_eq!(revocations.loss(&marks), Some(Loss::Gone), "{revoked}");
    }
}

#[test]
fn what_no_token_can_be_hit_by_is_forgotten() {
    let revocations = Revocations::default();
    for end in 0..10 {
        revocations.learn(Revoked::Token(Uuid::now_v7()), until(end));
    }
    revocations.forget_ended(DateTime::from_timestamp(4, 0).unwrap());
    assert_eq!(revocations.len(), 5);
}

#[test]
fn the_set_is_bounded_and_keeps_what_ends_last() {
    let mut entries = Entries::default();
    for end in 0..=ENTRIES_MAX {
        entries.insert(Revoked::Token(Uuid::from_u128(end as u128)), until(end as i64));
    }
    assert_eq!((entries.by_key.len(), entries.by_end.len()), (ENTRIES_MAX, ENTRIES_MAX));
    assert!(!entries.by_key.contains_key(&Revoked::Token(Uuid::nil())));
}

#[test]
fn only_those_whom_it_concerns_are_woken_and_no_news_is_lost() {
    let (revocations, member) = (Revocations::default(), Uuid::now_v7());
    let (concerned, other) = (revocations.watch(&marks(member, 1)), revocations.watch(&marks(Uuid::now_v7(), 1)));
    revocations.learn(Revoked::Member(member), Entry { below: 2, until: 1_000 });
    assert!(concerned.news().now_or_never().is_some(), "it was learned before anybody waited");
    assert!(concerned.news().now_or_never().is_none(), "and is told once");
    revocations.learn(Revoked::Member(member), Entry { below: 2, until: 1_000 });
    assert!(concerned.news().now_or_never().is_none(), "the same again is no news");
    assert!(other.news().now_or_never().is_none());
    drop((concerned, other));
    assert!(revocations.inner.watchers.is_empty());
}
