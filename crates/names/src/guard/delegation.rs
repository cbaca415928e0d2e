//! R6: the zone above and the zone name the same servers, and each of them answers for every required name, as the zone says.

use std::collections::BTreeSet;

use domain::base::Rtype;
use domain::rdata::ZoneRecordData;

use super::Case;
use super::breach::{Breaches, Severity};
use crate::name;
use crate::zone::Zone;

const READY: &str = "Have the server serve the zone, whole, before the zone names it.";
const MEND: &str = "Look after the server: it was asked while nothing had changed yet.";

const AGREE: &str =
    "Change both, the zone and what the registrar has of it, and keep the servers of both serving meanwhile.";

pub(super) fn check(case: &Case<'_>, found: &mut Breaches) {
    parent(case, found);
    for server in &case.around.servers {
        let severity = Severity::of_new(server.is_new);
        let remedy = if server.is_new { READY } else { MEND };
        let kind = if server.is_new { "the new name server" } else { "the name server" };
        if let Err(why) = &server.serial {
            let name = server.name.clone();
            found.add(severity, remedy, name, |name| {
                format!("{kind} {name} does not answer for the zone: {why}")
            });
        } else if let Some((asked, said)) = server.otherwise.first() {
            let more = match server.otherwise.len() {
                1 => String::new(),
                n => format!(", and otherwise than the zone for {} more", n - 1),
            };
            let name = server.name.clone();
            found.add(severity, remedy, name, |name| {
                format!("{kind} {name} answers {said} for {asked}{more}")
            });
        }
    }
}

/// What the zone above says against what the zone would say.
fn parent(case: &Case<'_>, found: &mut Breaches) {
    let Some(parent) = &case.around.parent else { return };
    let (new, old) = (hosts(case.proposed), hosts(case.live));
    if new == parent.servers || parent.servers.is_empty() {
        return;
    }
    let only = |one: &BTreeSet<String>, other: &BTreeSet<String>| {
        one.difference(other).cloned().collect::<Vec<_>>().join(", ")
    };
    let (missing, added) = (only(&parent.servers, &new), only(&new, &parent.servers));
    let words = match (missing.as_str(), added.as_str()) {
        (missing, "") => {
            format!("the zone above delegates to {missing} as well, which the zone would not name")
        }
        ("", added) => format!("the zone would name {added}, to which the zone above does not delegate"),
        (missing, added) => {
            format!("the zone above delegates to {missing}, the zone would name {added} instead")
        }
    };
    found.add_all(Severity::of_new(old == parent.servers), AGREE, vec![case.proposed.origin()], words);
}

/// The hosts of the zone's servers.
fn hosts(zone: &Zone) -> BTreeSet<String> {
    let set = zone.node(zone.apex()).and_then(|node| node.get(&Rtype::NS));
    let hosts = set.into_iter().flat_map(|set| &set.data).filter_map(|data| match data {
        ZoneRecordData::Ns(ns) => Some(name::show(ns.nsdname()).to_ascii_lowercase()),
        _ => None,
    });
    hosts.collect()
}
