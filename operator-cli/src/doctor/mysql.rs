//! MySQL's version, settings, clock and connections.

use super::{LOOK_WITHIN, disk, failed, finding::Finding, group};
use chrono::{DateTime, Utc};
use event_store::pool::within;
use sqlx::{MySqlPool, Row};
use std::collections::BTreeMap;

/// The oldest version that the statements are tried with.
const VERSION_MIN: (u32, u32) = (8, 4);
/// Clocks further apart than this make times in answers and logs hard to follow.
const CLOCK_APART_MAX: chrono::Duration = chrono::Duration::seconds(1);
/// Below this, a write load stalls on flushing.
const REDO_MIN: u64 = 1 << 30;
/// One batch of events and receipts fits into this with room to spare.
const PACKET_MIN: u64 = 16 << 20;
/// Statements prepared by all connections of a handful of processes.
const PREPARED_MIN: u64 = 100_000;
/// Of the connections that are allowed, so many in a hundred may be used.
const CONNECTIONS_USED_MAX: u64 = 80;

pub(super) type Settings = BTreeMap<String, String>;

pub(super) async fn look(pool: &MySqlPool, findings: &mut Vec<Finding>) {
    match within(LOOK_WITHIN, settings(pool)).await {
        Ok(settings) => {
            findings.extend(judge(&settings));
            group::look(pool, &settings, findings).await;
            findings.push(disk::look("MySQL disk", settings.get("datadir").map_or("", String::as_str)));
        }
        Err(error) => findings.push(failed("MySQL settings", &error)),
    }
    match within(LOOK_WITHIN, clock(pool)).await {
        Ok((before, theirs, after)) => findings.push(judge_clock(before, theirs, after)),
        Err(error) => findings.push(failed("MySQL clock", &error)),
    }
}

/// Variables and, for the connections, a status: both are lists of names and values.
async fn settings(pool: &MySqlPool) -> Result<Settings, sqlx::Error> {
    let mut settings = Settings::new();
    for statement in ["SHOW GLOBAL VARIABLES", "SHOW GLOBAL STATUS LIKE 'Threads_connected'"] {
        for row in sqlx::query(statement).fetch_all(pool).await? {
            settings.insert(row.try_get::<String, _>(0)?.to_lowercase(), row.try_get(1)?);
        }
    }
    Ok(settings)
}

async fn clock(pool: &MySqlPool) -> Result<(DateTime<Utc>, DateTime<Utc>, DateTime<Utc>), sqlx::Error> {
    let before = Utc::now();
    let (theirs,): (chrono::NaiveDateTime,) = sqlx::query_as("SELECT UTC_TIMESTAMP(6)").fetch_one(pool).await?;
    Ok((before, theirs.and_utc(), Utc::now()))
}

fn judge(settings: &Settings) -> Vec<Finding> {
    let text = |name: &str| settings.get(name).map_or("", String::as_str);
    let number = |name: &str| text(name).parse::<u64>().unwrap_or_default();
    vec![
        version(text("version"), text("version_comment")),
        durability(text("innodb_flush_log_at_trx_commit"), text("sync_binlog"), text("innodb_doublewrite")),
        binlog(text("log_bin"), text("binlog_format")),
        strictness(text("sql_mode")),
        at_least("MySQL redo log", "innodb_redo_log_capacity", number("innodb_redo_log_capacity"), REDO_MIN),
        log_threads(text("innodb_log_writer_threads")),
        at_least("MySQL packets", "max_allowed_packet", number("max_allowed_packet"), PACKET_MIN),
        at_least("MySQL statements", "max_prepared_stmt_count", number("max_prepared_stmt_count"), PREPARED_MIN),
        connections(number("threads_connected"), number("max_connections")),
    ]
}

fn version(version: &str, comment: &str) -> Finding {
    const ABOUT: &str = "MySQL version";
    let mut numbers = version.split(['.', '-']).map_while(|part| part.parse::<u32>().ok());
    let found = (numbers.next().unwrap_or_default(), numbers.next().unwrap_or_default());
    if version.contains("MariaDB") || comment.contains("MariaDB") {
        return Finding::wrong(ABOUT, format!("{version} is MariaDB"), "use MySQL 8.4 or newer");
    }
    if found < VERSION_MIN {
        return Finding::wrong(ABOUT, version, "use MySQL 8.4 or newer");
    }
    Finding::fine(ABOUT, version)
}

fn durability(flush: &str, sync: &str, doublewrite: &str) -> Finding {
    const ABOUT: &str = "MySQL durability";
    let seen = format!("innodb_flush_log_at_trx_commit={flush} sync_binlog={sync} innodb_doublewrite={doublewrite}");
    if flush == "1" && sync == "1" && doublewrite.eq_ignore_ascii_case("on") {
        return Finding::fine(ABOUT, seen);
    }
    Finding::wrong(
        ABOUT,
        seen,
        "SET PERSIST both to 1 and keep doublewrite on: now a crash loses orders that were answered",
    )
}

fn binlog(on: &str, format: &str) -> Finding {
    const ABOUT: &str = "MySQL binary log";
    match (on.eq_ignore_ascii_case("on"), format.eq_ignore_ascii_case("row")) {
        (true, true) => Finding::fine(ABOUT, "on, by row"),
        (false, _) => Finding::warning(
            ABOUT,
            "off",
            "start without --skip-log-bin: no replica and no restore to a moment without it",
        ),
        (true, false) => {
            Finding::wrong(ABOUT, format!("by {format}"), "SET PERSIST binlog_format = ROW: READ COMMITTED needs it")
        }
    }
}

fn strictness(mode: &str) -> Finding {
    const ABOUT: &str = "MySQL strictness";
    if mode.contains("STRICT_TRANS_TABLES") || mode.contains("STRICT_ALL_TABLES") {
        return Finding::fine(ABOUT, "strict");
    }
    let seen = format!("sql_mode = '{mode}'");
    Finding::wrong(ABOUT, seen, "add STRICT_TRANS_TABLES: values that do not fit are cut silently")
}

/// Without threads of its own for the redo log, which is the server's choice below 32 cores, each commit writes the log
/// itself, and waits 100 ms when it misses that another one is done.
fn log_threads(on: &str) -> Finding {
    const ABOUT: &str = "MySQL log threads";
    let seen = format!("innodb_log_writer_threads={on}");
    if on.eq_ignore_ascii_case("on") {
        return Finding::fine(ABOUT, seen);
    }
    Finding::warning(
        ABOUT,
        seen,
        "SET PERSIST innodb_log_writer_threads = ON: now commits stand still for 100 ms at times",
    )
}

fn at_least(about: &'static str, name: &str, found: u64, least: u64) -> Finding {
    let seen = format!("{name}={found}");
    if found >= least {
        return Finding::fine(about, seen);
    }
    Finding::warning(about, seen, format!("SET PERSIST {name} = {least}"))
}

fn connections(used: u64, allowed: u64) -> Finding {
    const ABOUT: &str = "MySQL connections";
    let seen = format!("{used} of {allowed} are used");
    if used * 100 <= allowed * CONNECTIONS_USED_MAX {
        return Finding::fine(ABOUT, seen);
    }
    Finding::warning(ABOUT, seen, "raise max_connections, or look who holds them: SHOW PROCESSLIST")
}

/// The other clock was read between two looks at ours; only what lies outside of them is a difference.
fn judge_clock(before: DateTime<Utc>, theirs: DateTime<Utc>, after: DateTime<Utc>) -> Finding {
    const ABOUT: &str = "MySQL clock";
    let apart = (before - theirs).max(theirs - after).max(chrono::Duration::zero());
    let seen = format!("{} ms from ours", apart.num_milliseconds());
    if apart <= CLOCK_APART_MAX {
        return Finding::fine(ABOUT, seen);
    }
    Finding::warning(ABOUT, seen, "run NTP on both machines (chronyd, systemd-timesyncd)")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Level;

    fn good() -> Settings {
        let pairs = [
            ("version", "9.7.4"),
            ("version_comment", "Source distribution"),
            ("innodb_flush_log_at_trx_commit", "1"),
            ("sync_binlog", "1"),
            ("innodb_doublewrite", "ON"),
            ("log_bin", "ON"),
            ("binlog_format", "ROW"),
            ("sql_mode", "ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES"),
            ("innodb_redo_log_capacity", "1073741824"),
            ("innodb_log_writer_threads", "ON"),
            ("max_allowed_packet", "67108864"),
            ("max_prepared_stmt_count", "1000000"),
            ("threads_connected", "40"),
            ("max_connections", "151"),
        ];
        pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
    }

    fn with(name: &str, value: &str) -> (Level, &'static str) {
        let mut settings = good();
        settings.insert(name.to_owned(), value.to_owned());
        let worst = judge(&settings).into_iter().max_by_key(|finding| finding.level).unwrap();
        (worst.level, worst.about)
    }

    #[test]
    fn what_is_recommended_is_fine() {
        assert!(judge(&good()).iter().all(|finding| finding.level == Level::Fine));
    }

    #[test]
    fn each_bad_setting_is_named() {
        let cases = [
            ("version", "8.0.40", Level::Wrong, "MySQL version"),
            ("version", "10.11.6-MariaDB-0+deb12u1", Level::Wrong, "MySQL version"),
            ("innodb_flush_log_at_trx_commit", "2", Level::Wrong, "MySQL durability"),
            ("sync_binlog", "0", Level::Wrong, "MySQL durability"),
            ("log_bin", "OFF", Level::Warning, "MySQL binary log"),
            ("binlog_format", "STATEMENT", Level::Wrong, "MySQL binary log"),
            ("sql_mode", "", Level::Wrong, "MySQL strictness"),
            ("innodb_redo_log_capacity", "104857600", Level::Warning, "MySQL redo log"),
            ("innodb_log_writer_threads", "OFF", Level::Warning, "MySQL log threads"),
            ("max_allowed_packet", "1048576", Level::Warning, "MySQL packets"),
            ("threads_connected", "150", Level::Warning, "MySQL connections"),
        ];
        for (name, value, level, about) in cases {
            assert_eq!(with(name, value), (level, about), "{name}={value}");
        }
    }

    #[test]
    fn a_slow_answer_is_no_wrong_clock() {
        let (start, second) = (DateTime::UNIX_EPOCH, chrono::Duration::seconds(1));
        assert_eq!(judge_clock(start, start + second * 3, start + second * 5).level, Level::Fine);
        assert_eq!(judge_clock(start, start + second * 9, start + second * 5).level, Level::Warning);
        assert_eq!(judge_clock(start, start - second * 2, start + second * 5).level, Level::Warning);
    }
}
