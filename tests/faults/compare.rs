//! What a screen was promised, compared with what it applied: pure.

use super::violation::{Kind, Violation};
use std::collections::{BTreeMap, BTreeSet};

/// An envelope and the position that it names.
pub(super) fn position(envelope: &str) -> u64 {
    let digits = envelope.strip_prefix(r#"{"position":"#).and_then(|rest| rest.split(',').next());
    digits.and_then(|digits| digits.parse().ok()).unwrap_or_else(|| panic!("no envelope: {envelope}"))
}

/// Everything that differs, each event named once for each way in which it is wrong. Both are envelopes.
pub(super) fn compare(who: &str, promised: &[String], applied: &[String]) -> Vec<Violation> {
    let promised: BTreeMap<u64, &String> = promised.iter().map(|it| (position(it), it)).collect();
    let (mut seen, mut last, mut found) = (BTreeSet::new(), 0, Vec::new());
    for envelope in applied {
        let at = position(envelope);
        let mut say = |kind, what: &str| found.push(Violation::new(kind, format!("{who}: {what} {at}")));
        match promised.get(&at) {
            None => say(Kind::Different, "was shown what is not for it, position"),
            Some(promised) if *promised != envelope => say(Kind::Different, "was shown something else at position"),
            Some(_) => {}
        }
        if !seen.insert(at) {
            say(Kind::Repeated, "was shown twice position");
        } else if at < last {
            say(Kind::Reordered, "was shown late position");
        }
        last = last.max(at);
    }
    let missing = promised.keys().filter(|at| !seen.contains(at));
    found.extend(missing.map(|at| Violation::new(Kind::Lost, format!("{who}: was never shown position {at}"))));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn envelopes(positions: &[u64]) -> Vec<String> {
        positions.iter().map(|position| format!(r#"{{"position":{position},"epoch":1}}"#)).collect()
    }

    fn kinds(promised: &[u64], applied: &[u64]) -> Vec<Kind> {
        compare("a screen", &envelopes(promised), &envelopes(applied)).into_iter().map(|it| it.kind).collect()
    }

    #[test]
    fn the_same_is_no_violation() {
        assert_eq!(kinds(&[3, 5, 9], &[3, 5, 9]), []);
    }

    #[test]
    fn what_is_missing_is_lost() {
        assert_eq!(kinds(&[3, 5, 9], &[3, 9]), [Kind::Lost]);
        assert_eq!(kinds(&[3, 5, 9], &[3, 5]), [Kind::Lost]);
    }

    #[test]
    fn what_comes_twice_is_repeated_and_not_reordered_too() {
        assert_eq!(kinds(&[3, 5, 9], &[3, 5, 3, 9]), [Kind::Repeated]);
    }

    #[test]
    fn what_comes_late_is_reordered() {
        assert_eq!(kinds(&[3, 5, 9], &[5, 3, 9]), [Kind::Reordered]);
    }

    #[test]
    fn what_was_not_promised_or_reads_otherwise_is_different() {
        assert_eq!(kinds(&[3], &[3, 4]), [Kind::Different]);
        let other = vec![r#"{"position":3,"epoch":2}"#.to_owned()];
        assert_eq!(compare("a screen", &envelopes(&[3]), &other).len(), 1);
    }
}
