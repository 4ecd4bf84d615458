//! The limits of this process, and its talk with the others about them.

use anyhow::Result;
use service_kit::{
    config::{self, env_required},
    http,
    limits::{self, Limits, Rates, TELL_EVERY},
};
use tokio_util::sync::CancellationToken;

/// Limits from the environment. Until NATS is there, and whenever it is away, this process counts for
/// itself.
pub(super) fn start(shutdown: &CancellationToken) -> Result<Limits> {
    limits::describe();
    http::describe();
    let limits = Limits::new(Rates::from_env()?);
    let (url, subject) = (env_required("ARIS_NATS_URL")?, config::namespace()?.limits_subject());
    tokio::spawn(shutdown.clone().run_until_cancelled_owned(talk(limits.clone(), url, subject)));
    Ok(limits)
}

async fn talk(limits: Limits, url: String, subject: String) {
    match messaging::connect(&url, "limits").await {
        Ok(client) => {
            let tell = || {
                limits.forget_idle();
                limits.news()
            };
            messaging::gossip(client, subject, TELL_EVERY, tell, |message| limits.hear(message)).await;
        }
        // The services have said so, and end the process.
        Err(error) => tracing::error!(%error, "limits are counted by this process alone"),
    }
}
