//! The way out: SMTP, or a folder where no server is configured.

use super::letter::Written;
use crate::{config::MailConfig, email::Email};
use anyhow::{Context, Result};
use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{
        Body, Mailbox,
        header::{ContentTransferEncoding, ContentType},
    },
};
use std::{path::PathBuf, time::Duration};
use uuid::Uuid;

/// How long a mail server may take for one step.
const STEP_WITHIN: Duration = Duration::from_secs(20);

/// Sends mails. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Post {
    from: Mailbox,
    way: Way,
}

#[derive(Clone)]
enum Way {
    Smtp(AsyncSmtpTransport<Tokio1Executor>),
    Folder(PathBuf),
}

impl Post {
    /// The way that is configured.
    ///
    /// # Errors
    /// When an address makes no sense; it is not repeated in the message, for it has a password in it.
    pub(crate) fn new(config: &MailConfig) -> Result<Self> {
        let from = config.from.parse().context("ARIS_MAIL_FROM")?;
        let way = match (&config.smtp_url, &config.folder) {
            (Some(url), _) => {
                let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url.expose())
                    .map_err(|_| anyhow::anyhow!("ARIS_SMTP_URL is no address of a mail server"))?;
                Way::Smtp(transport.timeout(Some(STEP_WITHIN)).build())
            }
            (None, Some(folder)) => {
                std::fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
                Way::Folder(folder.clone())
            }
            (None, None) => anyhow::bail!("there is no way to send mails"),
        };
        Ok(Self { from, way })
    }

    /// Sends one mail, until the server has taken it.
    pub(crate) async fn send(&self, id: Uuid, to: &Email, written: Written) -> Result<()> {
        let message = Message::builder()
            .message_id(Some(format!("<{id}@arisgourmet>")))
            .from(self.from.clone())
            .to(Mailbox::new(None, to.as_str().parse().map_err(|_| anyhow::anyhow!("no address"))?))
            .subject(written.subject)
            .header(ContentType::TEXT_PLAIN)
            .body(body(written.body))
            .context("the mail cannot be written")?;
        match &self.way {
            Way::Smtp(transport) => transport.send(message).await.map(drop).context("the mail server refuses"),
            Way::Folder(folder) => {
                let file = folder.join(format!("{id}.eml"));
                let draft = file.with_extension("draft");
                tokio::fs::write(&draft, message.formatted()).await.context("a mail cannot be written")?;
                tokio::fs::rename(&draft, &file).await.context("a mail cannot be written")
            }
        }
    }
}

/// Plain letters as they are, so that a link can be copied from the file of a mail; others are encoded.
fn body(text: String) -> Body {
    if text.is_ascii() {
        Body::dangerous_pre_encoded(text.replace('\n', "\r\n").into_bytes(), ContentTransferEncoding::SevenBit)
    } else {
        Body::new(text)
    }
}
