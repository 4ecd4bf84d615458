//! Asking, within bounds.

use crate::{
    address::is_public,
    image::ImageKind,
    request::{self, Ask, Form, Tls},
    target::{self, BadTarget},
};
use bytes::{Bytes, BytesMut};
use futures::future::BoxFuture;
use http::{Response, StatusCode, header::LOCATION};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use std::{
    fmt, io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};
use url::{Host, Url};

/// Addresses of a name.
pub trait Lookup: Send + Sync + 'static {
    /// All addresses of this name.
    fn addresses(&self, name: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>>;
}

/// As the system looks names up.
#[derive(Debug, Clone, Copy)]
struct System;

impl Lookup for System {
    fn addresses(&self, name: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        Box::pin(async move { Ok(tokio::net::lookup_host((name, 0)).await?.map(|it| it.ip()).collect()) })
    }
}

/// What is fetched, and how much of it.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// Which addresses may be asked.
    pub is_allowed: fn(IpAddr) -> bool,
    /// Which ports; `None` for any.
    pub ports: Option<&'static [u16]>,
    /// Redirects that are followed.
    pub redirects_max: usize,
    /// Largest body in bytes.
    pub bytes_max: usize,
    /// How long all of it may take, redirects included.
    pub within: Duration,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            is_allowed: is_public,
            ports: Some(&[443, 80]),
            redirects_max: 3,
            bytes_max: 5 * 1024 * 1024,
            within: Duration::from_secs(10),
        }
    }
}

/// Why nothing was fetched.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The URL, or one that it leads to, must not be asked.
    #[error(transparent)]
    Target(#[from] BadTarget),
    /// It leads on and on.
    #[error("there are too many redirects")]
    Redirects,
    /// The body is larger than allowed.
    #[error("the body is too large")]
    TooLarge,
    /// It did not come in time.
    #[error("it took too long")]
    TooSlow,
    /// The answer was no success; the HTTP status.
    #[error("the answer was {0}")]
    Status(u16),
    /// It is no image that browsers show.
    #[error("this is no image")]
    NoImage,
    /// There was no answer. What exactly went wrong is for the log, not for whoever wrote the URL: it
    /// would tell them which doors of the house are open.
    #[error("there was no answer")]
    Unreachable(#[source] io::Error),
}

/// What was fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// Where it was found in the end.
    pub url: Url,
    /// The body.
    pub bytes: Bytes,
}

/// Fetches by these rules. Cheap to clone.
#[derive(Clone)]
pub struct Fetcher {
    rules: Rules,
    lookup: Arc<dyn Lookup>,
    tls: Tls,
}

impl Fetcher {
    /// Fetches by these rules, with the certificates that this system trusts.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(rules: Rules) -> io::Result<Self> {
        Self::with(rules, Arc::new(System))
    }

    /// Fetches with another way to look names up.
    ///
    /// # Errors
    /// As [`Fetcher::new`].
    pub fn with(rules: Rules, lookup: Arc<dyn Lookup>) -> io::Result<Self> {
        Ok(Self { rules, lookup, tls: Tls::new()? })
    }

    /// Fetches this URL.
    ///
    /// # Errors
    /// Why nothing was fetched.
    pub async fn get(&self, url: &str) -> Result<Fetched, FetchError> {
        self.in_time(url, Ask::Get("*/*")).await
    }

    /// Sends a form to this URL and fetches the answer. It goes nowhere else: a redirect is an error.
    ///
    /// # Errors
    /// Why nothing was fetched.
    pub async fn post(&self, url: &str, form: Form<'_>) -> Result<Fetched, FetchError> {
        self.in_time(url, Ask::Post(form)).await
    }

    /// Fetches an image from this URL.
    ///
    /// # Errors
    /// As [`Fetcher::get`], and `NoImage`.
    pub async fn image(&self, url: &str) -> Result<(ImageKind, Fetched), FetchError> {
        let fetched = self.in_time(url, Ask::Get("image/*")).await?;
        Ok((ImageKind::of(&fetched.bytes).ok_or(FetchError::NoImage)?, fetched))
    }

    async fn in_time(&self, url: &str, ask: Ask<'_>) -> Result<Fetched, FetchError> {
        let fetched = tokio::time::timeout(self.rules.within, self.follow(target::parse(url)?, ask)).await;
        fetched.unwrap_or(Err(FetchError::TooSlow))
    }

    async fn follow(&self, mut url: Url, ask: Ask<'_>) -> Result<Fetched, FetchError> {
        for _ in 0..=self.rules.redirects_max {
            target::check(&url, self.rules.ports, self.rules.is_allowed)?;
            let addresses = self.addresses(&url).await?;
            let answer = request::send(&self.tls, &url, &addresses, ask).await.map_err(FetchError::Unreachable)?;
            match next(&url, &answer)? {
                Some(_) if matches!(ask, Ask::Post(_)) => break,
                Some(next) => url = next,
                None if answer.status().is_success() => return Ok(Fetched { url, bytes: self.body(answer).await? }),
                None => return Err(FetchError::Status(answer.status().as_u16())),
            }
        }
        Err(FetchError::Redirects)
    }

    /// The addresses to connect to: looked up once, all of them checked.
    async fn addresses(&self, url: &Url) -> Result<Vec<SocketAddr>, FetchError> {
        let port = url.port_or_known_default().ok_or(BadTarget::Port)?;
        let found = match url.host() {
            Some(Host::Domain(name)) => {
                self.lookup.addresses(name.to_owned()).await.map_err(FetchError::Unreachable)?
            }
            Some(Host::Ipv4(four)) => vec![four.into()],
            Some(Host::Ipv6(six)) => vec![six.into()],
            None => return Err(BadTarget::Malformed.into()),
        };
        if !found.iter().all(|address| (self.rules.is_allowed)(*address)) {
            return Err(BadTarget::Address.into());
        }
        Ok(found.into_iter().map(|address| SocketAddr::new(address, port)).collect())
    }

    async fn body(&self, answer: Response<Incoming>) -> Result<Bytes, FetchError> {
        let (mut body, mut bytes) = (answer.into_body(), BytesMut::new());
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| FetchError::Unreachable(io::Error::other(error)))?;
            let Ok(data) = frame.into_data() else { continue };
            if bytes.len() + data.len() > self.rules.bytes_max {
                return Err(FetchError::TooLarge);
            }
            bytes.extend_from_slice(&data);
        }
        Ok(bytes.freeze())
    }
}

impl fmt::Debug for Fetcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fetcher").field("rules", &self.rules).finish_non_exhaustive()
    }
}

/// Where a redirect leads.
fn next(url: &Url, answer: &Response<Incoming>) -> Result<Option<Url>, BadTarget> {
    use StatusCode as Status;
    const REDIRECTS: [StatusCode; 5] = [
        Status::MOVED_PERMANENTLY,
        Status::FOUND,
        Status::SEE_OTHER,
        Status::TEMPORARY_REDIRECT,
        Status::PERMANENT_REDIRECT,
    ];
    let Some(location) = answer.headers().get(LOCATION).filter(|_| REDIRECTS.contains(&answer.status())) else {
        return Ok(None);
    };
    let text = location.to_str().map_err(|_| BadTarget::Malformed)?;
    let next = url.join(text).map_err(|_| BadTarget::Malformed)?;
    target::parse(next.as_str()).map(Some)
}
