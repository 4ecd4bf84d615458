//! Processor time of this process and of the server: what an order costs, even while others keep the
//! machine busy.

use std::time::Duration;

/// The kernel counts in hundredths of a second.
const TICK: Duration = Duration::from_millis(10);

/// Processor time that was used.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Cpu {
    /// By this process: the contender and who drives it.
    pub(crate) client: Duration,
    /// By MySQL, all its threads.
    pub(crate) server: Duration,
}

impl Cpu {
    /// All that was used until now; zero where the system does not tell.
    pub(crate) fn now(server_pid: Option<u32>) -> Self {
        let server = server_pid.and_then(|pid| used(&pid.to_string()));
        Self { client: used("self").unwrap_or_default(), server: server.unwrap_or_default() }
    }

    pub(crate) fn since(self, earlier: Self) -> Self {
        Self { client: self.client.saturating_sub(earlier.client), server: self.server.saturating_sub(earlier.server) }
    }
}

fn used(process: &str) -> Option<Duration> {
    ticks(&std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?).map(|ticks| TICK * ticks)
}

/// User and system time stand 12 and 13 places after the name, which may contain spaces.
fn ticks(stat: &str) -> Option<u32> {
    let (_, rest) = stat.rsplit_once(") ")?;
    let fields: Vec<&str> = rest.split(' ').collect();
    Some(fields.get(11)?.parse::<u32>().ok()? + fields.get(12)?.parse::<u32>().ok()?)
}

#[cfg(test)]
mod tests {
    use super::{Cpu, ticks};

    #[test]
    fn a_name_with_spaces_and_brackets_moves_nothing() {
        let stat = "42 (a (b) c) S 1 2 3 4 5 6 7 8 9 10 150 27 0 0 20 0 3 0 1000";
        assert_eq!(ticks(stat), Some(177));
        assert_eq!(ticks("nonsense"), None);
    }

    #[test]
    fn time_only_grows() {
        let earlier = Cpu::now(None);
        assert!(Cpu::now(None).client >= earlier.client);
    }
}
