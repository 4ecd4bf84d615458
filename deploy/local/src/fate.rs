//! What became of a server, as its supervisor tells it.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The exit code where nobody saw the end.
pub(crate) const LOST: i32 = -1;

/// The current state, and a way to wait for the next.
#[derive(Default)]
pub(crate) struct Fate {
    state: Mutex<FateState>,
    changed: Condvar,
}

/// What is known so far.
#[derive(Default, Clone, Copy)]
pub(crate) struct FateState {
    /// The server's exit code.
    pub(crate) exit: Option<i32>,
    /// The supervisor has ended, and with it everything is released.
    pub(crate) released: bool,
}

impl Fate {
    /// Follows what the supervisor tells until it ends, and reaps it.
    pub(crate) fn watch(&self, told: BufReader<ChildStdout>, mut shell: Child) {
        for line in told.lines().map_while(Result::ok) {
            if let Some(code) = line.strip_prefix("exit ").and_then(|c| c.parse().ok()) {
                self.set(|s| s.exit = Some(code));
            }
        }
        let _ = shell.wait();
        self.set(|s| {
            s.exit.get_or_insert(LOST);
            s.released = true;
        });
    }

    pub(crate) fn get(&self) -> FateState {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, change: impl FnOnce(&mut FateState)) {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner));
        self.changed.notify_all();
    }

    /// Whether the condition came true in time.
    pub(crate) fn wait(&self, patience: Duration, is_so: impl Fn(FateState) -> bool) -> bool {
        let deadline = Instant::now() + patience;
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        while !is_so(*state) {
            let Some(left) = deadline.checked_duration_since(Instant::now()) else { return false };
            let woken = self.changed.wait_timeout(state, left);
            state = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }
}
