//! What is asked of a provider: its description, its keys, and what a code is worth. Each in bounded time and size.

use super::{
    id_token::{self, Expected, Person, Refused},
    keys::KeySet,
    metadata::{Metadata, Proof, address_of},
    settings::{ProviderConfig, endpoint},
    ticket::Ticket,
};
use anyhow::{Context, Result};
use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::Utc;
use safe_fetch::{FetchError, Fetched, Fetcher, Form, Rules};
use serde::Deserialize;
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{Mutex, Semaphore},
    time::{Instant, sleep_until},
};
use url::{Url, form_urlencoded};

/// How long one answer of a provider may take, and how large it may be in bytes.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
const ANSWER_BYTES_MAX: usize = 128 * 1024;
/// How long description and keys are good without being read again.
const PUBLISHED_LIFETIME: Duration = Duration::from_secs(60 * 60);
/// Keys are read again for an unknown one, but not more often than this.
const REREAD_AFTER: Duration = Duration::from_secs(2);
/// A provider that did not answer is left alone for this long.
pub(crate) const ASK_AGAIN_AFTER: Duration = Duration::from_secs(5);
/// Log-ins that wait for one provider at a time.
const AT_ONCE_MAX: usize = 64;

/// Why somebody is not logged in.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenIdError {
    /// What they come with does not count.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The provider does not answer, or not as it should.
    #[error("the provider does not answer: {0:#}")]
    Unavailable(anyhow::Error),
    /// Too many wait for this provider.
    #[error("too many log-ins wait for the provider")]
    Busy,
}

/// What a browser has brought back.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Brought<'a> {
    /// Good for an id_token, once, at the provider that has made it and nowhere else.
    pub(crate) code: &'a str,
    /// Who the sender says it is, where they say so (`iss`, RFC 9207).
    pub(crate) issuer: Option<&'a str>,
    /// Where the browser came back to.
    pub(crate) redirect: &'a str,
}

/// One provider.
pub(crate) struct Provider {
    config: ProviderConfig,
    issuer: Url,
    is_demo: bool,
    /// Asks the issuer's own host, wherever it is: whoever wrote the settings chose it.
    own: Fetcher,
    /// Asks what the provider names elsewhere: that must be in the public internet.
    elsewhere: Fetcher,
    published: Mutex<Cache>,
    at_once: Semaphore,
}

/// What the provider publishes.
struct Published {
    metadata: Metadata,
    keys: KeySet,
    read_at: Instant,
}

#[derive(Default)]
struct Cache {
    published: Option<Arc<Published>>,
    failed_at: Option<Instant>,
}

#[derive(Deserialize)]
struct TokenAnswer {
    id_token: String,
}

impl Provider {
    /// A provider that was not asked yet.
    pub(super) fn new(config: ProviderConfig, is_demo: bool) -> Result<Self> {
        let issuer = endpoint(&config.issuer, is_demo).with_context(|| format!("the issuer {}", config.issuer))?;
        if let Some(address) = &config.token_endpoint {
            endpoint(address, is_demo).with_context(|| format!("the token endpoint {address}"))?;
        }
        let elsewhere = Rules {
            ports: None,
            redirects_max: 0,
            bytes_max: ANSWER_BYTES_MAX,
            within: ANSWER_WITHIN,
            ..Rules::default()
        };
        let own = Rules { is_allowed: |_| true, ..elsewhere };
        Ok(Self {
            config,
            issuer,
            is_demo,
            own: Fetcher::new(own)?,
            elsewhere: Fetcher::new(elsewhere)?,
            published: Mutex::default(),
            at_once: Semaphore::new(AT_ONCE_MAX),
        })
    }

    /// What it is called here.
    pub(crate) fn name(&self) -> &str {
        &self.config.name
    }

    /// What it calls itself.
    pub(crate) fn issuer(&self) -> &str {
        &self.config.issuer
    }

    /// Whether browsers may come back there from this provider: exactly this text is listed, or not.
    pub(crate) fn may_return_to(&self, redirect: &str) -> bool {
        self.config.redirects.iter().any(|it| it == redirect)
    }

    /// Where a browser has to go for this log-in.
    pub(crate) async fn authorization_url(&self, ticket: &Ticket) -> Result<Url, OpenIdError> {
        let _one = self.at_once.try_acquire().map_err(|_| OpenIdError::Busy)?;
        let mut url = self.published().await?.metadata.authorization.clone();
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.config.client_id)
            .append_pair("redirect_uri", &ticket.redirect)
            .append_pair("scope", &self.config.scopes)
            .append_pair("state", &ticket.state)
            .append_pair("nonce", &ticket.nonce)
            .append_pair("code_challenge", &ticket.challenge())
            .append_pair("code_challenge_method", "S256");
        Ok(url)
    }

    /// Who has brought this code from the provider.
    pub(crate) async fn person(&self, ticket: &Ticket, brought: Brought<'_>) -> Result<Person, OpenIdError> {
        let _one = self.at_once.try_acquire().map_err(|_| OpenIdError::Busy)?;
        let published = self.published().await?;
        // Before the code is sent anywhere: the code of an honest provider must not come to one that is not.
        self.check_sender(&published.metadata, ticket, brought)?;
        let token = self.exchange(&published.metadata, ticket, brought.code).await?;
        let (issuer, client_id) = (self.issuer(), self.config.client_id.as_str());
        let expected = Expected { issuer, client_id, nonce: &ticket.nonce };
        let verify = |published: &Published| id_token::verify(&token, &published.keys, &expected, Utc::now());
        match verify(&published) {
            Err(Refused::UnknownKey) => Ok(verify(&*self.published_after(Instant::now()).await?)?),
            done => Ok(done?),
        }
    }

    /// Whether it was this provider that has sent the browser back.
    fn check_sender(&self, metadata: &Metadata, ticket: &Ticket, brought: Brought<'_>) -> Result<(), Refused> {
        let is_its_place = brought.redirect == ticket.redirect && self.may_return_to(brought.redirect);
        let is_named = brought.issuer.map_or(!metadata.tells_issuer, |issuer| issuer == self.issuer());
        if is_its_place && is_named { Ok(()) } else { Err(Refused::Sender) }
    }

    /// Exchanges a code for an id_token.
    async fn exchange(&self, metadata: &Metadata, ticket: &Ticket, code: &str) -> Result<String, OpenIdError> {
        let (fields, authorization) = self.form(metadata.proof, ticket, code);
        let form = Form { fields: &fields, authorization: authorization.as_deref() };
        let answer = match self.fetcher(&metadata.token).post(metadata.token.as_str(), form).await {
            Ok(answer) => answer,
            Err(FetchError::Status(400)) => return Err(Refused::Code.into()),
            Err(error) => {
                return Err(OpenIdError::Unavailable(anyhow::Error::new(error).context("its token endpoint")));
            }
        };
        // What exactly it was is not for the log: it may hold a token.
        let answer: Option<TokenAnswer> = serde_json::from_slice(&answer.bytes).ok();
        let none = || OpenIdError::Unavailable(anyhow::anyhow!("its answer to a code has no id_token"));
        Ok(answer.ok_or_else(none)?.id_token)
    }

    /// What is sent for an id_token: fields, and what `Authorization` says.
    fn form(&self, proof: Proof, ticket: &Ticket, code: &str) -> (String, Option<String>) {
        let (id, secret) = (self.config.client_id.as_str(), self.config.client_secret.expose());
        let mut fields = form_urlencoded::Serializer::new(String::new());
        fields
            .append_pair("grant_type", "authorization_code")
            .append_pair("code", code)
            .append_pair("redirect_uri", &ticket.redirect)
            .append_pair("code_verifier", &ticket.verifier);
        match proof {
            Proof::Basic => (fields.finish(), Some(basic(id, secret))),
            Proof::Fields => (fields.append_pair("client_id", id).append_pair("client_secret", secret).finish(), None),
        }
    }

    /// What the provider publishes, read within the last hour.
    async fn published(&self) -> Result<Arc<Published>, OpenIdError> {
        let mut cache = self.published.lock().await;
        match &cache.published {
            Some(published) if published.read_at.elapsed() < PUBLISHED_LIFETIME => Ok(Arc::clone(published)),
            _ => self.read(&mut cache).await,
        }
    }

    /// What the provider publishes, read after this moment: it signs with a key that we do not have. All who
    /// wait get what the first one reads.
    async fn published_after(&self, moment: Instant) -> Result<Arc<Published>, OpenIdError> {
        let mut cache = self.published.lock().await;
        if let Some(published) = &cache.published {
            if published.read_at > moment {
                return Ok(Arc::clone(published));
            }
            sleep_until(published.read_at + REREAD_AFTER).await;
        }
        self.read(&mut cache).await
    }

    async fn read(&self, cache: &mut Cache) -> Result<Arc<Published>, OpenIdError> {
        if cache.failed_at.is_some_and(|at| at.elapsed() < ASK_AGAIN_AFTER) {
            return Err(OpenIdError::Unavailable(anyhow::anyhow!("it did not a moment ago")));
        }
        match self.fetch().await {
            Ok(published) => {
                let published = Arc::new(published);
                *cache = Cache { published: Some(Arc::clone(&published)), failed_at: None };
                Ok(published)
            }
            Err(error) => {
                cache.failed_at = Some(Instant::now());
                Err(OpenIdError::Unavailable(error))
            }
        }
    }

    async fn fetch(&self) -> Result<Published> {
        let read_at = Instant::now();
        let description = self.own.get(&address_of(self.issuer())).await.context("its description")?;
        let token_endpoint = self.config.token_endpoint.as_deref();
        let metadata = Metadata::parse(&description.bytes, self.issuer(), token_endpoint, self.is_demo)?;
        let Fetched { bytes, .. } =
            self.fetcher(&metadata.keys).get(metadata.keys.as_str()).await.context("its keys")?;
        Ok(Published { metadata, keys: KeySet::parse(&bytes)?, read_at })
    }

    fn fetcher(&self, url: &Url) -> &Fetcher {
        let place = |url: &Url| (url.host_str().map(str::to_owned), url.port_or_known_default());
        if place(url) == place(&self.issuer) { &self.own } else { &self.elsewhere }
    }
}

/// Id and secret as RFC 6749 (2.3.1) has them: encoded like the fields of a form.
fn basic(id: &str, secret: &str) -> String {
    let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    format!("Basic {}", STANDARD.encode(format!("{}:{}", encoded(id), encoded(secret))))
}

#[cfg(test)]
mod tests {
    use super::basic;

    #[test]
    fn id_and_secret_are_encoded_before_they_are_joined() {
        // `a:b` and `c d`, so that the first colon is the one in between.
        assert_eq!(basic("a:b", "c d"), "Basic YSUzQWI6Yytk");
    }
}
