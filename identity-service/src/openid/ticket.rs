//! A log-in under way. Nothing of it is kept here: whoever starts it keeps a sealed ticket and comes back with it.

use crate::secrets::{Secrets, random_token, token_hash};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// How long somebody may take at the provider.
pub(crate) const TICKET_LIFETIME: Duration = Duration::minutes(10);
/// The longest ticket in bytes; a longer one is not looked at.
const TICKET_BYTES_MAX: usize = 4 * 1024;

/// A log-in under way. It holds what nobody but us may know, so it is not printed.
#[derive(Serialize, Deserialize)]
pub(crate) struct Ticket {
    /// Which provider.
    provider: String,
    /// Goes through the browser: who comes back with another one has not started this.
    pub(crate) state: String,
    /// Comes back in the id_token: it was made for this log-in.
    pub(crate) nonce: String,
    /// Proves to the provider that whoever has the code has started the log-in (PKCE).
    pub(crate) verifier: String,
    /// Where the browser was to come back to.
    pub(crate) redirect: String,
    /// When it ends, in seconds of Unix time.
    expires: i64,
}

impl Ticket {
    /// A log-in that starts now.
    pub(crate) fn new(provider: &str, redirect: String, now: DateTime<Utc>) -> anyhow::Result<Self> {
        Ok(Self {
            provider: provider.to_owned(),
            state: random_token()?,
            nonce: random_token()?,
            verifier: random_token()?,
            redirect,
            expires: (now + TICKET_LIFETIME).timestamp(),
        })
    }

    /// What the provider is told of the verifier (S256).
    pub(crate) fn challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(self.verifier.as_bytes()))
    }

    /// As whoever has started it keeps it.
    pub(crate) fn seal(&self, secrets: &Secrets) -> anyhow::Result<String> {
        secrets.seal_ticket(&serde_json::to_vec(self)?)
    }

    /// The log-in of this ticket, if it is one of this provider with this state, and has not ended.
    pub(crate) fn open(
        text: &str,
        (provider, state): (&str, &str),
        secrets: &Secrets,
        now: DateTime<Utc>,
    ) -> Option<Self> {
        if text.len() > TICKET_BYTES_MAX {
            return None;
        }
        let ticket: Self = serde_json::from_slice(&secrets.open_ticket(text).ok()?).ok()?;
        let meant = ticket.provider == provider && ticket.state == state && now.timestamp() < ticket.expires;
        meant.then_some(ticket)
    }

    /// What it is remembered by once it was finished, and until when.
    pub(crate) fn mark(&self) -> ([u8; 32], DateTime<Utc>) {
        (token_hash(&self.state), DateTime::from_timestamp(self.expires, 0).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secrets::tests::secrets;

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 0).unwrap()
    }

    #[test]
    fn a_ticket_is_good_for_its_own_log_in_and_for_ten_minutes() {
        let secrets = secrets();
        let ticket = Ticket::new("google", "https://pos.example/back".to_owned(), now()).unwrap();
        let (sealed, state) = (ticket.seal(&secrets).unwrap(), ticket.state.clone());
        let open = |provider, state: &str, at| Ticket::open(&sealed, (provider, state), &secrets, at);
        let opened = open("google", &state, now() + TICKET_LIFETIME - Duration::seconds(1)).unwrap();
        assert_eq!((opened.nonce, opened.verifier), (ticket.nonce.clone(), ticket.verifier.clone()));
        assert!(open("facebook", &state, now()).is_none());
        assert!(open("google", &ticket.nonce, now()).is_none());
        assert!(open("google", &state, now() + TICKET_LIFETIME).is_none());
    }

    #[test]
    fn a_ticket_shows_nothing_and_cannot_be_made_or_changed() {
        let (ours, theirs) = (secrets(), secrets());
        let ticket = Ticket::new("google", "https://pos.example/back".to_owned(), now()).unwrap();
        let sealed = ticket.seal(&ours).unwrap();
        let plain = URL_SAFE_NO_PAD.decode(&sealed).unwrap();
        assert!(!plain.windows(ticket.verifier.len()).any(|part| part == ticket.verifier.as_bytes()));
        let mut changed = plain;
        changed[20] ^= 1;
        for (text, secrets) in [
            (sealed, &theirs),
            (URL_SAFE_NO_PAD.encode(changed), &ours),
            (String::new(), &ours),
            ("a".repeat(5_000), &ours),
        ] {
            assert!(Ticket::open(&text, ("google", &ticket.state), secrets, now()).is_none());
        }
    }

    #[test]
    fn the_challenge_is_that_of_rfc_7636() {
        let mut ticket = Ticket::new("google", String::new(), now()).unwrap();
        ticket.verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".to_owned();
        assert_eq!(ticket.challenge(), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
        assert!((43..=128).contains(&Ticket::new("google", String::new(), now()).unwrap().verifier.len()));
    }
}
