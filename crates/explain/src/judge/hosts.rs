//! The names of a zone's servers that lead to no address: for want of glue, for want of the name, or because they lead in
//! circles.

use candor_core::finding::{NoAddress, What};
use candor_names::walk::{HostFault, HostSeen, ZoneSeen};

use super::zone::{self, doubled, is_registry};
use super::{Case, Found, parent_of, view};

/// How deep zones are looked into whose servers' names lie in zones whose servers' names lie in zones.
const MAX_DEPTH: usize = 4;

pub(crate) fn judge(case: &Case<'_>, zone: &ZoneSeen, speaks: bool, found: &mut Found) {
    let parent = parent_of(case.walk, zone);
    if let Some(what) = without_dot(zone, &parent) {
        found.of_servers(!speaks, what);
        return;
    }
    let bare = named(zone, |host| host.by_parent && host.fault == Some(HostFault::NoGlue));
    if !bare.is_empty() {
        let what = What::NoGlue { zone: zone.apex.clone(), parent: parent.clone(), hosts: bare };
        found.of_servers(!speaks, what);
    }
    gone(zone, speaks, found);
    for (why, hosts) in unusable(case, zone) {
        let what = What::HostsUnusable { zone: zone.apex.clone(), parent: parent.clone(), hosts, why };
        // Who asks for the zone takes another server, where there is one; if that fails, its own fault is the cause.
        if zone.servers.is_empty() { found.stops.push(what) } else { found.asides.push(what) }
    }
    stuck(case, zone, speaks, found);
}

/// A host that has the name of the zone in it twice, which delegates it or which it serves.
fn without_dot(zone: &ZoneSeen, parent: &str) -> Option<What> {
    zone.hosts.iter().filter(|host| host.fault.is_some()).find_map(|host| {
        let at = if host.by_parent { parent } else { &zone.apex };
        Some(What::DotMissing {
            owner: zone.apex.clone(),
            rtype: "NS".to_owned(),
            target: host.name.clone(),
            meant: doubled(&host.name, at)?,
            zone: at.to_owned(),
        })
    })
}

fn named(zone: &ZoneSeen, wanted: impl Fn(&&HostSeen) -> bool) -> Vec<String> {
    zone.hosts.iter().filter(wanted).map(|host| host.name.clone()).collect()
}

/// Hosts whose own domain is gone from where domains are registered.
fn gone(zone: &ZoneSeen, speaks: bool, found: &mut Found) {
    let denied = |host: &HostSeen| match &host.fault {
        Some(HostFault::Denied { zone, at }) if host.by_parent && is_registry(zone) => {
            Some((zone.clone(), at.clone()))
        }
        _ => None,
    };
    let Some((denied_by, at)) = zone.hosts.iter().find_map(denied) else { return };
    let hosts = named(zone, |host| denied(host).is_some());
    found.of_servers(!speaks, What::HostsGone { zone: zone.apex.clone(), hosts, at, denied_by });
}

/// Hosts that are there without an address, or not there in a zone that is; those with the same trouble together.
fn unusable(case: &Case<'_>, zone: &ZoneSeen) -> Vec<(NoAddress, Vec<String>)> {
    let mut list: Vec<(NoAddress, Vec<String>)> = Vec::new();
    for host in &zone.hosts {
        let why = match &host.fault {
            Some(HostFault::Alias) => NoAddress::Alias,
            Some(HostFault::Empty { .. }) => NoAddress::Empty,
            Some(HostFault::Denied { zone, .. }) if !is_registry(zone) => NoAddress::Missing(zone.clone()),
            Some(HostFault::Circular) => NoAddress::Circular(zone.apex.clone()),
            Some(HostFault::Stuck { zone: in_zone })
                if leads_back(case, in_zone, &mut vec![zone.apex.clone()]) =>
            {
                NoAddress::Circular(in_zone.clone())
            }
            _ => continue,
        };
        match list.iter_mut().find(|(known, _)| *known == why) {
            Some((_, hosts)) => hosts.push(host.name.clone()),
            None => list.push((why, vec![host.name.clone()])),
        }
    }
    list
}

/// Whether all names of a zone's servers lie in zones on the way to it, and none of them has an address.
fn leads_back(case: &Case<'_>, apex: &str, way: &mut Vec<String>) -> bool {
    if way.iter().any(|known| known == apex) {
        return true;
    }
    let Some(zone) = case.walk.zones.iter().find(|zone| zone.apex == apex) else { return false };
    way.push(apex.to_owned());
    zone.servers.is_empty()
        && !zone.hosts.is_empty()
        && zone.hosts.iter().all(|host| match &host.fault {
            Some(HostFault::Circular) => true,
            Some(HostFault::Stuck { zone }) => leads_back(case, zone, way),
            _ => false,
        })
}

/// Hosts in zones of which no server answers: what is wrong with these zones is what is wrong here.
fn stuck(case: &Case<'_>, zone: &ZoneSeen, speaks: bool, found: &mut Found) {
    let mut seen: Vec<&str> = vec![&zone.apex];
    for host in &zone.hosts {
        let Some(HostFault::Stuck { zone: in_zone }) = &host.fault else { continue };
        if seen.contains(&in_zone.as_str()) || leads_back(case, in_zone, &mut vec![zone.apex.clone()]) {
            continue;
        }
        seen.push(in_zone);
        let below = case.walk.zones.iter().find(|other| other.apex == *in_zone);
        let mut inner = Found::default();
        if let Some(below) = below.filter(|_| case.depth < MAX_DEPTH) {
            let deeper = Case { depth: case.depth + 1, ..*case };
            zone::judge(&deeper, below, &mut inner);
        }
        match inner.first() {
            Some(what) => found.of_servers(!speaks, what),
            None if !speaks => {
                let (apex, name) = (view::bare(in_zone), view::bare(&host.name));
                let why = format!("no server of {apex} says where {name} is");
                found.stops.push(What::CouldNotTell { why });
            }
            None => {}
        }
    }
}
