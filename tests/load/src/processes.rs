//! Time and memory of a process with all its children, as the kernel tells them.

use std::{collections::HashMap, fs, time::Duration};

/// The kernel counts in hundredths of a second.
const TICK: Duration = Duration::from_millis(10);

/// What a server has used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    /// Processor time, of all threads.
    pub(crate) cpu: Duration,
    /// Resident memory in bytes; what several processes share counts once.
    pub(crate) memory: u64,
}

/// A line of `/proc/<process>/stat`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stat {
    parent: u32,
    ticks: u32,
}

impl Usage {
    /// Of this process and its children, their children and so on; nothing where the system does not tell.
    pub(crate) fn of(root: u32) -> Self {
        let all = all();
        let mut usage = Self::default();
        let mut next = vec![root];
        while let Some(process) = next.pop() {
            let Some(stat) = all.get(&process) else { continue };
            usage.cpu += TICK * stat.ticks;
            usage.memory += memory(process);
            next.extend(all.iter().filter(|(_, child)| child.parent == process).map(|(child, _)| *child));
        }
        usage
    }

    /// Processor time since an earlier look.
    pub(crate) fn cpu_since(self, earlier: Self) -> Duration {
        self.cpu.saturating_sub(earlier.cpu)
    }
}

impl std::ops::Add for Usage {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { cpu: self.cpu + other.cpu, memory: self.memory + other.memory }
    }
}

fn all() -> HashMap<u32, Stat> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let ids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    ids.filter_map(|id: u32| Some((id, parse(&fs::read_to_string(format!("/proc/{id}/stat")).ok()?)?))).collect()
}

/// The parent stands 2 places after the name, which may contain spaces; user and system time 12 and 13.
fn parse(stat: &str) -> Option<Stat> {
    let (_, rest) = stat.rsplit_once(") ")?;
    let fields: Vec<&str> = rest.split(' ').collect();
    let ticks = fields.get(11)?.parse::<u32>().ok()? + fields.get(12)?.parse::<u32>().ok()?;
    Some(Stat { parent: fields.get(1)?.parse().ok()?, ticks })
}

/// The proportional share: pages that several processes have are divided among them.
fn memory(process: u32) -> u64 {
    let text = fs::read_to_string(format!("/proc/{process}/smaps_rollup")).unwrap_or_default();
    let kilobytes = text.lines().find_map(|line| line.strip_prefix("Pss:")?.trim().strip_suffix(" kB")?.parse().ok());
    kilobytes.map_or(0, |kilobytes: u64| kilobytes * 1_024)
}

#[cfg(test)]
mod tests {
    use super::{Stat, Usage, parse};

    #[test]
    fn a_name_with_spaces_and_brackets_moves_nothing() {
        let stat = "42 (a (b) c) S 7 2 3 4 5 6 7 8 9 10 150 27 0 0 20 0 3 0 1000";
        assert_eq!(parse(stat), Some(Stat { parent: 7, ticks: 177 }));
        assert_eq!(parse("nonsense"), None);
    }

    #[test]
    fn this_process_has_memory_and_its_child_is_counted() {
        let alone = Usage::of(std::process::id());
        let mut child = std::process::Command::new("cat").stdin(std::process::Stdio::piped()).spawn().unwrap();
        let both = Usage::of(std::process::id());
        let only = Usage::of(child.id());
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(alone.memory > 0 && only.memory > 0 && both.memory >= only.memory);
        assert_eq!(Usage::of(u32::MAX), Usage::default());
    }
}
