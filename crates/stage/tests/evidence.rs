//! What is demanded can be known: a plain reader of the evidence, who sees the surface of the world once in health and once
//! in trouble and what the failing runs met, comes to a class that is right, for every cell of every variation.
//!
//! It knows the zone as its servers tell it and nothing of causes; it is no diagnosis, and needs none of its care.
#![expect(clippy::unwrap_used, reason = "in a test a panic is the message")]

use std::collections::{BTreeMap, BTreeSet};

use candor_stage::fault::{COULD_NOT_TELL, Fault, NOT_DNS};
use candor_stage::model::zone::Record;
use candor_stage::model::{World, faults, hosts, needs};
use candor_stage::subject::{Check, Met, NameServer, Serves, Surface};
use candor_stage::variations::{text, variation};
use candor_stage::{CellName, Layer, Ms, Scenario};

const ZONE: &str = ".shop.example";

type Records = BTreeMap<String, Vec<Record>>;

fn full(name: &str) -> String {
    match name.strip_suffix('.') {
        Some(absolute) => absolute.to_owned(),
        None if name == "@" => ZONE.trim_start_matches('.').to_owned(),
        None => format!("{name}{ZONE}"),
    }
}

fn records(file: &str) -> Records {
    let mut all = Records::new();
    for record in
        file.lines().filter_map(|line| Record::of_line(&line.split_whitespace().collect::<Vec<_>>()))
    {
        all.entry(full(&record.name)).or_default().push(record);
    }
    all
}

/// What a copy says of a host: an address, or the class of what is wrong in it.
fn says(zone: &Records, host: &str) -> Result<(String, bool), &'static str> {
    let (mut name, mut wildcard, mut way) = (full(host), false, BTreeSet::new());
    loop {
        if !way.insert(name.clone()) {
            return Err("F6");
        }
        let parent = name.split_once('.').map(|(_, parent)| format!("*.{parent}")).unwrap();
        wildcard |= !zone.contains_key(&name);
        let Some(own) = zone.get(&name).or(zone.get(&parent)) else {
            let doubled = name.ends_with(&format!("{ZONE}{ZONE}"));
            return Err(if doubled {
                "F4"
            } else if way.len() > 1 {
                "F6"
            } else {
                "F1"
            });
        };
        let of = |kind: &str| {
            own.iter().find(|record| record.kind == kind).and_then(|record| record.words.first().cloned())
        };
        match (of("A"), of("CNAME")) {
            (Some(address), _) => return Ok((address, wildcard)),
            (None, Some(target)) => name = full(&target),
            (None, None) => return Err(if way.len() > 1 { "F6" } else { "F2" }),
        }
    }
}

/// The evidence at a moment.
struct Evidence<'e> {
    /// The zone in health.
    before: &'e Records,
    servers: Vec<NameServer>,
    surface: &'e dyn Surface,
}

impl Evidence<'_> {
    fn copies(&self) -> Vec<Records> {
        let file = |server: &NameServer| match &server.serves {
            Serves::Zone(file) => Some(records(file)),
            Serves::Expired | Serves::Silent | Serves::Gone => None,
        };
        self.servers.iter().filter_map(file).collect()
    }

    /// What is wrong with a name, if anything.
    fn of_name(&self, host: &str) -> Option<&'static str> {
        let was = says(self.before, host).map(|(address, _)| address);
        let judged = |zone: &Records| match says(zone, host) {
            Ok((address, _)) if Ok(&address) == was.as_ref() => None,
            Ok((_, true)) => Some("F7"),
            Ok((_, false)) => Some("F8"),
            Err("F1" | "F6") if 2 * zone.len() <= self.before.len() => Some("F3"),
            Err(class) => Some(class),
        };
        let all: Vec<_> = self.copies().iter().map(judged).collect();
        let first = *all.first()?;
        if all.iter().all(|one| *one == first) { first } else { Some("F5") }
    }

    /// What is wrong with the name servers, asked in a place or at all.
    fn of_servers(&self, from: Option<&str>) -> Option<&'static str> {
        let meant = from.and_then(|from| self.surface.resolver(from));
        let mut found = None;
        for server in self.servers.iter().filter(|server| meant.is_none_or(|meant| meant == server.address)) {
            match server.serves {
                Serves::Zone(_) => {}
                Serves::Expired => return Some("F12"),
                Serves::Silent | Serves::Gone => found = Some("F11"),
            }
        }
        found
    }

    /// The class for a cell whose run from a place met this.
    fn class(&self, cell: &CellName, from: &str, met: &Met) -> &'static str {
        let Some(trouble) = met.trouble else { return NOT_DNS };
        let host = hosts(cell).into_iter().nth(usize::from(trouble.step)).unwrap();
        if trouble.layer == Layer::Dns {
            if let Some(class) = self.of_servers(Some(from)).or_else(|| self.of_name(&host)) {
                return class;
            }
            let resolver = self.surface.resolver(from).unwrap();
            let reached = self.surface.connect(from, resolver, None).trouble.is_none();
            return if reached { COULD_NOT_TELL } else { NOT_DNS };
        }
        let inner = needs(&cell.service).into_iter().find_map(|name| self.of_name(name));
        let asked = !needs(&cell.service).is_empty() && trouble.layer == Layer::Http;
        let servers = if asked { self.of_servers(None) } else { None };
        self.of_name(&host).or(inner.filter(|_| asked)).or(servers).unwrap_or(NOT_DNS)
    }
}

/// What the reader makes of each failing cell of a fault.
fn read_all(scenario: &Scenario, seed: u64, fault: &Fault) -> Vec<(String, &'static str, Ms)> {
    let (mut world, watch) = (World::new(scenario, seed), scenario.watch);
    world.advance(60_000);
    let before = world.surface(&watch, 60_000).name_servers();
    let Some(Serves::Zone(before)) = before.first().map(|server| server.serves.clone()) else {
        panic!("ill")
    };
    let before = records(&before);
    let at = fault.extent().0 + 15_000;
    world.advance(at);
    let surface = world.surface(&watch, at);
    let evidence = Evidence { before: &before, servers: surface.name_servers(), surface: &surface };
    let mut read = Vec::new();
    for (cell, spans) in &fault.cells {
        let harmed = spans.iter().any(|span| span.from_ms <= at && at < span.until_ms);
        let places =
            scenario.places.iter().filter(|place| cell.place.as_ref().is_none_or(|own| own == *place));
        for from in places.filter(|_| harmed) {
            let check = Check { id: 1, cell: cell.clone(), from: from.clone() };
            let met = world.meet(&check, &watch, at);
            if met.trouble.is_some() || met.took_ms > 1_500 {
                read.push((
                    format!("{cell} from {from}: {:?}", met.trouble),
                    evidence.class(cell, from, &met),
                    at,
                ));
            }
        }
    }
    read
}

#[test]
fn the_evidence_shows_what_is_demanded() {
    let mut known = 0;
    for seed in 0..132 {
        let scenario = variation(seed);
        for fault in faults(&scenario, seed) {
            for (met, class, at) in read_all(&scenario, seed, &fault) {
                let called = fault.called(at, at);
                assert!(fault.accepts(class, at, at), "{met} read as {class}, not {called}\n{}", text(seed));
                known += 1;
            }
        }
    }
    assert!(known > 1_000, "{known}");
}
