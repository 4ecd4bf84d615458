//! Who is at the other end of a connection, as far as addresses tell.
//!
//! Anybody can write `X-Forwarded-For`. It counts only from a proxy that was named as trusted, and of
//! what that proxy passes on only the part that trusted proxies wrote: the rightmost address that is
//! none of theirs.

mod cidr;
mod forwarded;

pub use cidr::Cidr;
pub use forwarded::ForwardedHeader;

use crate::config::{ConfigError, env_or};
use http::HeaderMap;
use std::{
    net::{IpAddr, Ipv6Addr},
    sync::Arc,
};

/// Addresses that one request may have been passed on by; what stands further left is not looked at.
const HOPS_MAX: usize = 16;

/// Who sent a request: an extension of every request that came over a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Client {
    /// The address of the client, or of the nearest proxy that told none.
    pub address: IpAddr,
    /// Whether the client speaks TLS, to us or to the proxy in front.
    pub is_https: bool,
}

/// Whom to believe about addresses. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Proxies {
    trusted: Arc<[Cidr]>,
    header: ForwardedHeader,
    behind_tls: bool,
}

impl Proxies {
    /// These proxies are trusted, and tell the client's address in this header.
    #[must_use]
    pub fn new(trusted: Vec<Cidr>, header: ForwardedHeader) -> Self {
        Self { trusted: trusted.into(), header, behind_tls: false }
    }

    /// The same, where all clients come by TLS, whether the proxy says so or not.
    #[must_use]
    pub fn behind_tls(self) -> Self {
        Self { behind_tls: true, ..self }
    }

    /// The settings from the environment: `ARIS_TRUSTED_PROXIES`, `ARIS_FORWARDED_HEADER`,
    /// `ARIS_BEHIND_TLS`.
    ///
    /// # Errors
    /// `Invalid` where one of them cannot be read: a proxy that is not trusted by mistake would make
    /// one client of all.
    pub fn from_env() -> Result<Self, ConfigError> {
        let invalid = |name, value: &str, expected| ConfigError::Invalid { name, value: value.to_owned(), expected };
        let trusted = env_or("ARIS_TRUSTED_PROXIES", "");
        let trusted = trusted.split(',').map(str::trim).filter(|text| !text.is_empty()).map(|text| {
            text.parse().map_err(|_| invalid("ARIS_TRUSTED_PROXIES", text, "address or range like 10.0.0.0/8"))
        });
        let header = env_or("ARIS_FORWARDED_HEADER", "x-forwarded-for");
        let header = header
            .parse()
            .map_err(|_| invalid("ARIS_FORWARDED_HEADER", &header, "`x-forwarded-for` or `forwarded`"))?;
        let tls = env_or("ARIS_BEHIND_TLS", "false");
        let behind_tls = tls.parse().map_err(|_| invalid("ARIS_BEHIND_TLS", &tls, "`true` or `false`"))?;
        Ok(Self { trusted: trusted.collect::<Result<Vec<_>, _>>()?.into(), header, behind_tls })
    }

    /// Whether this is the address of a trusted proxy.
    #[must_use]
    pub fn trusts(&self, address: IpAddr) -> bool {
        self.trusted.iter().any(|range| range.contains(address))
    }

    /// Who sent a request with these headers over a connection with this peer.
    #[must_use]
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> Client {
        let peer = peer.to_canonical();
        if !self.trusts(peer) {
            return Client { address: peer, is_https: self.behind_tls };
        }
        let mut address = peer;
        for hop in self.header.hops(headers).into_iter().rev().take(HOPS_MAX) {
            // What is no address was not written by a proxy of ours.
            let Some(hop) = hop else { break };
            address = hop.to_canonical();
            if !self.trusts(address) {
                break;
            }
        }
        Client { address, is_https: self.behind_tls || forwarded::is_https(headers) }
    }
}

/// The address that is counted under: of IPv6 the network, because one household has all of it.
#[must_use]
pub fn counted_as(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(six) => IpAddr::V6(Ipv6Addr::from_bits(six.to_bits() & (u128::MAX << 64))),
        four @ IpAddr::V4(_) => four,
    }
}

#[cfg(test)]
mod tests;
