//! One request, to addresses that were checked and to no other.

use bytes::Bytes;
use http::{HeaderValue, Request, Response, header};
use http_body_util::Full;
use hyper::{body::Incoming, client::conn::http1};
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs, pki_types::ServerName};
use std::{io, net::SocketAddr, sync::Arc};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;
use url::{Position, Url};

/// Bytes of an answer's head.
const HEAD_BYTES_MAX: usize = 32 * 1024;

/// TLS with the certificates that this system trusts.
#[derive(Clone)]
pub(crate) struct Tls(TlsConnector);

impl Tls {
    pub(crate) fn new() -> io::Result<Self> {
        let mut roots = RootCertStore::empty();
        // Those that cannot be read are not trusted.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self(TlsConnector::from(Arc::new(config))))
    }
}

/// What is sent with the request.
#[derive(Clone, Copy)]
pub(crate) enum Ask<'a> {
    /// Nothing: a `GET` of what is of this type.
    Get(&'static str),
    /// A form: a `POST`.
    Post(Form<'a>),
}

/// A form to be sent. It may hold secrets, so it is not printed.
#[derive(Clone, Copy)]
pub struct Form<'a> {
    /// Fields in `application/x-www-form-urlencoded`.
    pub fields: &'a str,
    /// What `Authorization` says, if anything.
    pub authorization: Option<&'a str>,
}

/// Asks the first of these addresses that answers. A connection of its own for each request.
pub(crate) async fn send(
    tls: &Tls,
    url: &Url,
    addresses: &[SocketAddr],
    ask: Ask<'_>,
) -> io::Result<Response<Incoming>> {
    let stream = TcpStream::connect(addresses).await?;
    if url.scheme() != "https" {
        return send_over(stream, url, ask).await;
    }
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    let name = ServerName::try_from(host).map_err(io::Error::other)?;
    send_over(tls.0.connect(name, stream).await?, url, ask).await
}

async fn send_over<S>(stream: S, url: &Url, ask: Ask<'_>) -> io::Result<Response<Incoming>>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let mut builder = http1::Builder::new();
    builder.max_buf_size(HEAD_BYTES_MAX);
    let (mut sender, connection) = builder.handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
    // Ends with the answer, or when the answer is dropped.
    tokio::spawn(connection);
    sender.send_request(request(url, ask)?).await.map_err(io::Error::other)
}

fn request(url: &Url, ask: Ask<'_>) -> io::Result<Request<Full<Bytes>>> {
    let path = &url[Position::BeforePath..Position::AfterQuery];
    let (mut builder, body) = match ask {
        Ask::Get(accept) => (Request::get(path).header(header::ACCEPT, accept), Bytes::new()),
        Ask::Post(form) => {
            let builder = Request::post(path)
                .header(header::ACCEPT, "application/json")
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
            (builder, Bytes::copy_from_slice(form.fields.as_bytes()))
        }
    };
    if let Ask::Post(Form { authorization: Some(text), .. }) = ask {
        let mut value = HeaderValue::from_str(text).map_err(io::Error::other)?;
        value.set_sensitive(true);
        builder = builder.header(header::AUTHORIZATION, value);
    }
    builder
        .header(header::HOST, &url[Position::BeforeHost..Position::AfterPort])
        .header(header::CONNECTION, "close")
        .body(Full::new(body))
        .map_err(io::Error::other)
}
