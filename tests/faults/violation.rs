//! Promises that were not kept.

use std::fmt;

/// What kind of promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// It was promised, and is not there.
    Lost,
    /// It happened, or was shown, more than once.
    Repeated,
    /// It came in another order than it happened.
    Reordered,
    /// It is there, and is something else.
    Different,
    /// Somebody saw or changed what is not theirs.
    Foreign,
    /// Something ended or hangs that should not.
    Broken,
}

/// A promise that was not kept, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Violation {
    pub(super) kind: Kind,
    pub(super) what: String,
}

impl Violation {
    pub(super) fn new(kind: Kind, what: impl Into<String>) -> Self {
        Self { kind, what: what.into() }
    }

    pub(super) fn broken(what: impl Into<String>) -> Self {
        Self::new(Kind::Broken, what)
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind.name(), self.what)
    }
}

impl Kind {
    const ALL: [Self; 6] = [Self::Lost, Self::Repeated, Self::Reordered, Self::Different, Self::Foreign, Self::Broken];

    fn name(self) -> &'static str {
        match self {
            Self::Lost => "lost",
            Self::Repeated => "repeated",
            Self::Reordered => "reordered",
            Self::Different => "different",
            Self::Foreign => "foreign",
            Self::Broken => "broken",
        }
    }
}

/// How many there are of each kind.
pub(super) fn tally(violations: &[Violation]) -> String {
    let count = |kind: Kind| violations.iter().filter(|violation| violation.kind == kind).count();
    Kind::ALL.map(|kind| format!("{} {}", kind.name(), count(kind))).join(", ")
}

#[test]
fn each_kind_is_counted() {
    let found = [Violation::new(Kind::Lost, "a"), Violation::new(Kind::Lost, "b"), Violation::broken("c")];
    assert_eq!(tally(&found), "lost 2, repeated 0, reordered 0, different 0, foreign 0, broken 1");
}
