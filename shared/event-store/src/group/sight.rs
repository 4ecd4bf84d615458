//! Who the primary is, from what the servers say. Pure: times are given.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

/// How long an answer counts, from the moment when it was asked for. A server that is not heard of is put
/// out of its group after 5 s of silence and `group_replication_member_expel_timeout` (5 s by default), so
/// one that the others saw so recently cannot have a successor yet.
pub(super) const TRUSTED_FOR: Duration = Duration::from_secs(3);

/// What a server says of its group. One that is in no group, or sees no primary online, says nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sight {
    /// Who says it.
    pub(super) own: String,
    /// Whom it sees online in the role of the primary.
    pub(super) primary: String,
}

/// What was heard of one of the listed servers.
#[derive(Debug, Clone)]
pub(super) struct Look {
    /// When it was asked.
    pub(super) asked: Instant,
    /// What it said, or why it said nothing.
    pub(super) said: Result<Sight, String>,
}

/// The primary among the listed servers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Primary {
    /// Its place in the list.
    pub(crate) place: usize,
    /// What it calls itself (`server_uuid`).
    pub(crate) id: String,
}

/// A server is the primary when it says so itself, and more than half of the listed ones, itself among
/// them, saw it online as the primary a moment ago. One that was frozen or cut off and has not noticed that
/// it has a successor has the first, but not the second.
pub(super) fn primary(looks: &[Option<Look>], now: Instant) -> Option<Primary> {
    let said = |look: &Option<Look>| {
        let look = look.as_ref().filter(|look| now.saturating_duration_since(look.asked) < TRUSTED_FOR)?;
        look.said.as_ref().ok().cloned()
    };
    let sights: Vec<Option<Sight>> = looks.iter().map(said).collect();
    sights.iter().enumerate().find_map(|(place, sight)| {
        let id = sight.as_ref().filter(|sight| sight.own == sight.primary)?.own.clone();
        let voices: BTreeSet<_> = sights.iter().flatten().filter(|it| it.primary == id).map(|it| &it.own).collect();
        (2 * voices.len() > looks.len()).then_some(Primary { place, id })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Looks of so long ago; `a>b` is what `a` says of `b`.
    fn found(looks: &[(&str, u64)]) -> Option<usize> {
        let now = Instant::now() + Duration::from_mins(1);
        let look = |&(said, seconds): &(&str, u64)| {
            let (own, primary) = said.split_once('>')?;
            let sight = Sight { own: own.to_owned(), primary: primary.to_owned() };
            Some(Look { asked: now - Duration::from_secs(seconds), said: Ok(sight) })
        };
        primary(&looks.iter().map(look).collect::<Vec<_>>(), now).map(|primary| primary.place)
    }

    #[test]
    fn whom_more_than_half_see_is_the_primary() {
        assert_eq!(found(&[("a>b", 0), ("b>b", 0), ("c>b", 0)]), Some(1));
        assert_eq!(found(&[("", 0), ("b>b", 0), ("c>b", 0)]), Some(1));
    }

    #[test]
    fn half_of_them_are_not_enough() {
        assert_eq!(found(&[("a>a", 0), ("", 0), ("", 0)]), None);
        assert_eq!(found(&[("a>a", 0), ("b>a", 0), ("", 0), ("", 0)]), None);
    }

    #[test]
    fn one_that_does_not_answer_itself_is_not_the_primary() {
        assert_eq!(found(&[("", 0), ("b>a", 0), ("c>a", 0)]), None);
    }

    #[test]
    fn one_that_was_frozen_and_thinks_it_still_is_the_primary_is_not() {
        assert_eq!(found(&[("a>a", 0), ("b>b", 0), ("c>b", 0)]), Some(1));
        assert_eq!(found(&[("a>a", 0), ("b>b", 0), ("", 0)]), None);
    }

    #[test]
    fn what_was_said_long_ago_does_not_count() {
        assert_eq!(found(&[("a>a", 2), ("b>a", 2), ("", 0)]), Some(0));
        assert_eq!(found(&[("a>a", 0), ("b>a", 3), ("", 0)]), None);
        assert_eq!(found(&[("a>a", 3), ("b>a", 0), ("c>a", 0)]), None);
    }

    #[test]
    fn a_server_that_is_listed_under_two_names_has_one_voice() {
        assert_eq!(found(&[("a>a", 0), ("a>a", 0), ("", 0)]), None);
    }
}
