//! The mails of an installation without a mail server.

use anyhow::{Result, bail};
use std::{path::Path, time::Duration};
use tokio::time::Instant;

/// How long a mail may take on a busy machine.
const MAIL_WITHIN: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// The token of the newest invitation to this address, as soon as it is there.
pub(super) async fn invitation(local: &Path, email: &str) -> Result<String> {
    let (folder, until) = (local.join("mails"), Instant::now() + MAIL_WITHIN);
    loop {
        if let Some(token) = newest(&folder, email)? {
            return Ok(token);
        }
        if Instant::now() > until {
            bail!("no invitation to {email} came into {} within {} s", folder.display(), MAIL_WITHIN.as_secs());
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Names of mails are UUIDv7, so the last is the newest.
fn newest(folder: &Path, email: &str) -> Result<Option<String>> {
    let mut files: Vec<_> = std::fs::read_dir(folder)?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.retain(|file| file.extension().is_some_and(|it| it == "eml"));
    files.sort();
    let tokens = files.iter().rev().filter_map(|file| token(&std::fs::read_to_string(file).ok()?, email));
    Ok(tokens.into_iter().next())
}

/// What stands behind `#` in the link of an invitation to this address.
fn token(mail: &str, email: &str) -> Option<String> {
    // Long lines may be folded.
    let mail = mail.replace("=\r\n", "");
    let (head, body) = mail.split_once("\r\n\r\n")?;
    let is_theirs = head.lines().any(|line| line.strip_prefix("To: ").is_some_and(|to| to.trim() == email));
    let (_, rest) = body.split_once("/accept-invitation#")?;
    is_theirs.then(|| rest.split_whitespace().next().unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAIL: &str = "To: ana@aris.example\r\nSubject: Hello\r\n\r\nAccept:\r\n\r\n\
                        http://127.0.0.1:8080/accept-invitation#abc-=\r\nDEF_1\r\n\r\nIf you do not know them, do nothing.\r\n";

    #[test]
    fn the_token_is_found_and_only_in_a_mail_to_that_address() {
        assert_eq!(token(MAIL, "ana@aris.example").as_deref(), Some("abc-DEF_1"));
        assert_eq!(token(MAIL, "a@aris.example"), None);
        assert_eq!(token("To: ana@aris.example\r\n\r\nnothing", "ana@aris.example"), None);
    }
}
