//! R7: the zone's servers do not all stand in one place.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use domain::base::Rtype;
use domain::rdata::ZoneRecordData;

use super::Case;
use super::breach::{Breaches, Severity};
use crate::name::Name;
use crate::network::Network;
use crate::zone::{End, Zone};

const APART: &str =
    "Have two or more name servers, with addresses of their own, in networks of their own (RFC 2182).";

/// What is wrong with where they stand.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Wrong {
    Alone,
    OneAddress(String),
    OneNetwork(String),
}

pub(super) fn check(case: &Case<'_>, found: &mut Breaches) {
    let Some(wrong) = wrong(case.proposed) else { return };
    let is_new = self::wrong(case.live).is_none();
    let words = match wrong {
        Wrong::Alone => "the zone would have a single name server".to_owned(),
        Wrong::OneAddress(address) => {
            format!("all name servers of the zone would have one address, {address}")
        }
        Wrong::OneNetwork(network) => {
            format!("all name servers of the zone would stand in one network, {network}")
        }
    };
    found.add_all(Severity::of_new(is_new), APART, vec![case.proposed.origin()], words);
}

fn wrong(zone: &Zone) -> Option<Wrong> {
    let set = zone.node(zone.apex())?.get(&Rtype::NS)?;
    let hosts: BTreeSet<&Name> = set
        .data
        .iter()
        .filter_map(|data| match data {
            ZoneRecordData::Ns(ns) => Some(ns.nsdname()),
            _ => None,
        })
        .collect();
    if hosts.len() < 2 {
        return Some(Wrong::Alone);
    }
    // Of hosts outside of the zone nothing is known here; one of them may stand anywhere.
    let mut by_network: BTreeMap<String, BTreeSet<IpAddr>> = BTreeMap::new();
    for host in hosts {
        let addresses = addresses(zone, host)?;
        for address in addresses {
            by_network.entry(Network::around(address).to_string()).or_default().insert(address);
        }
    }
    let mut networks = by_network.into_iter();
    match (networks.next(), networks.next()) {
        (Some((_, addresses)), None) if addresses.len() == 1 => {
            addresses.first().map(|address| Wrong::OneAddress(address.to_string()))
        }
        (Some((network, _)), None) => Some(Wrong::OneNetwork(network)),
        _ => None,
    }
}

/// The addresses of a host, where the zone has them.
fn addresses(zone: &Zone, host: &Name) -> Option<Vec<IpAddr>> {
    let mut list = Vec::new();
    for rtype in [Rtype::A, Rtype::AAAA] {
        let End::Data(set) = zone.trace(host, rtype).end else { continue };
        list.extend(set.data.iter().filter_map(super::values::address));
    }
    (!list.is_empty()).then_some(list)
}
