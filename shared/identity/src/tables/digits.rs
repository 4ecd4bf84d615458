//! The codes that a table shows during a visit: four digits, and a long code that nobody can guess.

use super::TableKey;
use aws_lc_rs::constant_time::verify_slices_are_equal;
use domain::{
    dining::VisitCode,
    ids::SessionId,
    limits::{LONG_CODE_DIGITS, VISIT_CODE_DIGITS},
};

const PURPOSE: &str = "visit-digits";
const LONG_PURPOSE: &str = "visit-long-code";

/// The digits of one code. Printed as what they are nowhere but in the answer to who may see them.
#[derive(Clone, PartialEq, Eq)]
pub struct VisitDigits(String);

impl VisitDigits {
    /// The four digits of a session as its code stands now.
    #[must_use]
    pub fn of(session: SessionId, code: VisitCode, key: &TableKey) -> Self {
        Self::derived::<VISIT_CODE_DIGITS>(PURPOSE, session, code.rotation, key)
    }

    /// The long code of a session as its code stands now.
    #[must_use]
    pub fn long(session: SessionId, code: VisitCode, key: &TableKey) -> Self {
        Self::derived::<LONG_CODE_DIGITS>(LONG_PURPOSE, session, code.long(), key)
    }

    fn derived<const DIGITS: usize>(purpose: &str, session: SessionId, number: u32, key: &TableKey) -> Self {
        let tag = key.tag(purpose, &[session.0.as_bytes(), &number.to_be_bytes()]);
        let number = tag.as_ref().iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        // Of 2^64 values none of the remainders, 10^12 at most, is noticeably likelier than another.
        Self(format!("{:0DIGITS$}", number % 10_u64.pow(DIGITS as u32)))
    }

    /// The digits.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether somebody typed these, in the same time however many of them are wrong.
    #[must_use]
    pub fn are(&self, typed: &str) -> bool {
        verify_slices_are_equal(self.0.as_bytes(), typed.as_bytes()).is_ok()
    }
}

impl std::fmt::Debug for VisitDigits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("VisitDigits([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::VisitDigits;
    use crate::tables::TableKey;
    use domain::{dining::VisitCode, ids::SessionId};
    use std::collections::HashSet;
    use uuid::Uuid;

    fn digits(session: u128, rotation: u32) -> VisitDigits {
        let key = TableKey::new(&[7; 32]);
        VisitDigits::of(SessionId(Uuid::from_u128(session)), VisitCode { rotation, locked: false }, &key)
    }

    #[test]
    fn digits_are_four_and_the_same_whenever_they_are_asked_for() {
        assert_eq!(digits(1, 0), digits(1, 0));
        for rotation in 0..100 {
            let digits = digits(1, rotation);
            assert!(digits.expose().len() == 4 && digits.expose().bytes().all(|byte| byte.is_ascii_digit()));
            assert!(digits.are(digits.expose()) && !digits.are("") && !digits.are("12345"));
            assert!(!format!("{digits:?}").contains(digits.expose()));
        }
    }

    #[test]
    fn the_long_code_has_twelve_and_stays_when_the_digits_are_locked() {
        let key = TableKey::new(&[7; 32]);
        let long = |rotation, locked| {
            VisitDigits::long(SessionId(Uuid::from_u128(1)), VisitCode { rotation, locked }, &key).expose().to_owned()
        };
        assert!(long(0, false).len() == 12 && long(0, false).bytes().all(|byte| byte.is_ascii_digit()));
        assert!(long(0, false) == long(1, true) && long(0, false) != long(1, false));
        assert!(!long(0, false).contains(digits(1, 0).expose()), "neither tells anything about the other");
    }

    #[test]
    fn they_change_with_every_rotation_and_session() {
        let of_rotations: HashSet<String> = (0..500).map(|n| digits(1, n).expose().to_owned()).collect();
        let of_sessions: HashSet<String> = (0..500).map(|n| digits(n, 0).expose().to_owned()).collect();
        // Of 500 draws out of 10,000 about 12 meet another.
        assert!(of_rotations.len() > 450 && of_sessions.len() > 450);
    }
}
