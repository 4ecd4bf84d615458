//! Settings.

use crate::openid::OpenIdConfig;
use messaging::Namespace;
use personal_data::MasterKey;
use service_kit::config::{self, Secret, env_or, env_parsed, env_required};
use std::path::PathBuf;

/// Settings of the identity-service. Fails at start, not at use.
#[derive(Debug, Clone)]
pub struct Config {
    /// `ARIS_IDENTITY_URL`: the schema of accounts, with the user that owns it. Required.
    pub identity_url: Secret,
    /// `ARIS_READER_URL`: the event schema, with a user who may only read. Required.
    pub reader_url: Secret,
    /// `ARIS_WRITER_URL`: the event schema, with the user that may append: that a member has joined. Required.
    pub writer_url: Secret,
    /// `ARIS_NATS_URL`: one address, or several with commas. Required.
    pub nats_url: String,
    /// `ARIS_NATS_PREFIX`: what subjects start with; default empty.
    pub namespace: Namespace,
    /// `ARIS_SIGNING_KEYS_DIR`: the folder with the private keys. Required.
    pub keys_dir: PathBuf,
    /// `ARIS_PERSONAL_URL`: the event schema, with the user that may read the keys of people: invitations are
    /// mailed to addresses that are sealed. Required.
    pub personal_url: Secret,
    /// `ARIS_MASTER_KEY_FILE`: 32 random bytes in base64, which everything that is keyed follows from. Required.
    pub master: MasterKey,
    /// `ARIS_NODE`: the name of this process that operators see; default `identity-<process id>`.
    pub node: String,
    /// `ARIS_PUBLIC_URL`: where people open links of mails; default `http://127.0.0.1:8080`.
    pub public_url: String,
    /// `ARIS_PASSWORD_HASHES_AT_ONCE`: passwords that are hashed at a time, 19 MiB each; default one for each core.
    pub hashes_at_once: usize,
    /// How mails are sent.
    pub mail: MailConfig,
    /// Whom people may log in through.
    pub openid: OpenIdConfig,
}

/// How mails are sent: over SMTP, or into a folder where no server is configured.
#[derive(Debug, Clone)]
pub struct MailConfig {
    /// `ARIS_SMTP_URL`: such as `smtps://user:password@mail.example:465`, or `smtp://…?tls=required`.
    pub smtp_url: Option<Secret>,
    /// `ARIS_MAIL_FOLDER`: where `.eml` files are written when there is no `ARIS_SMTP_URL`.
    pub folder: Option<PathBuf>,
    /// `ARIS_MAIL_FROM`: who mails come from; default `ArisGourmet <no-reply@localhost>`.
    pub from: String,
}

impl Config {
    /// Reads the environment.
    ///
    /// # Errors
    /// When something required is missing; the message names the variable.
    pub fn from_env() -> anyhow::Result<Self> {
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        let set = |name| Some(env_or(name, "")).filter(|value| !value.is_empty());
        let mail = MailConfig {
            smtp_url: set("ARIS_SMTP_URL").map(Secret::from),
            folder: set("ARIS_MAIL_FOLDER").map(PathBuf::from),
            from: env_or("ARIS_MAIL_FROM", "ArisGourmet <no-reply@localhost>"),
        };
        anyhow::ensure!(
            mail.smtp_url.is_some() || mail.folder.is_some(),
            "neither ARIS_SMTP_URL nor ARIS_MAIL_FOLDER is set: nobody could be invited"
        );
        Ok(Self {
            identity_url: env_required("ARIS_IDENTITY_URL")?.into(),
            reader_url: env_required("ARIS_READER_URL")?.into(),
            writer_url: env_required("ARIS_WRITER_URL")?.into(),
            nats_url: env_required("ARIS_NATS_URL")?,
            namespace: config::namespace()?,
            keys_dir: env_required("ARIS_SIGNING_KEYS_DIR")?.into(),
            personal_url: env_required("ARIS_PERSONAL_URL")?.into(),
            master: MasterKey::from_env()?,
            node: env_or("ARIS_NODE", &format!("identity-{}", std::process::id())),
            public_url: env_or("ARIS_PUBLIC_URL", "http://127.0.0.1:8080"),
            hashes_at_once: env_parsed("ARIS_PASSWORD_HASHES_AT_ONCE", cores, "whole number")?,
            mail,
            openid: OpenIdConfig::from_env()?,
        })
    }
}
