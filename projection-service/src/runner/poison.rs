//! Which errors are the event's fault.
//!
//! An error that is not surely the event's own is taken for a passing one and tried again: a full
//! disk or a missing right must never park a feed.

use crate::views::ApplyError;
use sqlx::mysql::MySqlDatabaseError;

/// Why an event is parked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum CauseClass {
    /// This build cannot decode it.
    Undecodable,
    /// It does not fit the rows that the view has.
    Unappliable,
    /// A constraint of the tables refuses it.
    Constraint,
    /// An earlier event of its aggregate is parked.
    Behind,
}

impl CauseClass {
    /// The stored name.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Undecodable => "undecodable",
            Self::Unappliable => "unappliable",
            Self::Constraint => "constraint",
            Self::Behind => "behind",
        }
    }
}

/// Errors of MySQL that the values of a statement cause: trying again gives the same.
const REFUSED_VALUES: &[u16] = &[
    1048, // a column cannot be NULL
    1062, // duplicate key
    1264, // out of range
    1265, // data truncated
    1292, // incorrect date or time
    1366, // incorrect value (such as text of another character set)
    1406, // too long
    1451, 1452, // foreign key
    1690, // out of range in an expression
    3819, // check constraint
];

/// Whether an error of MySQL with this number is caused by the values of a statement.
pub(super) fn is_refused_value(number: u16) -> bool {
    REFUSED_VALUES.contains(&number)
}

/// The class of an error that is the event's fault; nothing for one that may pass.
pub(crate) fn class_of(error: &ApplyError) -> Option<CauseClass> {
    match error {
        ApplyError::Misfit { .. } => Some(CauseClass::Unappliable),
        ApplyError::Sql(sqlx::Error::Database(error)) => {
            let number = error.try_downcast_ref::<MySqlDatabaseError>()?.number();
            is_refused_value(number).then_some(CauseClass::Constraint)
        }
        ApplyError::Sql(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_pass_is_never_the_events_fault() {
        for error in [sqlx::Error::PoolTimedOut, sqlx::Error::WorkerCrashed, sqlx::Error::RowNotFound] {
            assert_eq!(class_of(&ApplyError::Sql(error)), None);
        }
        let misfit = ApplyError::Misfit { table: "orders", expected: 1, rows: 0 };
        assert_eq!(class_of(&misfit), Some(CauseClass::Unappliable));
    }
}
