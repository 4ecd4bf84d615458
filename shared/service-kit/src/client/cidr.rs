//! Ranges of addresses.

use std::{net::IpAddr, str::FromStr};

/// A range of addresses, as `10.0.0.0/8`; one address is a range, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cidr {
    address: IpAddr,
    bits: u8,
}

/// A text that is no range of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no address and no range of addresses")]
pub struct NoCidr;

impl Cidr {
    /// Whether the address is in the range. Addresses of IPv4 in IPv6 are taken as what they are.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(range), IpAddr::V4(it)) => same(range.to_bits().into(), it.to_bits().into(), 32 - self.bits),
            (IpAddr::V6(range), IpAddr::V6(it)) => same(range.to_bits(), it.to_bits(), 128 - self.bits),
            _ => false,
        }
    }
}

/// Whether two addresses differ only in their last bits.
fn same(one: u128, other: u128, last: u8) -> bool {
    (one ^ other).checked_shr(last.into()).unwrap_or(0) == 0
}

impl FromStr for Cidr {
    type Err = NoCidr;

    fn from_str(text: &str) -> Result<Self, NoCidr> {
        let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        let address: IpAddr = address.parse().map_err(|_| NoCidr)?;
        let all = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(all), str::parse).map_err(|_| NoCidr)?;
        if bits > all { Err(NoCidr) } else { Ok(Self { address, bits }) }
    }
}
