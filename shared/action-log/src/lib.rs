//! Who did, or tried to do, what with which right: the table `actions`.
//!
//! - [`fold`]: what happens again within a minute is one row, and a minute has so many rows; pure.
//! - [`writer`]: takes actions off the requests' way and writes many at once.
//! - [`table`]: the SQL. [`retention`]: what is too old goes.
//!
//! Where a row is lost, it is counted: `actions_dropped_total`. A look at personal data never is: it is written
//! with [`table::record`] before anything is shown.

pub mod fold;
pub mod retention;
pub mod table;
pub mod writer;

pub use retention::Retention;
pub use table::Row;
pub use writer::{Writer, start};

/// Describes the metrics. Call it after the recorder was installed.
pub fn describe() {
    use metrics::{Unit, describe_counter};
    service_kit::audit::describe();
    describe_counter!("actions_written_total", Unit::Count, "Rows of the audit of actions that were written");
    describe_counter!("actions_purged_total", Unit::Count, "Rows of the audit of actions that were too old");
}
