//! Whether the schemas are those of this build.

use super::{LOOK_WITHIN, failed, finding::Finding};
use event_store::pool::within;
use migrations::Side;
use sqlx::MySqlPool;

pub(super) async fn look(pool: &MySqlPool, side: Side, findings: &mut Vec<Finding>) {
    let about = match side {
        Side::Events => "schema of events",
        Side::Views => "schema of views",
        Side::Identity => "schema of accounts",
    };
    let statement = "SELECT version FROM _sqlx_migrations WHERE success ORDER BY version";
    findings.push(match within(LOOK_WITHIN, sqlx::query_as::<_, (i64,)>(statement).fetch_all(pool)).await {
        Ok(found) => judge(about, &side.numbers(), &found.into_iter().map(|(number,)| number).collect::<Vec<_>>()),
        Err(error) => failed(about, &error),
    });
}

fn judge(about: &'static str, wanted: &[i64], found: &[i64]) -> Finding {
    let missing: Vec<_> = wanted.iter().filter(|number| !found.contains(number)).collect();
    let newer: Vec<_> = found.iter().filter(|number| !wanted.contains(number)).collect();
    if !missing.is_empty() {
        return Finding::wrong(about, format!("migrations {missing:?} are missing"), "run `aris migrate`");
    }
    if !newer.is_empty() {
        let seen = format!("migrations {newer:?} are not known to this build");
        return Finding::warning(about, seen, "use the `aris` that the services run");
    }
    Finding::fine(about, format!("up to date with migration {}", wanted.last().copied().unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Level;

    #[test]
    fn missing_and_newer_migrations_are_told() {
        let level = |found: &[i64]| judge("schema", &[1, 2], found).level;
        assert_eq!(level(&[1, 2]), Level::Fine);
        assert_eq!(level(&[1]), Level::Wrong);
        assert_eq!(level(&[1, 2, 3]), Level::Warning);
    }
}
