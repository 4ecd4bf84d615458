//! Waiting for a condition.

use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Time between two looks.
const LOOK: Duration = Duration::from_millis(10);

/// Waits until `look` gives a value. It gives `Err(what it saw)` while there is none.
///
/// # Panics
/// After `limit`, with what was seen last.
pub async fn wait_for<T>(what: &str, limit: Duration, mut look: impl AsyncFnMut() -> Result<T, String>) -> T {
    let end = Instant::now() + limit;
    loop {
        match look().await {
            Ok(value) => return value,
            Err(seen) if Instant::now() > end => panic!("{what}: not within {limit:?}; last seen: {seen}"),
            Err(_) => sleep(LOOK).await,
        }
    }
}

/// Waits until `look` says yes.
///
/// # Panics
/// After `limit`.
pub async fn wait_until(what: &str, limit: Duration, mut look: impl AsyncFnMut() -> bool) {
    wait_for(what, limit, async || if look().await { Ok(()) } else { Err("not yet".to_owned()) }).await;
}
