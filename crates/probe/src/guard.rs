//! The address guard: what a response names may not lead into the vantage's own network.
//!
//! Hosts that the configuration names itself are trusted to be meant. Every other host comes from a response
//! (a redirect, a link, a captured value) and is reached only at addresses of the public internet, judged by the
//! address that is connected to, so that a name cannot be rebound between a check and its use.
//! Where a proxy connects for us, only hosts written as addresses and `localhost` can be judged.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use candor_core::fault::Kind;

use crate::failure::StepFailure;

/// Hosts that the configuration names: in lower case, without brackets and last dot.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct AllowedHosts(BTreeSet<String>);

impl AllowedHosts {
    /// Adds a host.
    pub(crate) fn insert(&mut self, host: &str) {
        self.0.insert(plain(host));
    }

    /// Whether the configuration names `host`.
    pub(crate) fn contains(&self, host: &str) -> bool {
        self.0.contains(&plain(host))
    }
}

fn plain(host: &str) -> String {
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    bare.strip_suffix('.').unwrap_or(bare).to_ascii_lowercase()
}

/// Those of `addresses` that a response may lead to.
///
/// # Errors
/// Where none is left.
pub(crate) fn reachable(host: &str, addresses: Vec<IpAddr>) -> Result<Vec<IpAddr>, StepFailure> {
    let mut barred = None;
    let mut open = Vec::with_capacity(addresses.len());
    for address in addresses {
        match territory(address) {
            Some(territory) => barred = Some((address, territory)),
            None => open.push(address),
        }
    }
    match barred {
        Some((address, territory)) if open.is_empty() => Err(refusal(host, address, territory)),
        _ => Ok(open),
    }
}

/// Refuses a host that a proxy would resolve for us, where its text alone shows that it must not be reached.
///
/// # Errors
/// Where it does.
pub(crate) fn judge_text(host: &str) -> Result<(), StepFailure> {
    let host = plain(host);
    if host == "localhost" || host.ends_with(".localhost") {
        return Err(refusal(&host, Ipv4Addr::LOCALHOST.into(), "loopback"));
    }
    match host.parse() {
        Ok(address) => reachable(&host, vec![address]).map(drop),
        Err(_) => Ok(()),
    }
}

fn refusal(host: &str, address: IpAddr, territory: &str) -> StepFailure {
    let detail = format!(
        "the answer leads to {host} at {address}, a {territory} address; if that is meant, name the host under `allow:`"
    );
    StepFailure::new(Kind::HttpMalformed, detail)
}

/// What an address belongs to, where that is not the public internet (RFC 6890).
fn territory(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(four) => territory_4(four),
        IpAddr::V6(six) => territory_6(six),
    }
}

fn territory_4(address: Ipv4Addr) -> Option<&'static str> {
    match address.octets() {
        [169, 254, 169, 254] | [168, 63, 129, 16] => Some("metadata"),
        [0, ..] => Some("unspecified"),
        [127, ..] => Some("loopback"),
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] => Some("private"),
        [169, 254, ..] => Some("link-local"),
        [100, 64..=127, ..] => Some("carrier-grade NAT"),
        [192, 0, 0, _] | [198, 18..=19, ..] | [240..=255, ..] => Some("reserved"),
        [224..=239, ..] => Some("multicast"),
        _ => None,
    }
}

fn territory_6(address: Ipv6Addr) -> Option<&'static str> {
    if let Some(inner) = embedded(address) {
        return territory_4(inner);
    }
    match address.segments() {
        [0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x0254] => Some("metadata"),
        [0, 0, 0, 0, 0, 0, 0, 0] => Some("unspecified"),
        [0, 0, 0, 0, 0, 0, 0, 1] => Some("loopback"),
        [0xfc00..=0xfdff, ..] => Some("private"),
        [0xfe80..=0xfebf, ..] => Some("link-local"),
        [0xfec0..=0xfeff, ..] => Some("site-local"),
        [0xff00..=0xffff, ..] => Some("multicast"),
        // The public internet is 2000::/3 alone (RFC 4291, section 2.4).
        [0..=0x1fff | 0x4000..=0xffff, ..] => Some("reserved"),
        // Teredo hides an IPv4 address of anybody's choice (RFC 4380).
        [0x2001, 0, ..] => Some("tunnel"),
        _ => None,
    }
}

/// The IPv4 address that an IPv6 address stands for: mapped or compatible (RFC 4291), NAT64 (RFC 6052), 6to4 (RFC 3056).
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let (high, low) = match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => return None,
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low] => (high, low),
        // Translated (RFC 2765), and the well-known prefix of NAT64; others of it are a network's own (RFC 8215).
        [0, 0, 0, 0, 0xffff, 0, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => (high, low),
        [0x2002, high, low, ..] => (high, low),
        _ => return None,
    };
    let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
    Some(Ipv4Addr::new(a, b, c, d))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_off_the_public_internet_are_told_apart() {
        let barred = [
            "127.0.0.1",
            "127.9.9.9",
            "10.0.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "169.254.0.1",
            "100.64.0.1",
            "0.0.0.0",
            "0.1.2.3",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "fd00:ec2::254",
            "fc00::1",
            "fe80::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b::a9fe:a9fe",
            "2002:7f00:1::",
            "2002:a00:1::1",
            "2001::1",
            "168.63.129.16",
            "::ffff:0:10.0.0.1",
            "64:ff9b:1::808:808",
            "fec0::1",
            "100::1",
            "4000::1",
            "5f00::1",
        ];
        for text in barred {
            assert!(territory(text.parse().unwrap()).is_some(), "{text}");
        }
        for text in
            ["8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700::1", "64:ff9b::808:808", "2002:808:808::1"]
        {
            assert!(territory(text.parse().unwrap()).is_none(), "{text}");
        }
    }

    #[test]
    fn a_refusal_names_the_remedy() {
        let failure = reachable("inner.example", vec![Ipv4Addr::new(10, 0, 0, 1).into()]).unwrap_err();
        assert_eq!(failure.kind, Kind::HttpMalformed);
        insta::assert_snapshot!(failure.detail, @"the answer leads to inner.example at 10.0.0.1, a private address; if that is meant, name the host under `allow:`");
    }

    #[test]
    fn public_addresses_of_a_mixed_answer_stay() {
        let mixed = vec![Ipv4Addr::LOCALHOST.into(), Ipv4Addr::new(8, 8, 8, 8).into()];
        assert_eq!(reachable("mixed.example", mixed).unwrap(), [IpAddr::from([8, 8, 8, 8])]);
    }

    #[test]
    fn hosts_compare_without_case_last_dot_and_brackets() {
        let mut allowed = AllowedHosts::default();
        allowed.insert("Shop.Example");
        allowed.insert("[::1]");
        assert!(allowed.contains("shop.example."));
        assert!(allowed.contains("::1"));
        assert!(!allowed.contains("evil.example"));
    }
}
