//! Waking those whose token may have been revoked, and nobody else.

use super::{Inner, entry::Revoked};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::sync::Notify;

/// Who waits for what. A thousand sockets are open for each one that a revocation concerns.
#[derive(Default)]
pub(super) struct Watchers(Mutex<HashMap<Revoked, Vec<Arc<Notify>>>>);

impl Watchers {
    pub(super) fn tell(&self, revoked: Revoked) {
        let watchers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for watcher in watchers.get(&revoked).into_iter().flatten() {
            watcher.notify_one();
        }
    }

    fn add(&self, keys: &[Revoked], news: &Arc<Notify>) {
        let mut watchers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for key in keys {
            // Nearly always it stays with one.
            watchers.entry(*key).or_insert_with(|| Vec::with_capacity(1)).push(Arc::clone(news));
        }
    }

    fn remove(&self, keys: &[Revoked], news: &Arc<Notify>) {
        let mut watchers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for key in keys {
            if let Some(waiting) = watchers.get_mut(key) {
                waiting.retain(|other| !Arc::ptr_eq(other, news));
                if waiting.is_empty() {
                    watchers.remove(key);
                }
            }
        }
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }
}

/// Tells when something about one token is learned. Ends with its drop.
pub struct Watch {
    inner: Arc<Inner>,
    keys: Vec<Revoked>,
    news: Arc<Notify>,
}

impl Watch {
    pub(super) fn new(inner: Arc<Inner>, keys: Vec<Revoked>) -> Self {
        let news = Arc::default();
        inner.watchers.add(&keys, &news);
        Self { inner, keys, news }
    }

    /// Waits until something was learned since the last call; at once if it was learned meanwhile.
    pub async fn news(&self) {
        self.news.notified().await;
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.inner.watchers.remove(&self.keys, &self.news);
    }
}

impl std::fmt::Debug for Watch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Watch").field(&self.keys).finish()
    }
}
