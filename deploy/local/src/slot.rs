//! What both servers have in common once they run.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::error::ServerError;
use crate::supervise::Supervised;

/// The place of one server: it runs, or it was stopped and may be started again.
pub(crate) struct Slot {
    server: &'static str,
    running: Mutex<Option<Supervised>>,
}

impl Slot {
    pub(crate) fn new(server: &'static str, running: Supervised) -> Self {
        Self { server, running: Mutex::new(Some(running)) }
    }

    pub(crate) fn pid(&self) -> Option<u32> {
        self.lock().as_ref().filter(|r| r.exit().is_none()).map(Supervised::pid)
    }

    pub(crate) fn stop(&self) -> Result<(), ServerError> {
        self.lock().take().map_or(Ok(()), |running| running.end(false))
    }

    pub(crate) fn kill(&self) -> Result<(), ServerError> {
        self.lock().as_ref().map_or(Ok(()), Supervised::kill)
    }

    /// Ends what runs, keeping its data, and puts what `start` gives in its place.
    pub(crate) fn replace(&self, start: impl FnOnce() -> Result<Supervised, ServerError>) -> Result<(), ServerError> {
        let mut running = self.lock();
        if let Some(old) = running.take() {
            old.end(true)?;
        }
        *running = Some(start()?);
        Ok(())
    }

    pub(crate) fn signal(&self, name: &str) -> Result<(), ServerError> {
        self.lock().as_ref().ok_or(ServerError::NotRunning(self.server))?.signal(name)
    }

    fn lock(&self) -> MutexGuard<'_, Option<Supervised>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
