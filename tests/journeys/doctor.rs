//! `aris doctor` tells what is wrong with an installation, and ends with a failure then.

use crate::installation::Installation;
use std::{process::Output, time::Duration};
use testkit::wait_for;
use tokio::process::Command;

async fn doctor(installation: &Installation) -> (Output, String) {
    let env = &installation.env;
    let output = Command::new(env!("CARGO_BIN_EXE_aris"))
        .arg("doctor")
        .env("ARIS_RELAY_URL", &env.access.relay)
        .env("ARIS_PROJECTION_URL", &env.access.projection)
        .env("ARIS_NATS_URL", &env.nats_url)
        .env("ARIS_NATS_PREFIX", &env.nats_prefix)
        .output()
        .await
        .unwrap();
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    (output, text)
}

/// The findings about this.
fn lines<'a>(text: &'a str, about: &str) -> Vec<&'a str> {
    text.lines().filter(|line| line.get(7..).is_some_and(|rest| rest.starts_with(about))).collect()
}

async fn until(installation: &Installation, about: &str, words: &str) {
    wait_for(&format!("{about}: {words}"), Duration::from_secs(60), async || {
        let (_, text) = doctor(installation).await;
        let found = lines(&text, about);
        let all = !found.is_empty() && found.iter().all(|line| line.contains(words));
        if all { Ok(()) } else { Err(text) }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_sees_what_runs_and_what_is_missing() {
    let installation = Installation::new().await;
    let relay = installation.serve("relay").await;
    let _projection = installation.serve("projection").await;
    until(&installation, "relay leases", "all 64 shards are held").await;
    until(&installation, "projection leases", "all 64 shards are held").await;
    until(&installation, "stream", "File").await;
    let (_, text) = doctor(&installation).await;
    for about in ["MySQL version", "MySQL clock", "schema of events", "schema of views", "outbox", "NATS version"] {
        let found = lines(&text, about);
        assert!(found.len() == 1 && found[0].starts_with("ok"), "{about}: {text}");
    }

    relay.kill().await;
    until(&installation, "relay leases", "nobody holds any shard -> start a relay").await;
    let (output, text) = doctor(&installation).await;
    assert_eq!(output.status.code(), Some(1), "{text}");
}
