//! Which journey needs which hosts, roles and inner names: docs/estate.md as a table.

use candor_estate::catalogue::Shelf;
use candor_estate::layout::{Layout, Region};
use candor_estate::place::Place;
use candor_estate::role::Role;

use crate::scenario::{COPIES, ELSEWHERE, STORE_DEEDS, STORES};
use crate::truth::CellName;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// One step of a journey: a host that is found, reached and asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    /// Relative to the zone.
    pub(super) host: String,
    /// Names that whoever answers asks for, while it answers.
    pub(super) inner: &'static [&'static str],
    /// Whether the answer must be written to a disk before it is given.
    pub(super) writes: bool,
    /// Whether the answer is a long one.
    pub(super) long: bool,
}

fn step(host: &str, inner: &'static [&'static str]) -> Step {
    Step { host: host.to_owned(), inner, writes: false, long: false }
}

fn writing(host: &str, inner: &'static [&'static str]) -> Step {
    Step { writes: true, ..step(host, inner) }
}

const SIGN_IN: &str = "id";
const IDENTITY: &[&str] = &["id.internal"];

/// The steps of a cell's journey.
pub(super) fn journey(cell: &CellName) -> Vec<Step> {
    let (service, deed) = (cell.service.as_str(), cell.capability.as_str());
    if STORES.contains(&service) {
        let front =
            cell.place.as_ref().map_or_else(|| service.to_owned(), |place| format!("{place}.{service}"));
        return match deed {
            "browse" => vec![step(&front, &[])],
            "view" => vec![step(&front, &[]), step(&front, &["details.internal"])],
            "buy" => vec![step(SIGN_IN, &[]), writing(&front, &["id.internal", "buy.internal"])],
            _ => vec![
                step(SIGN_IN, &[]),
                step(&front, &[]),
                Step { long: true, ..step("cdn", &["buy.internal"]) },
            ],
        };
    }
    match (service, deed) {
        ("account", _) => vec![step(SIGN_IN, &[])],
        ("mail", "send") => vec![writing("mx", &[])],
        ("mail", _) => vec![step(SIGN_IN, &[]), step("mail", IDENTITY)],
        ("documents", _) => vec![step(SIGN_IN, &[]), step("docs", IDENTITY)],
        ("connect", _) => vec![step(SIGN_IN, &[]), writing("connect", IDENTITY)],
        ("testflight", _) => {
            vec![
                step(SIGN_IN, &[]),
                Step { long: true, ..step("testflight", &["id.internal", "connect.internal"]) },
            ]
        }
        _ => vec![step(SIGN_IN, &[]), writing("support", IDENTITY)],
    }
}

/// The inner names of all journeys of a service, each once.
pub(super) fn needs(service: &str) -> Vec<&'static str> {
    let store = STORES.contains(&service).then_some("gb");
    let deeds = ELSEWHERE.iter().filter(|(other, _)| *other == service).map(|(_, deed)| *deed);
    let deeds: Vec<&str> = if store.is_some() { STORE_DEEDS.to_vec() } else { deeds.collect() };
    let mut names: Vec<&'static str> = Vec::new();
    for step in deeds.into_iter().flat_map(|deed| journey(&CellName::new(service, deed, store))) {
        names.extend(step.inner);
    }
    names.sort_unstable();
    names.dedup();
    names
}

/// The copy of the zone that the customers of a place ask: its number, counted from the primary.
pub(super) fn copy_of(place: &str) -> usize {
    number_of(Region::of(place))
}

/// The copy that a role asks.
pub(super) fn copy_asked_by(role: &str) -> usize {
    number_of(Role::find(role).map_or(Region::West, Region::of_role))
}

const fn number_of(region: Region) -> usize {
    match region {
        Region::West => 1,
        Region::East => 2,
        Region::India => 3,
    }
}

/// The roles of the name servers, in the order of [`COPIES`].
const SERVERS: &[Role] =
    &[Role::Dns, Role::Copy(Region::West), Role::Copy(Region::East), Role::Copy(Region::India)];

/// Who listens where.
#[derive(Debug, Clone)]
pub(super) struct Map {
    roles: BTreeMap<String, &'static str>,
    /// The name servers, in the order of [`COPIES`].
    pub(super) servers: Vec<(&'static str, IpAddr)>,
    /// The zone that the estate begins with.
    pub(super) zone: String,
}

impl Map {
    pub(super) fn of(places: &[String]) -> Self {
        let places: Vec<&'static Place> = places.iter().filter_map(|code| Place::find(code)).collect();
        let layout = Layout { block: 0, port: 1, places };
        let mut roles: BTreeMap<String, &'static str> = BTreeMap::new();
        for role in Role::ALL {
            roles.insert(layout.socket(*role).ip().to_string(), role.word());
        }
        let servers = COPIES.iter().zip(SERVERS).map(|(name, role)| (*name, layout.socket(*role).ip()));
        let servers: Vec<_> = servers.collect();
        roles.extend(servers.iter().map(|(name, address)| (address.to_string(), *name)));
        roles.insert(layout.smtp().ip().to_string(), Role::Mail.word());
        roles.insert(layout.account().ip().to_string(), Role::Identity.word());
        for shelf in Shelf::ALL {
            let streets = layout.storefronts(shelf);
            roles.extend(streets.into_iter().map(|(_, socket)| (socket.ip().to_string(), shelf.word())));
        }
        Self { roles, servers, zone: zone_file(&layout) }
    }

    /// The role that listens at an address.
    pub(super) fn role_at(&self, address: &str) -> Option<&'static str> {
        self.roles.get(address).copied()
    }
}

/// The zone that the estate begins with, in the order of its lines.
fn zone_file(layout: &Layout) -> String {
    let mut lines = vec![
        "; The shop's zone.".to_owned(),
        format!("$ORIGIN {}.", candor_estate::layout::ZONE),
        "$TTL 2".to_owned(),
        "@ IN SOA ns1 hostmaster 1 20 5 86400 1".to_owned(),
    ];
    lines.extend((1..=4).map(|n| format!("@ IN NS ns{n}")));
    lines.push("@ IN MX 10 mx".to_owned());
    lines.extend(layout.hosts().iter().map(|host| format!("{} IN A {}", host.name, host.address)));
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_needs_what_its_journeys_ask_for_inside() {
        assert_eq!(needs("apps"), ["buy.internal", "details.internal", "id.internal"]);
        assert_eq!(needs("testflight"), ["connect.internal", "id.internal"]);
        assert_eq!(needs("mail"), ["id.internal"]);
        assert!(needs("account").is_empty());
    }
}
