use super::*;
use http::{HeaderName, HeaderValue};
use proptest::prelude::*;

fn proxies(trusted: &[&str], header: ForwardedHeader) -> Proxies {
    Proxies::new(trusted.iter().map(|range| range.parse().unwrap()).collect(), header)
}

fn address(peer: &str, trusted: &[&str], lines: &[(&'static str, &str)]) -> String {
    let header = if lines.iter().any(|(name, _)| *name == "forwarded") {
        ForwardedHeader::Forwarded
    } else {
        ForwardedHeader::XForwardedFor
    };
    let headers = lines
        .iter()
        .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_bytes(value.as_bytes()).unwrap()));
    let headers = headers.fold(HeaderMap::new(), |mut headers, (name, value)| {
        headers.append(name, value);
        headers
    });
    proxies(trusted, header).client(peer.parse().unwrap(), &headers).address.to_string()
}

#[test]
fn what_a_stranger_writes_about_addresses_does_not_count() {
    let lie = [("x-forwarded-for", "9.9.9.9")];
    assert_eq!(address("203.0.113.7", &[], &lie), "203.0.113.7");
    assert_eq!(address("203.0.113.7", &["10.0.0.0/8"], &lie), "203.0.113.7");
}

#[test]
fn behind_trusted_proxies_the_rightmost_stranger_is_the_client() {
    let ours = ["10.0.0.0/8", "fd00::/8"];
    let chain = [("x-forwarded-for", "9.9.9.9, 203.0.113.7"), ("x-forwarded-for", "10.0.0.9")];
    assert_eq!(address("10.0.0.1", &ours, &chain), "203.0.113.7");
    assert_eq!(address("::ffff:10.0.0.1", &ours, &chain), "203.0.113.7", "IPv4 in IPv6 is the same proxy");
    assert_eq!(address("10.0.0.1", &ours, &[("x-forwarded-for", "198.51.100.2:4711")]), "198.51.100.2");
    assert_eq!(address("fd00::1", &ours, &[("x-forwarded-for", "[2001:db8::7]:443")]), "2001:db8::7");
}

#[test]
fn what_is_no_address_ends_the_search_at_the_proxy_that_wrote_it() {
    let ours = ["10.0.0.0/8"];
    assert_eq!(address("10.0.0.1", &ours, &[]), "10.0.0.1");
    assert_eq!(address("10.0.0.1", &ours, &[("x-forwarded-for", "9.9.9.9, unknown")]), "10.0.0.1");
    assert_eq!(address("10.0.0.1", &ours, &[("x-forwarded-for", "9.9.9.9, ü, 10.0.0.2")]), "10.0.0.2");
}

#[test]
fn the_standard_header_is_read_where_it_was_chosen() {
    let ours = ["10.0.0.0/8"];
    let standard = [("forwarded", r#"for=9.9.9.9, For="[2001:db8::7]:4711";proto=https;by=10.0.0.3, for=10.0.0.2"#)];
    assert_eq!(address("10.0.0.1", &ours, &standard), "2001:db8::7");
    assert_eq!(address("10.0.0.1", &ours, &[("forwarded", "for=_hidden"), ("x-forwarded-for", "9.9.9.9")]), "10.0.0.1");
}

#[test]
fn tls_is_believed_of_a_trusted_proxy_or_of_the_setting() {
    let told =
        HeaderMap::from_iter([(HeaderName::from_static("x-forwarded-proto"), HeaderValue::from_static("https"))]);
    let proxies = proxies(&["10.0.0.1"], ForwardedHeader::XForwardedFor);
    let nothing = HeaderMap::new();
    let is = |proxies: &Proxies, peer: &str, headers| proxies.client(peer.parse().unwrap(), headers).is_https;
    assert!(is(&proxies, "10.0.0.1", &told) && !is(&proxies, "10.0.0.1", &nothing));
    assert!(!is(&proxies, "10.0.0.2", &told));
    assert!(is(&proxies.behind_tls(), "10.0.0.2", &nothing));
}

#[test]
fn a_range_is_an_address_with_or_without_bits() {
    for bad in ["", "10.0.0.0/33", "10.0.0/8", "::/129", "10.0.0.0/", "10.0.0.0/-1", "proxy"] {
        assert!(bad.parse::<Cidr>().is_err(), "{bad}");
    }
    let all: Cidr = "0.0.0.0/0".parse().unwrap();
    assert!(all.contains("255.1.2.3".parse().unwrap()) && !all.contains("::1".parse().unwrap()));
    assert!("::/0".parse::<Cidr>().unwrap().contains("2001:db8::1".parse().unwrap()));
}

#[test]
fn a_household_is_one_network_of_ipv6() {
    let counted = |text: &str| counted_as(text.parse().unwrap()).to_string();
    assert_eq!(counted("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
    assert_eq!(counted("::ffff:203.0.113.7"), "203.0.113.7");
}

proptest! {
    #[test]
    fn a_client_cannot_choose_its_address_by_writing_on_the_left(lie in "[ -~]{0,40}", real: u32) {
        let real = IpAddr::V4(real.into());
        let proxies = proxies(&["10.0.0.0/8"], ForwardedHeader::XForwardedFor);
        prop_assume!(!proxies.trusts(real));
        let text = if lie.is_empty() { real.to_string() } else { format!("{lie}, {real}") };
        let headers =
            HeaderMap::from_iter([(HeaderName::from_static("x-forwarded-for"), HeaderValue::from_str(&text).unwrap())]);
        prop_assert_eq!(proxies.client("10.0.0.1".parse().unwrap(), &headers).address, real);
    }
}
