//! Where this process writes down who did what.

use crate::cli::ServiceName;
use action_log::Writer;
use anyhow::{Context, Result};
use service_kit::{audit::Trail, config::env_required};

/// The trail of this process, and the one who writes. A relay takes no requests, so it writes nothing.
pub(super) fn start(services: &[ServiceName]) -> Result<(Trail, Option<Writer>)> {
    action_log::describe();
    if services == [ServiceName::Relay] {
        return Ok((Trail::default(), None));
    }
    let (trail, writer) = action_log::start(&env_required("ARIS_AUDIT_URL")?).context("ARIS_AUDIT_URL")?;
    Ok((trail, Some(writer)))
}
