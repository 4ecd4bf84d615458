//! What proxies write about who sent a request.

use http::{HeaderMap, HeaderName, header};
use std::{
    net::{IpAddr, SocketAddr},
    str::FromStr,
};

/// Which header the trusted proxies write. Only one is believed: of the other one the proxy would
/// pass on whatever the client wrote.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ForwardedHeader {
    /// `X-Forwarded-For`, which most write.
    #[default]
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

impl FromStr for ForwardedHeader {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text.to_ascii_lowercase().as_str() {
            "x-forwarded-for" => Ok(Self::XForwardedFor),
            "forwarded" => Ok(Self::Forwarded),
            _ => Err(()),
        }
    }
}

impl ForwardedHeader {
    /// Whom the request came by, the first at the left; `None` for what is no address.
    pub(super) fn hops(self, headers: &HeaderMap) -> Vec<Option<IpAddr>> {
        match self {
            Self::XForwardedFor => {
                elements(headers, &HeaderName::from_static("x-forwarded-for")).map(address).collect()
            }
            Self::Forwarded => elements(headers, &header::FORWARDED)
                .map(|element| address(parameter(element, "for")?.trim_matches('"')))
                .collect(),
        }
    }
}

/// Whether the proxy next to us was spoken to by TLS.
pub(super) fn is_https(headers: &HeaderMap) -> bool {
    let told = elements(headers, &HeaderName::from_static("x-forwarded-proto")).last();
    let told = told.or_else(|| parameter(elements(headers, &header::FORWARDED).last()?, "proto"));
    told.is_some_and(|scheme| scheme.trim_matches('"').eq_ignore_ascii_case("https"))
}

/// Elements of a list, over all lines of the header. What is no text is one strange element: a client
/// must not hide what the proxy wrote behind its own.
fn elements<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    let elements = headers.get_all(name).into_iter().flat_map(|line| line.as_bytes().split(|byte| *byte == b','));
    elements.map(|element| std::str::from_utf8(element).unwrap_or("?").trim())
}

fn parameter<'a>(element: &'a str, name: &str) -> Option<&'a str> {
    let pairs = element.split(';').filter_map(|pair| pair.split_once('='));
    pairs.map(|(key, value)| (key.trim(), value.trim())).find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|it| it.1)
}

/// An address, with or without a port.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    bare.parse().ok().or_else(|| Some(text.parse::<SocketAddr>().ok()?.ip()))
}
