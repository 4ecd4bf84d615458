//! Room on the disk of a folder, where that is on this machine.

use super::finding::Finding;
use std::{path::Path, process::Command};

/// Below this share of the disk, in hundredths, it is time to act.
const FREE_WARNING: u64 = 15;
/// Below this share, the servers may stop at any moment.
const FREE_WRONG: u64 = 5;

/// How full the disk of `folder` is; `df` knows, on every system.
pub(super) fn look(about: &'static str, folder: &str) -> Finding {
    if folder.is_empty() || !Path::new(folder).exists() {
        return Finding::fine(about, "on another machine: not looked at");
    }
    let output = Command::new("df").args(["-Pk", folder]).output();
    let table = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    let Some((total, free)) = sizes(&table) else {
        return Finding::warning(about, "`df` gives no answer", format!("look at the disk of {folder}"));
    };
    judge(about, folder, total, free)
}

/// Total and free KiB from the second line of `df -Pk`.
fn sizes(table: &str) -> Option<(u64, u64)> {
    let mut columns = table.lines().nth(1)?.split_whitespace().skip(1);
    let total = columns.next()?.parse().ok()?;
    let free = columns.nth(1)?.parse().ok()?;
    Some((total, free))
}

fn judge(about: &'static str, folder: &str, total: u64, free: u64) -> Finding {
    let share = free * 100 / total.max(1);
    let seen = format!("{share} % free, {} MiB", free / 1024);
    let advice = format!("make room on the disk of {folder}: a full disk stops all commands");
    match share {
        FREE_WARNING.. => Finding::fine(about, seen),
        FREE_WRONG.. => Finding::warning(about, seen, advice),
        _ => Finding::wrong(about, seen, advice),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Level;

    #[test]
    fn the_table_of_df_is_read() {
        let table = "Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/vda 1000 700 250 74% /\n";
        assert_eq!(sizes(table), Some((1000, 250)));
        assert_eq!(sizes("df: no such file"), None);
    }

    #[test]
    fn a_full_disk_is_wrong() {
        let levels = [40, 10, 2].map(|free| judge("disk", "/", 100, free).level);
        assert_eq!(levels, [Level::Fine, Level::Warning, Level::Wrong]);
    }

    #[test]
    fn the_disk_of_this_machine_is_looked_at() {
        assert!(look("disk", env!("CARGO_MANIFEST_DIR")).seen.contains("% free"));
        assert!(look("disk", "/nowhere").seen.contains("another machine"));
    }
}
