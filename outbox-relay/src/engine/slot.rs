//! Room for one piece of work that is under way.

use futures::future::BoxFuture;

/// Holds at most one future.
pub(super) struct Slot<T>(Option<BoxFuture<'static, T>>);

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Slot<T> {
    pub(super) fn is_busy(&self) -> bool {
        self.0.is_some()
    }

    pub(super) fn start(&mut self, work: BoxFuture<'static, T>) {
        self.0 = Some(work);
    }

    /// The result of the work; waits for ever while there is none. May be dropped and called again.
    pub(super) async fn done(&mut self) -> T {
        let Some(work) = self.0.as_mut() else { return std::future::pending().await };
        let result = work.await;
        self.0 = None;
        result
    }
}
