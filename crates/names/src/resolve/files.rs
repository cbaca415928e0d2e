//! The two files that say how this host resolves names: `hosts(5)` and `resolv.conf(5)`.
//!
//! Lines that cannot be read are passed over, as every stub does. Absent: `sortlist`, `rotate`, `ndots` (a name with a
//! dot is taken as absolute), scoped addresses other than by number.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use crate::name::{self, Name};

/// Most servers taken from a file, as everywhere (`MAXNS` of resolv.conf(5)).
const MAX_SERVERS: usize = 3;
/// Most search domains.
const MAX_SEARCH: usize = 6;
/// Bounds of `timeout`, in seconds, as in resolv.conf(5).
const TIMEOUT_SECONDS: std::ops::RangeInclusive<u64> = 1..=30;

/// The hosts file.
pub(super) type Hosts = BTreeMap<Name, Vec<IpAddr>>;

/// What `resolv.conf` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Conf {
    pub(super) servers: Vec<SocketAddr>,
    pub(super) search: Vec<String>,
    pub(super) timeout: Duration,
    /// Whether a question may be sent twice.
    pub(super) retry: bool,
}

/// Reads a hosts file: address, name, aliases.
pub(super) fn hosts(text: &str) -> Hosts {
    let mut table = Hosts::new();
    for line in text.lines() {
        let mut words = line.split('#').next().unwrap_or_default().split_whitespace();
        let Some(address) = words.next().and_then(|word| word.parse::<IpAddr>().ok()) else { continue };
        for name in words.filter_map(|word| name::parse(word).ok()) {
            let list = table.entry(name).or_default();
            if !list.contains(&address) {
                list.push(address);
            }
        }
    }
    for list in table.values_mut() {
        list.sort_by_key(IpAddr::is_ipv4);
    }
    table
}

/// Reads a `resolv.conf`; without servers it names this host, as the C library does.
pub(super) fn conf(text: &str) -> Conf {
    let mut conf =
        Conf { servers: Vec::new(), search: Vec::new(), timeout: Duration::from_secs(5), retry: true };
    for line in text.lines() {
        let mut words = line.split(['#', ';']).next().unwrap_or_default().split_whitespace();
        match words.next() {
            Some("nameserver") => conf.servers.extend(words.next().and_then(server)),
            Some("search" | "domain") => {
                conf.search = words.filter(|word| name::parse(word).is_ok()).map(str::to_owned).collect();
            }
            Some("options") => words.for_each(|word| option(&mut conf, word)),
            _ => {}
        }
    }
    conf.servers.truncate(MAX_SERVERS);
    conf.search.truncate(MAX_SEARCH);
    if conf.servers.is_empty() {
        conf.servers.push(SocketAddr::from(([127, 0, 0, 1], 53)));
    }
    conf
}

fn server(word: &str) -> Option<SocketAddr> {
    match word.parse::<IpAddr>() {
        Ok(address) => Some(SocketAddr::new(address, 53)),
        // fe80::1%2: the scope by number.
        Err(_) => {
            let (address, scope) = word.split_once('%')?;
            Some(std::net::SocketAddrV6::new(address.parse().ok()?, 53, 0, scope.parse().ok()?).into())
        }
    }
}

fn option(conf: &mut Conf, word: &str) {
    let Some((key, value)) = word.split_once(':') else { return };
    let Ok(value) = value.parse::<u64>() else { return };
    match key {
        "timeout" => {
            let seconds = value.clamp(*TIMEOUT_SECONDS.start(), *TIMEOUT_SECONDS.end());
            conf.timeout = Duration::from_secs(seconds);
        }
        "attempts" => conf.retry = value > 1,
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hosts_file_is_read_with_comments_aliases_and_junk() {
        let table =
            hosts("192.0.2.1 Shop.example shop # front\n\nnonsense here\n2001:db8::1\tshop.example\n");
        let shop = &table[&name::parse("shop.example").unwrap()];
        assert_eq!(shop, &["2001:db8::1".parse::<IpAddr>().unwrap(), "192.0.2.1".parse().unwrap()]);
        assert_eq!(table.len(), 2);
    }

    #[test]
    fn a_resolv_conf_is_read_within_its_bounds() {
        let text = "; ours\nsearch corp.example\nnameserver 192.0.2.53\nnameserver fe80::1%2\nnameserver x\n\
                    options timeout:99 attempts:1 rotate\nnameserver 192.0.2.54\nnameserver 192.0.2.55\n";
        let read = conf(text);
        assert_eq!(
            read.servers.iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["192.0.2.53:53", "[fe80::1%2]:53", "192.0.2.54:53"]
        );
        assert_eq!(read.search, ["corp.example"]);
        assert_eq!((read.timeout, read.retry), (Duration::from_secs(30), false));
    }

    #[test]
    fn an_empty_resolv_conf_names_this_host() {
        assert_eq!(conf("").servers, [SocketAddr::from(([127, 0, 0, 1], 53))]);
    }
}
