//! A zone on the way: whether the parent leads to its servers, and whether these have it.

use candor_core::finding::{Servers, What};
use candor_names::walk::{Heard, Lame, ServerSeen, Standing, ZoneSeen};
use candor_names::{Network, Rcode};

use super::{Case, Found, hosts, parent_of, view};
use crate::known::same_name;

/// By how much a primary may be behind its copies for a moment.
const FEW_STEPS: u32 = 1_000;

pub(crate) fn judge(case: &Case<'_>, zone: &ZoneSeen, found: &mut Found) {
    let standings: Vec<Standing> = zone.servers.iter().map(|server| standing_of(case, server)).collect();
    let speaks = standings.iter().any(|standing| matches!(standing, Standing::Authoritative(_)));
    parents_disagree(case, zone, found);
    hosts::judge(case, zone, speaks, found);
    if zone.servers.is_empty() {
        return;
    }
    if other_servers(case, zone, found) {
        return;
    }
    // Where no way leads from here to addresses of one family, that is about us.
    let heard_of = |standing: &Standing| !matches!(standing, Standing::NoRoute(_) | Standing::NotAsked);
    if !standings.iter().any(heard_of) {
        found.stops.push(What::CouldNotTell {
            why: format!("no way leads from here to any server of {}", zone.apex),
        });
        return;
    }
    if !speaks && zone.apex == "." {
        let why = "none of the root servers answers: from here no walk is possible".to_owned();
        found.stops.push(What::CouldNotTell { why });
        return;
    }
    glue(case, zone, &standings, found);
    lame(case, zone, &standings, speaks, found);
    silent(zone, &standings, speaks, found);
    serials(zone, found);
}

/// How a server stands to its zone. Where over IPv6 nobody was heard on the whole walk, and over IPv4 somebody was, our own
/// way there is the likelier fault.
fn standing_of(case: &Case<'_>, server: &ServerSeen) -> Standing {
    let standing = server.standing();
    if !matches!(standing, Standing::Silent | Standing::Closed) || server.address.is_ipv4() {
        return standing;
    }
    let heard = |six: bool| {
        let all = case.walk.zones.iter().flat_map(|zone| &zone.servers);
        all.filter(|other| other.address.is_ipv6() == six)
            .any(|other| matches!(other.standing(), Standing::Authoritative(_) | Standing::Lame(_)))
    };
    if heard(false) && !heard(true) {
        return Standing::NoRoute("nobody was heard over IPv6 on the whole walk".to_owned());
    }
    standing
}

/// A fault of some of the servers: at the root or a top-level domain it is nobody's outage while others serve the zone.
fn of_some(zone: &ZoneSeen, speaks: bool, what: What, found: &mut Found) {
    match (speaks, is_registry(&zone.apex)) {
        (true, true) => found.asides.push(what),
        (speaks, _) => found.of_servers(!speaks, what),
    }
}

/// Servers of the parent that deny the zone, where others delegate it.
fn parents_disagree(case: &Case<'_>, zone: &ZoneSeen, found: &mut Found) {
    let parent = zone.parent.and_then(|at| case.walk.zones.get(at));
    let (Some(parent), Some(delegation)) = (parent, &zone.delegation) else { return };
    let denies =
        |at: usize, _: &ServerSeen| delegation.denied_by.contains(&at).then(|| "NXDOMAIN".to_owned());
    let wrong = view::servers(parent, denies);
    if !wrong.these.is_empty() {
        found.some.push(What::Disagreement {
            name: zone.apex.clone(),
            zone: parent.apex.clone(),
            wrong,
            others: "that it is delegated".to_owned(),
            serial: view::serial(parent),
        });
    }
}

/// Servers of another owner: the parent names none of those that are known.
fn other_servers(case: &Case<'_>, zone: &ZoneSeen, found: &mut Found) -> bool {
    let Some(known) = case.known.of(&zone.apex, "NS") else { return false };
    let named: Vec<String> =
        zone.hosts.iter().filter(|host| host.by_parent).map(|host| host.name.clone()).collect();
    let expected = |host: &String| known.data.iter().any(|data| same_name(data, host));
    if named.is_empty() || named.iter().any(expected) {
        return false;
    }
    found.stops.push(What::WrongData {
        name: zone.apex.clone(),
        zone: parent_of(case.walk, zone),
        data: named.iter().map(|host| format!("NS {host}")).collect(),
        expected: known.data.iter().map(|host| format!("NS {host}")).collect(),
        serial: None,
    });
    true
}

/// Addresses at the parent that are not those of the zone, or not those that are known, where no server of it is found.
fn glue(case: &Case<'_>, zone: &ZoneSeen, standings: &[Standing], found: &mut Found) {
    for host in zone.hosts.iter().filter(|host| host.by_parent) {
        let known = |rtype: &str| case.known.of(&host.name, rtype).map(|known| known.data.clone());
        let mut own: Vec<String> = host.own.iter().map(ToString::to_string).collect();
        if own.is_empty() {
            own = ["A", "AAAA"].into_iter().filter_map(known).flatten().collect();
        }
        let glue: Vec<String> = host.addresses.iter().map(ToString::to_string).collect();
        let strange = |address: &&String| !own.contains(address);
        let bad = zone.servers.iter().zip(standings).any(|(server, standing)| {
            same_name(&server.name, &host.name)
                && glue.iter().filter(strange).any(|address| *address == server.address.ip().to_string())
                && !matches!(standing, Standing::Authoritative(_) | Standing::NoRoute(_) | Standing::NotAsked)
        });
        if bad && !own.is_empty() {
            let all = !standings.iter().any(|standing| matches!(standing, Standing::Authoritative(_)));
            let what = What::GlueDiffers {
                zone: zone.apex.clone(),
                parent: parent_of(case.walk, zone),
                host: host.name.clone(),
                glue,
                own,
            };
            found.of_servers(all, what);
        }
    }
}

/// Servers that answer, and do not serve the zone: those that the parent names, then those that only the zone itself does.
fn lame(case: &Case<'_>, zone: &ZoneSeen, standings: &[Standing], speaks: bool, found: &mut Found) {
    let failing = |standing: &Standing| *standing == Standing::Lame(Lame::Error(Rcode::SERVFAIL));
    let is_lame = |standing: &Standing| matches!(standing, Standing::Lame(_) | Standing::Nonsense(_));
    let said = |at: usize, wanted: &dyn Fn(&Standing) -> bool| {
        let standing = standings.get(at)?;
        wanted(standing).then(|| view::standing(standing))
    };
    // A server that fails knows of the zone, and has no valid copy of it.
    if !standings.iter().any(|standing| is_lame(standing) && !failing(standing)) {
        let servers = view::servers(zone, |at, _| said(at, &failing));
        if !servers.these.is_empty() {
            of_some(zone, speaks, What::CopyExpired { zone: zone.apex.clone(), servers }, found);
        }
        return;
    }
    for (by_parent, named_by) in [(true, parent_of(case.walk, zone)), (false, zone.apex.clone())] {
        let servers = view::servers_among(
            zone,
            |server| server.by_parent == by_parent || (!by_parent && server.by_zone),
            |at, server| said(at, &is_lame).filter(|_| server.by_parent == by_parent),
        );
        if !servers.these.is_empty() {
            let what = What::Lame { zone: zone.apex.clone(), parent: named_by, servers };
            of_some(zone, speaks, what, found);
        }
    }
}

/// Servers that are not reached. One of many at the root or a top-level domain is nobody's outage.
fn silent(zone: &ZoneSeen, standings: &[Standing], speaks: bool, found: &mut Found) {
    let servers = view::servers(zone, |at, _| {
        let standing = standings.get(at)?;
        let deaf = zone.servers.get(at).is_some_and(ServerSeen::udp_fails);
        match standing {
            Standing::Silent | Standing::Closed => Some(view::standing(standing)),
            Standing::Authoritative(_) if deaf => Some("silent over UDP".to_owned()),
            _ => None,
        }
    });
    if servers.these.is_empty() {
        return;
    }
    if !speaks && standings.iter().any(|standing| matches!(standing, Standing::Lame(_))) {
        // What those say that answer is the better evidence.
        return;
    }
    let what = What::Unreachable { zone: zone.apex.clone(), network: one_network(&servers), servers };
    of_some(zone, speaks, what, found);
}

/// The network that all of the servers lie in, where that is one.
fn one_network(servers: &Servers) -> Option<String> {
    let networks: Option<Vec<String>> = servers
        .these
        .iter()
        .map(|server| Some(Network::around(server.address.parse().ok()?).to_string()))
        .collect();
    let mut networks = networks?.into_iter();
    let first = networks.next()?;
    (servers.these.len() > 1 && networks.all(|other| other == first)).then_some(first)
}

/// A primary that is behind its copies: they will never take from it what it has.
fn serials(zone: &ZoneSeen, found: &mut Found) {
    let Some(primary) = zone.servers.iter().find_map(primary_of) else { return };
    let own = |server: &&ServerSeen| same_name(&server.name, &primary);
    let Some(serial) = zone.servers.iter().find(own).and_then(ServerSeen::serial) else {
        return;
    };
    // Where a server changes its serial from question to question, or each is its own primary, serials tell nothing.
    if zone.servers.iter().any(changes_its_serial)
        || zone.servers.iter().filter_map(primary_of).any(|other| !same_name(&other, &primary))
    {
        return;
    }
    let newest = zone.servers.iter().filter_map(ServerSeen::serial).fold(serial, |newest, other| {
        if candor_names::zone::serial::is_newer(other, newest) { other } else { newest }
    });
    if newest == serial {
        return;
    }
    let behind =
        view::servers(zone, |_, seen| (same_name(&seen.name, &primary)).then(|| format!("serial {serial}")));
    let what = What::SerialsDiffer {
        zone: zone.apex.clone(),
        name: zone.apex.clone(),
        behind,
        newest,
        backwards: true,
    };
    // A few steps are on their way; another way of counting is not.
    if newest.wrapping_sub(serial) > FEW_STEPS { found.some.push(what) } else { found.asides.push(what) }
}

/// The primary that a server's SOA names.
fn primary_of(server: &ServerSeen) -> Option<String> {
    let exchange = server.soa.as_ref().as_ref().ok()?;
    let soa = exchange.answer.iter().find(|record| record.rtype == "SOA")?;
    soa.data.split(' ').next().map(str::to_owned)
}

/// Whether two answers of one server, moments apart, had other serials.
fn changes_its_serial(server: &ServerSeen) -> bool {
    let serial = |heard: &Heard| {
        let exchange = heard.as_ref().as_ref().ok()?;
        let soa = exchange.answer.iter().find(|record| record.rtype == "SOA")?;
        soa.data.split(' ').nth(2).map(str::to_owned)
    };
    let (udp, tcp) = (serial(&server.soa), server.tcp.as_ref().and_then(serial));
    udp.zip(tcp).is_some_and(|(udp, tcp)| udp != tcp)
}

/// What a name would be without the zone's name at its end, where it has that twice.
pub(crate) fn doubled(target: &str, zone: &str) -> Option<String> {
    let zone = zone.trim_end_matches('.').to_ascii_lowercase();
    let target = target.trim_end_matches('.').to_ascii_lowercase();
    if zone.is_empty() {
        return None;
    }
    let meant = target.strip_suffix(&zone)?.strip_suffix('.')?;
    let within = meant == zone || meant.strip_suffix(&zone).is_some_and(|rest| rest.ends_with('.'));
    within.then(|| format!("{meant}."))
}

/// Whether a zone is one in which others register: the root, a top-level domain, or the like of `co.uk`.
pub(crate) fn is_registry(apex: &str) -> bool {
    const SECOND: [&str; 12] =
        ["ac", "co", "com", "edu", "gob", "gov", "ltd", "me", "ne", "net", "or", "org"];
    let labels: Vec<&str> = apex.trim_end_matches('.').split('.').collect();
    match labels.as_slice() {
        [_] => true,
        [second, top] => top.len() == 2 && SECOND.contains(&second.to_ascii_lowercase().as_str()),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_has_the_zone_twice_lacks_a_dot() {
        let meant = |target: &str, zone: &str| doubled(target, zone);
        assert_eq!(meant("edge.shop.test.shop.test.", "shop.test."), Some("edge.shop.test.".into()));
        assert_eq!(meant("ns1.shop.test.test.", "test."), Some("ns1.shop.test.".into()));
        assert_eq!(meant("Shop.Test.shop.test.", "shop.test."), Some("shop.test.".into()));
        assert_eq!(meant("edge.shop.test.", "shop.test."), None);
        assert_eq!(meant("edge.myshop.test.shop.test.", "shop.test."), None);
        assert_eq!(meant("edge.shop.test.", "."), None);
    }

    #[test]
    fn a_registry_is_where_others_register() {
        for apex in [".", "test.", "co.uk.", "com.au."] {
            assert!(is_registry(apex), "{apex}");
        }
        for apex in ["shop.test.", "co.example.", "www.co.uk."] {
            assert!(!is_registry(apex), "{apex}");
        }
    }
}
