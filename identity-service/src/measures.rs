//! What this service measures, in words for `/metrics`; docs/operations.md says what to do about it.

use metrics::{Unit, describe_counter, describe_gauge};

/// Describes the metrics. Call it after the recorder was installed.
pub(crate) fn describe() {
    describe_counter!("identity_password_evaluations_total", Unit::Count, "Passwords that were hashed or compared");
    describe_counter!("identity_logins_total", Unit::Count, "Tries to log in, by how they ended");
    describe_counter!("identity_openid_logins_total", Unit::Count, "Log-ins through a provider, by how they ended");
    describe_counter!("identity_refreshes_total", Unit::Count, "Tries to renew a token, by how they ended");
    describe_counter!("identity_key_exchanges_total", Unit::Count, "Keys of machines that were shown, by how it ended");
    describe_counter!("identity_mails_total", Unit::Count, "Mails, by how it ended");
    describe_gauge!("identity_revocations_untold", Unit::Count, "Revocations that NATS does not have yet");
    describe_gauge!("identity_reactor_behind_feeds", Unit::Count, "Feeds that the reactor has not read to their end");
    // From the start, because an alert watches them: of a counter that appears, no increase is seen.
    metrics::counter!("identity_refreshes_total", "end" => "reused").increment(0);
}

/// Feeds that the reactor has not read to their end.
pub(crate) fn reactor_behind(feeds: usize) {
    metrics::gauge!("identity_reactor_behind_feeds").set(feeds as f64);
}
