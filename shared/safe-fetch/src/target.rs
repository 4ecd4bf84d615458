//! Which URLs may be asked at all.

use std::net::IpAddr;
use url::{Host, Url};

/// The longest URL in bytes.
pub const URL_BYTES_MAX: usize = 2_048;

/// Why a URL is not asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadTarget {
    /// It is no URL, or a very long one.
    #[error("this is no URL of at most {URL_BYTES_MAX} bytes")]
    Malformed,
    /// It is neither `https` nor `http`.
    #[error("only https and http are fetched")]
    Scheme,
    /// It carries a user or a password.
    #[error("a URL with a user or a password is not fetched")]
    Credentials,
    /// It names another port than its scheme has.
    #[error("only the ports 443 and 80 are asked")]
    Port,
    /// It names an address that is not public.
    #[error("the address is not one of the public internet")]
    Address,
}

/// Reads a URL that somebody wrote.
///
/// # Errors
/// Why it must not be asked. A name that looks harmless can still lead to an address that is not:
/// that shows when it is looked up.
pub fn parse(text: &str) -> Result<Url, BadTarget> {
    if text.len() > URL_BYTES_MAX {
        return Err(BadTarget::Malformed);
    }
    Url::parse(text).map_err(|_| BadTarget::Malformed)
}

/// Checks what stands in a URL; `None` are any ports. Numbers that mean an address, as `0x7f.1`, were read as one
/// before.
pub(crate) fn check(url: &Url, ports: Option<&[u16]>, is_allowed: fn(IpAddr) -> bool) -> Result<(), BadTarget> {
    if !matches!(url.scheme(), "https" | "http") {
        return Err(BadTarget::Scheme);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(BadTarget::Credentials);
    }
    if !url.port_or_known_default().is_some_and(|port| ports.is_none_or(|ports| ports.contains(&port))) {
        return Err(BadTarget::Port);
    }
    let literal = match url.host() {
        Some(Host::Ipv4(four)) => Some(IpAddr::V4(four)),
        Some(Host::Ipv6(six)) => Some(IpAddr::V6(six)),
        Some(Host::Domain(_)) => None,
        None => return Err(BadTarget::Malformed),
    };
    if literal.is_none_or(is_allowed) { Ok(()) } else { Err(BadTarget::Address) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::is_public;
    use proptest::prelude::*;

    fn checked(text: &str) -> Result<(), BadTarget> {
        check(&parse(text)?, Some(&[443, 80]), is_public)
    }

    #[test]
    fn pages_of_the_internet_may_be_asked() {
        for good in
            ["https://cdn.example/a.png", "http://cdn.example", "https://8.8.8.8/", "https://cdn.example:443/x?y#z"]
        {
            assert_eq!(checked(good), Ok(()), "{good}");
        }
    }

    #[test]
    fn everything_else_may_not() {
        let bad = [
            ("", BadTarget::Malformed),
            ("/a.png", BadTarget::Malformed),
            ("file:///etc/passwd", BadTarget::Scheme),
            ("gopher://cdn.example/", BadTarget::Scheme),
            ("data:image/png;base64,AA==", BadTarget::Scheme),
            ("https://a@cdn.example/", BadTarget::Credentials),
            ("https://:b@cdn.example/", BadTarget::Credentials),
            ("https://cdn.example:8443/", BadTarget::Port),
            ("http://cdn.example:3306/", BadTarget::Port),
        ];
        for (text, why) in bad {
            assert_eq!(checked(text), Err(why), "{text}");
        }
        let addresses =
            ["127.0.0.1", "0x7f.1", "2130706433", "017700000001", "[::1]", "[::ffff:10.0.0.1]", "169.254.169.254"];
        for address in addresses.into_iter().chain(["127.1", "[64:ff9b::7f00:1]", "①②⑦.0.0.1", "0"]) {
            assert_eq!(checked(&format!("http://{address}/")), Err(BadTarget::Address), "{address}");
        }
        assert_eq!(checked(&format!("https://cdn.example/{}", "a".repeat(2_048))), Err(BadTarget::Malformed));
    }

    proptest! {
        #[test]
        fn no_text_is_a_way_around(text in "\\PC{0,60}") {
            if checked(&text).is_ok() {
                let url = parse(&text).unwrap();
                prop_assert!(matches!(url.scheme(), "http" | "https"));
            }
        }
    }
}
