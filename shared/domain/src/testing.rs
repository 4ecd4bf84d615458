//! Given / when / then for the rules. All rules are tested through these few functions, so that a
//! change of the framework touches one place.

use crate::{
    money::{Currency, Money},
    refusal::Refusal,
    station::StationKey,
};
use cqrs_es::{
    Aggregate,
    test::{AggregateResultValidator, AggregateTestExecutor, TestFramework},
};
use uuid::Uuid;

/// What has happened so far.
pub(crate) struct Given<A: Aggregate>(AggregateTestExecutor<A>);

/// What a command led to.
pub(crate) struct Outcome<A: Aggregate>(AggregateResultValidator<A>);

pub(crate) fn given<A: Aggregate<Services = ()>>(history: impl IntoIterator<Item = A::Event>) -> Given<A> {
    Given(TestFramework::with(()).given(history.into_iter().collect()))
}

impl<A: Aggregate> Given<A> {
    #[must_use]
    pub(crate) fn when(self, command: A::Command) -> Outcome<A> {
        Outcome(self.0.when(command))
    }
}

impl<A: Aggregate<Error = Refusal>> Outcome<A> {
    #[track_caller]
    pub(crate) fn then(self, events: impl IntoIterator<Item = A::Event>) {
        self.0.then_expect_events(events.into_iter().collect());
    }

    #[track_caller]
    pub(crate) fn refused(self, refusal: Refusal) {
        self.0.then_expect_error(refusal);
    }
}

/// The state after these events.
pub(crate) fn folded<A: Aggregate>(history: impl IntoIterator<Item = A::Event>) -> A {
    let mut state = A::default();
    history.into_iter().for_each(|event| state.apply(event));
    state
}

/// The id number `n` of any kind.
pub(crate) fn id<T: From<Uuid>>(n: u128) -> T {
    Uuid::from_u128(n).into()
}

pub(crate) fn eur() -> Currency {
    "EUR".parse().unwrap()
}

pub(crate) fn euros(cents: i64) -> Money {
    Money::new(cents, eur()).unwrap()
}

pub(crate) fn station(key: &str) -> StationKey {
    key.parse().unwrap()
}

/// A snapshot of the state gives the same state again.
#[track_caller]
pub(crate) fn survives_a_snapshot<A: Aggregate + PartialEq + std::fmt::Debug>(state: &A) {
    let json = serde_json::to_vec(state).unwrap();
    assert_eq!(&serde_json::from_slice::<A>(&json).unwrap(), state);
}
