use super::*;

const ADDRESS: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(203, 0, 113, 7));

fn limits(text: &str) -> Limits {
    Limits::new(Rates::default().with(Budget::AddressUnknown, text.parse().ok()))
}

fn taken(limits: &Limits, tries: u32) -> u32 {
    let took = |_: &u32| limits.take(Budget::AddressUnknown, Subject::address(ADDRESS)).is_ok();
    u32::try_from((0..tries).filter(took).count()).unwrap()
}

/// One round of telling between instances.
fn exchange(instances: &[Limits]) {
    let news: Vec<Vec<Bytes>> = instances.iter().map(Limits::news).collect();
    for message in news.iter().flatten() {
        instances.iter().for_each(|instance| instance.hear(message));
    }
}

#[test]
fn two_instances_give_one_limit_once_they_have_told_each_other() {
    let both = [limits("100+1/h"), limits("100+1/h")];
    assert_eq!(taken(&both[0], 60), 60);
    exchange(&both);
    assert_eq!(taken(&both[1], 100), 40, "what the first has given is gone");
    exchange(&both);
    assert_eq!((taken(&both[0], 100), taken(&both[1], 100)), (0, 0));
}

#[test]
fn a_rate_of_ones_own_is_told_with_what_was_taken_to_instances_that_never_saw_it() {
    let both = [Limits::new(Rates::default()), Limits::new(Rates::default())];
    let (subject, own) = (Subject::tenant(TenantId(uuid::Uuid::from_u128(7))), std::num::NonZeroU32::new(3));
    let take = |limits: &Limits| limits.take_own(Budget::Machine, subject, own).is_ok();
    assert!((0..3).all(|_| take(&both[0])) && !take(&both[0]));
    exchange(&both);
    assert!(!take(&both[1]), "three in a minute, wherever they were taken");
}

#[test]
fn what_is_given_twice_before_the_telling_is_bounded_and_owed() {
    let three = [limits("100+1/h"), limits("100+1/h"), limits("100+1/h")];
    let within_one_round: u32 = three.iter().map(|instance| taken(instance, 1_000)).sum();
    assert_eq!(within_one_round, 300, "the burst once for each instance, never more");
    exchange(&three);
    let refused = three[0].take(Budget::AddressUnknown, Subject::address(ADDRESS)).unwrap_err();
    let owed = refused.retry_after_seconds().unwrap();
    assert!((200 * 3_600..=201 * 3_600 + 1).contains(&owed), "what was too much is earned back first: {owed}");
}

/// NATS stands still for half a minute, and then hands out everything at once.
#[test]
fn what_was_held_up_is_not_counted_as_if_it_were_taken_now() {
    const ROUND: u64 = 100_000_000;
    let [one, other] = [limits("1000+1/h"), limits("1000+1/h")];
    let mut held_up = Vec::new();
    for round in 1..=300 {
        assert_eq!(taken(&one, 1), 1);
        let news = one.news_at(round * ROUND);
        if round == 1 {
            news.iter().for_each(|message| other.hear_at(message, ROUND));
        } else {
            held_up.extend(news);
        }
    }
    held_up.iter().for_each(|message| other.hear_at(message, 300 * ROUND));
    let left = taken(&other, 2_000);
    assert!((970..1_000).contains(&left), "{left}: only what was told within the last two seconds counts");
}

#[test]
fn alone_an_instance_keeps_the_limit_for_itself() {
    let alone = limits("10+1/h");
    assert_eq!(taken(&alone, 100), 10);
    for message in alone.news() {
        alone.hear(&message);
    }
    assert_eq!(taken(&alone, 100), 0, "nobody hears themselves, and nothing is given back");
}

#[test]
fn a_refusal_says_which_budget_and_how_long() {
    let limits = limits("1+1/min");
    assert_eq!(taken(&limits, 1), 1);
    let problem = limits.take(Budget::AddressUnknown, Subject::address(ADDRESS)).unwrap_err();
    let document: serde_json::Value = serde_json::from_slice(&problem.to_bytes("7f9c")).unwrap();
    assert_eq!(document["code"], "rate-limited");
    assert_eq!(document["violated-policies"], serde_json::json!(["address-unknown"]));
    assert!((59..=60).contains(&problem.retry_after_seconds().unwrap()));
}

#[test]
fn people_tenants_and_addresses_are_never_one_another() {
    let id = uuid::Uuid::from_u128(7);
    let six = IpAddr::from(id.into_bytes());
    assert_ne!(Subject::tenant(TenantId(id)), Subject::address(six));
    assert_eq!(Subject::address("2001:db8::1".parse().unwrap()), Subject::address("2001:db8::2".parse().unwrap()));
}
