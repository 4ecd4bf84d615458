//! `aris migrate`: each user of the database has a password of its own, which stays when it runs again and
//! changes when that is asked for.

use crate::installation::addresses_of;
use sqlx::{Connection, MySqlConnection};
use std::{
    collections::{BTreeMap, BTreeSet},
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    process::Output,
};
use testkit::Env;
use tokio::process::Command;

const FIRST: &str = "the-first-secret-of-this-installation";
const SECOND: &str = "the-second-secret-of-this-installation";

/// An installation that `aris migrate` makes, and where it writes the addresses.
struct Made {
    env: Env,
    prefix: String,
    folder: PathBuf,
}

impl Made {
    async fn new() -> Self {
        let env = Env::start().await;
        let prefix = format!("m{}", env.nats_prefix);
        let folder = std::env::temp_dir().join(format!("arisgourmet-test-{}-{prefix}", std::process::id()));
        Self { env, prefix, folder }
    }

    async fn migrate(&self, secret: &str, arguments: &[&str]) -> (Output, String) {
        let schemas = &self.env.schemas;
        let output = Command::new(env!("CARGO_BIN_EXE_aris"))
            .args(["migrate", "--user-prefix", &self.prefix, "--events-schema", &schemas.events])
            .args(["--views-schema", &schemas.views, "--identity-schema", &schemas.identity])
            .args(arguments)
            .env("ARIS_ADMIN_URL", &self.env.admin_url)
            .env("ARIS_DATABASE_SECRET", secret)
            .output()
            .await
            .unwrap();
        let text = [output.stdout.as_slice(), &output.stderr].concat();
        (output, String::from_utf8(text).unwrap())
    }

    /// Migrates, and reads the addresses of these files.
    async fn addresses(&self, secret: &str, arguments: &[&str], name: &str) -> BTreeMap<String, String> {
        let folder = self.folder.display().to_string();
        let (output, text) = self.migrate(secret, &[arguments, &["--addresses", &folder]].concat()).await;
        assert!(output.status.success(), "{text}");
        let file = self.folder.join(format!("{name}.env"));
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        let text = std::fs::read_to_string(file).unwrap();
        text.lines().map(|line| line.split_once('=').unwrap()).map(|(name, url)| (name.into(), url.into())).collect()
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

async fn lets_in(url: &str) -> bool {
    match MySqlConnection::connect(url).await {
        Ok(_) => true,
        Err(error) => {
            assert!(error.to_string().contains("Access denied"), "{error}");
            false
        }
    }
}

/// The password of an address.
fn password(url: &str) -> &str {
    url.split_once('@').unwrap().0.rsplit_once(':').unwrap().1
}

#[tokio::test(flavor = "multi_thread")]
async fn each_user_of_the_database_has_a_password_that_opens_nothing_else() {
    let made = Made::new().await;
    let all = made.addresses(FIRST, &[], "operator").await;
    assert_eq!(all.len(), 7);
    for (own, url) in &all {
        assert!(lets_in(url).await, "{own}");
        for (other, _) in all.iter().filter(|(name, _)| *name != own) {
            let guessed = url.replace(password(url), password(&all[other]));
            assert!(!lets_in(&guessed).await, "{own} with the password of {other}");
        }
    }
    // A service is told what it needs to run, as all of these tests run it, and nothing else.
    for service in ["command", "relay", "projection", "gateway", "identity"] {
        let told = made.addresses(FIRST, &[], service).await;
        let needed: Vec<_> = addresses_of(service, &made.env.access).map(|(name, _)| name).collect();
        assert_eq!(told.keys().map(String::as_str).collect::<BTreeSet<_>>(), needed.into_iter().collect());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn migrating_again_changes_no_password_and_prints_none() {
    let made = Made::new().await;
    let before = made.addresses(FIRST, &[], "operator").await;
    let (output, text) = made.migrate(FIRST, &[]).await;
    assert!(
        output.status.success() && text.contains("ARIS_WRITER_URL") && text.contains("command, identity"),
        "{text}"
    );
    assert!(before.values().all(|url| !text.contains(password(url))), "{text}");
    assert_eq!(made.addresses(FIRST, &[], "operator").await, before);
    // Rights that an older release gave, and that nobody needs, are taken.
    let (events, user) = (&made.env.schemas.events, format!("{}_reader", made.prefix));
    let mut admin = MySqlConnection::connect(&made.env.admin_url).await.unwrap();
    let grant = format!("GRANT SELECT (idempotency_key) ON `{events}`.receipts TO '{user}'@'%'");
    sqlx::query(&grant).execute(&mut admin).await.unwrap();
    made.addresses(FIRST, &[], "operator").await;
    let mut reader = MySqlConnection::connect(&before["ARIS_READER_URL"]).await.unwrap();
    let refused = sqlx::query("SELECT idempotency_key FROM receipts").execute(&mut reader).await.unwrap_err();
    assert!(refused.to_string().contains("denied"), "{refused}");

    let (output, text) = made.migrate("too-short", &[]).await;
    assert!(!output.status.success() && text.contains("at least 32 characters"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn passwords_are_rotated_without_a_moment_in_which_nobody_can_log_in() {
    let made = Made::new().await;
    let old = made.addresses(FIRST, &[], "operator").await;
    // By mistake: nothing is changed, and no addresses are written that let nobody in.
    let folder = made.folder.join("elsewhere").display().to_string();
    let (output, text) = made.migrate(SECOND, &["--addresses", &folder]).await;
    assert!(!output.status.success() && text.contains("--rotate") && text.contains("_writer"), "{text}");
    let (output, text) = made.migrate(SECOND, &[]).await;
    assert!(output.status.success() && text.contains("--rotate"), "{text}");

    let new = made.addresses(SECOND, &["--rotate"], "operator").await;
    // Again, after a failure perhaps: the old ones must not be lost by it.
    assert_eq!(made.addresses(SECOND, &["--rotate"], "operator").await, new);
    for (name, url) in &new {
        assert!(lets_in(url).await && lets_in(&old[name]).await, "{name}");
    }
    made.addresses(SECOND, &["--end-old-passwords"], "operator").await;
    for (name, url) in &new {
        assert!(lets_in(url).await && !lets_in(&old[name]).await, "{name}");
    }
}
