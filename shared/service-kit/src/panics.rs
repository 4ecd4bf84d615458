//! Panics: contained where they belong to one request or one socket, the end of the process elsewhere.
//!
//! A loop in the background that is gone without anybody noticing is worse than a restart: its shard is
//! no longer worked on while its lease is renewed, and the process says that it is ready. A restart
//! loses nothing that was acknowledged.

use std::future::Future;

tokio::task_local! {
    static CONTAINED: ();
}

/// Runs a future whose panic concerns only one client. Not an `async fn`: that would have room for the future twice.
pub fn contained<F: Future>(future: F) -> impl Future<Output = F::Output> {
    CONTAINED.scope((), future)
}

/// From now on a panic outside [`contained`] ends the process, after it was logged.
pub fn end_the_process() {
    let log = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        log(panic);
        if CONTAINED.try_with(|()| ()).is_err() {
            tracing::error!("a part of this process broke; the process ends, so that it is started again whole");
            std::process::abort();
        }
    }));
}
