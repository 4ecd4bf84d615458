//! Which addresses are those of the public internet.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Networks of IPv4 that are nobody's or ours: first address and bits.
const NOT_PUBLIC_4: [(Ipv4Addr, u32); 15] = [
    // This host.
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    // Private, carrier-grade NAT, link-local (there the metadata of clouds is).
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    // Assigned to protocols, documentation, tests.
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    // The old way from IPv4 to IPv6.
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    // Multicast; reserved, and broadcast.
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    (Ipv4Addr::new(240, 0, 0, 0), 4),
];

/// The only network of IPv6 with public addresses.
const PUBLIC_6: (u128, u32) = (0x2000 << 112, 3);

/// Networks in it that are not: special purposes with Teredo, documentation (two), 6to4. The last and
/// the first carry addresses of IPv4 inside.
const NOT_PUBLIC_6: [(u128, u32); 4] =
    [(0x2001 << 112, 23), (0x2001_0db8 << 96, 32), (0x3fff << 112, 20), (0x2002 << 112, 16)];

/// Whether this is an address of the public internet. What is not known to be one is none.
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(four) => is_public_4(four),
        IpAddr::V6(six) => is_public_6(six),
    }
}

fn is_public_4(address: Ipv4Addr) -> bool {
    !NOT_PUBLIC_4.iter().any(|(first, bits)| (address.to_bits() ^ first.to_bits()) >> (32 - bits) == 0)
}

/// Also keeps out what leads to IPv4 by another way: NAT64 and compatible addresses stand outside.
fn is_public_6(address: Ipv6Addr) -> bool {
    let is_in = |(first, bits): (u128, u32)| (address.to_bits() ^ first) >> (128 - bits) == 0;
    is_in(PUBLIC_6) && !NOT_PUBLIC_6.into_iter().any(is_in)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn is(address: &str, public: bool) {
        assert_eq!(is_public(address.parse().unwrap()), public, "{address}");
    }

    #[test]
    fn addresses_of_the_internet_are_public() {
        for address in
            ["1.1.1.1", "8.8.8.8", "100.63.255.255", "100.128.0.0", "172.15.0.1", "172.32.0.1", "223.255.255.255"]
        {
            is(address, true);
        }
        for address in ["2606:4700:4700::1111", "2a00:1450::1", "::ffff:8.8.8.8", "2001:4860:4860::8888"] {
            is(address, true);
        }
    }

    #[test]
    fn addresses_of_ours_and_of_nobody_are_not() {
        let four =
            ["0.0.0.0", "10.1.2.3", "100.64.0.1", "127.0.0.1", "169.254.169.254", "172.16.0.1", "172.31.255.255"];
        let more =
            ["192.0.0.1", "192.0.2.1", "192.88.99.1", "192.168.0.1", "198.18.0.1", "198.19.255.255", "224.0.0.1"];
        let last = ["198.51.100.1", "203.0.113.1", "239.1.1.1", "240.0.0.1", "255.255.255.255"];
        for address in four.into_iter().chain(more).chain(last) {
            is(address, false);
            is(&format!("::ffff:{address}"), false);
        }
        let six = ["::", "::1", "fe80::1", "fec0::1", "fc00::1", "fd12::1", "ff02::1", "100::1", "4000::1", "e000::1"];
        let inside =
            ["64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::", "2001::1", "::7f00:1", "2001:db8::1", "3fff::1"];
        for address in six.into_iter().chain(inside) {
            is(address, false);
        }
    }

    proptest! {
        #[test]
        fn it_makes_no_difference_how_an_address_of_ipv4_is_written(bits: u32) {
            let four = Ipv4Addr::from_bits(bits);
            prop_assert_eq!(is_public(four.into()), is_public(four.to_ipv6_mapped().into()));
        }

        #[test]
        fn what_the_standard_library_calls_special_is_not_public(bits: u32) {
            let four = Ipv4Addr::from_bits(bits);
            let special = four.is_private() || four.is_loopback() || four.is_link_local() || four.is_broadcast()
                || four.is_documentation() || four.is_multicast() || four.is_unspecified();
            prop_assert!(!(special && is_public(four.into())));
        }

        #[test]
        fn the_same_holds_for_ipv6(high: u16, rest: u128) {
            let six = Ipv6Addr::from_bits((u128::from(high) << 112) | (rest >> 16));
            let special = six.is_loopback() || six.is_multicast() || six.is_unspecified()
                || six.is_unique_local() || six.is_unicast_link_local();
            prop_assert!(!(special && is_public(six.into())));
        }
    }
}
