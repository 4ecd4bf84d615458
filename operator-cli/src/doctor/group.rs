//! A MySQL server that is a member of a group: what a failover stands on.

use super::{LOOK_WITHIN, failed, finding::Finding, mysql::Settings};
use event_store::pool::within;
use sqlx::MySqlPool;

/// Services trust what members say of each other for 3 s, and a member that is silent is suspected after 5 s.
const EXPEL_TIMEOUT_MIN: u64 = 5;
/// Fewer members survive no loss.
const MEMBERS_MIN: usize = 3;
const ABOUT: &str = "MySQL group";

/// Adds nothing for a server by itself.
pub(super) async fn look(pool: &MySqlPool, settings: &Settings, findings: &mut Vec<Finding>) {
    if settings.get("group_replication_group_name").is_none_or(String::is_empty) {
        return;
    }
    findings.push(judge(settings));
    findings.push(match within(LOOK_WITHIN, members(pool)).await {
        Ok(states) => judge_members(&states),
        Err(error) => failed(ABOUT, &error),
    });
}

async fn members(pool: &MySqlPool) -> Result<Vec<String>, sqlx::Error> {
    let sql = "SELECT CAST(MEMBER_STATE AS CHAR) FROM performance_schema.replication_group_members";
    sqlx::query_scalar(sql).fetch_all(pool).await
}

fn judge(settings: &Settings) -> Finding {
    let text = |name: &str| settings.get(&format!("group_replication_{name}")).map_or("", String::as_str);
    let number = |name: &str| text(name).parse::<u64>().unwrap_or_default();
    let wrong = |name: &str, advice: &str| Finding::wrong(ABOUT, format!("{name}={}", text(name)), advice);
    if !text("single_primary_mode").eq_ignore_ascii_case("on") {
        return wrong("single_primary_mode", "set it to ON: with several primaries nobody can be followed");
    }
    if !text("consistency").starts_with("BEFORE") {
        return wrong(
            "consistency",
            "SET PERSIST it to BEFORE_ON_PRIMARY_FAILOVER: a new primary may lack orders at first",
        );
    }
    if number("member_expel_timeout") < EXPEL_TIMEOUT_MIN {
        let advice = "SET PERSIST it to 5 or more: a frozen primary may be believed when it has a successor";
        return wrong("member_expel_timeout", advice);
    }
    if number("unreachable_majority_timeout") == 0 {
        let seen = "unreachable_majority_timeout=0: a primary without the others waits for ever";
        return Finding::warning(ABOUT, seen, "SET PERSIST it to 10: it then gives up and says so");
    }
    Finding::fine(ABOUT, format!("consistency {}, one primary", text("consistency")))
}

fn judge_members(states: &[String]) -> Finding {
    const ABOUT: &str = "MySQL group members";
    let online = states.iter().filter(|state| *state == "ONLINE").count();
    let seen = format!("{online} of {} online", states.len());
    if online < states.len() || online < MEMBERS_MIN {
        let advice = "bring three members back: SELECT * FROM performance_schema.replication_group_members";
        return Finding::warning(ABOUT, seen, advice);
    }
    Finding::fine(ABOUT, seen)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Level;

    fn with(name: &str, value: &str) -> Level {
        let good = [
            ("single_primary_mode", "ON"),
            ("consistency", "BEFORE_ON_PRIMARY_FAILOVER"),
            ("member_expel_timeout", "5"),
            ("unreachable_majority_timeout", "10"),
        ];
        let settings = good.map(|(good, fine)| {
            (format!("group_replication_{good}"), if good == name { value } else { fine }.to_owned())
        });
        judge(&settings.into()).level
    }

    #[test]
    fn each_setting_that_a_failover_needs_is_looked_at() {
        assert_eq!(with("", ""), Level::Fine);
        assert_eq!(with("consistency", "BEFORE_AND_AFTER"), Level::Fine);
        let wrong = [("single_primary_mode", "OFF"), ("consistency", "EVENTUAL"), ("member_expel_timeout", "0")];
        for (name, value) in wrong {
            assert_eq!(with(name, value), Level::Wrong, "{name}");
        }
        assert_eq!(with("unreachable_majority_timeout", "0"), Level::Warning);
    }

    #[test]
    fn a_member_that_is_away_is_told() {
        let level =
            |states: &[&str]| judge_members(&states.iter().map(|&state| state.to_owned()).collect::<Vec<_>>()).level;
        assert_eq!(level(&["ONLINE"; 3]), Level::Fine);
        assert_eq!(level(&["ONLINE", "ONLINE", "RECOVERING"]), Level::Warning);
        assert_eq!(level(&["ONLINE"; 2]), Level::Warning);
    }
}
