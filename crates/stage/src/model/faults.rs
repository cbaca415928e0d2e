//! What is really the matter: each failing journey is asked what stopped it, and what stops many is one [`Fault`].

use std::collections::{BTreeMap, BTreeSet};

use super::world::World;
use super::zone::{Answer, Zone};
use crate::Ms;
use crate::fault::{Accepted, Fault, Root};
use crate::scenario::Scenario;
use crate::truth::{CellName, Fares, Span};

/// After so long without harm, harm by the same is another fault.
const APART_MS: Ms = 5 * 60_000;

/// What stopped a journey.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Why {
    /// What a copy of the zone said of a host, or did before those who remember it forgot.
    Name {
        /// Which host.
        host: String,
        /// Which copy.
        copy: usize,
    },
    /// A name server does not answer.
    Server,
    /// A copy is too old.
    Expired,
    /// The link of a place.
    Place(String),
    /// A role.
    Role(&'static str),
    /// A certificate.
    Certificate(String),
}

/// Collects faults while the world goes on.
#[derive(Debug, Default)]
pub struct Faults {
    all: Vec<Fault>,
    /// Numbers of those that go on, with the cells that they harm now.
    open: BTreeMap<Root, usize>,
    /// Names that were to blame in each, for the subject.
    hosts: BTreeMap<usize, BTreeSet<String>>,
}

impl Faults {
    /// Notes how each cell is now. Returns how they fare.
    pub fn note(&mut self, now_ms: Ms, world: &World, cells: &[CellName]) -> Vec<Fares> {
        let mut harmed: BTreeMap<Root, (BTreeMap<&CellName, Fares>, BTreeSet<String>)> = BTreeMap::new();
        let mut all = Vec::with_capacity(cells.len());
        for cell in cells {
            let (fares, whys) = world.fate(cell);
            all.push(fares);
            for why in whys {
                let entry = harmed.entry(world.root(&why)).or_default();
                entry.0.insert(cell, fares);
                if let Why::Name { host, .. } = why {
                    entry.1.insert(host);
                }
            }
        }
        for (root, number) in &self.open {
            let now = harmed.get(root).map(|(cells, _)| cells);
            let Some(fault) = self.all.get_mut(*number) else { continue };
            for (cell, spans) in &mut fault.cells {
                let goes_on = now.and_then(|cells| cells.get(cell));
                let open = spans.last_mut().filter(|span| span.until_ms == Ms::MAX);
                if let Some(span) = open.filter(|span| goes_on != Some(&span.fares)) {
                    span.until_ms = now_ms;
                }
            }
        }
        for (root, (cells, hosts)) in harmed {
            self.harm(now_ms, world, &root, cells, hosts);
        }
        all
    }

    fn harm(
        &mut self,
        now_ms: Ms,
        world: &World,
        root: &Root,
        cells: BTreeMap<&CellName, Fares>,
        hosts: BTreeSet<String>,
    ) {
        let lately = |number: &usize| {
            let until = self.all.get(*number).map_or(0, |fault| fault.extent().1);
            until == Ms::MAX || until + APART_MS > now_ms
        };
        let number = self.open.get(root).copied().filter(lately).unwrap_or_else(|| {
            self.all.push(Fault { root: root.clone(), cells: BTreeMap::new(), accepted: Vec::new() });
            self.all.len() - 1
        });
        self.open.insert(root.clone(), number);
        let known = self.hosts.entry(number).or_default();
        known.extend(hosts);
        let Some(fault) = self.all.get_mut(number) else { return };
        for (cell, fares) in cells {
            let spans = fault.cells.entry(cell.clone()).or_default();
            if spans.last().is_none_or(|span| span.until_ms != Ms::MAX) {
                spans.push(Span { from_ms: now_ms, until_ms: Ms::MAX, fares });
            }
        }
        let before: BTreeSet<_> =
            fault.accepted.iter().flat_map(|what| what.classes.iter().copied()).collect();
        let (classes, subject) = world.called(root, known, before);
        if fault.accepted.last().is_none_or(|before| before.classes != classes || before.subject != subject) {
            fault.accepted.push(Accepted { from_ms: now_ms, classes, subject });
        }
    }

    /// All of them, in the order in which they began; nothing is known after `at_ms`.
    #[must_use]
    pub fn end(mut self, at_ms: Ms) -> Vec<Fault> {
        for fault in &mut self.all {
            for spans in fault.cells.values_mut() {
                spans.retain(|span| span.from_ms < at_ms);
                if let Some(last) = spans.last_mut() {
                    last.until_ms = last.until_ms.min(at_ms);
                }
                spans.retain(|span| span.from_ms < span.until_ms);
            }
            fault.cells.retain(|_, spans| !spans.is_empty());
        }
        self.all.retain(|fault| !fault.cells.is_empty());
        self.all
    }
}

/// What is the matter in a scenario, from its causes alone.
#[must_use]
pub fn faults(scenario: &Scenario, seed: u64) -> Vec<Fault> {
    let (mut world, mut faults, cells) = (World::new(scenario, seed), Faults::default(), scenario.cells());
    let mut epoch = 0;
    while let Some(now) = world.next_ms().filter(|now| *now < scenario.lasts_ms) {
        world.advance(now);
        if std::mem::replace(&mut epoch, world.epoch()) != world.epoch() {
            faults.note(now, &world, &cells);
        }
    }
    faults.end(scenario.lasts_ms)
}

impl World {
    fn root(&self, why: &Why) -> Root {
        match why {
            Why::Name { host, copy } => Root::Zone(self.published_wrong(host, *copy)),
            Why::Server => Root::Servers,
            Why::Expired => Root::Copies,
            Why::Place(place) => Root::Place(place.clone()),
            Why::Role(role) => Root::Role((*role).to_owned()),
            Why::Certificate(host) => Root::Certificate(host.clone()),
        }
    }

    /// The serial with which the wrong began that a copy says of a host, or last said.
    fn published_wrong(&self, host: &str, copy: usize) -> u32 {
        let serial = self.copies.zone(copy).map_or(u32::MAX, |zone| zone.serial);
        let before = self.published.iter().rev().filter(|zone| zone.serial <= serial);
        let mut wrong =
            before.skip_while(|zone| self.leads(zone, host)).take_while(|zone| !self.leads(zone, host));
        let newest = wrong.next().map(|zone| zone.serial);
        wrong.last().map(|zone| zone.serial).or(newest).unwrap_or(0)
    }

    /// Whether a zone leads to somebody who listens.
    pub(super) fn leads(&self, zone: &Zone, host: &str) -> bool {
        match zone.ask(host) {
            Answer::Addresses(addresses) => {
                addresses.first().is_some_and(|address| self.map.role_at(address).is_some())
            }
            Answer::NoData | Answer::NoName | Answer::AliasBroken => false,
        }
    }
}
