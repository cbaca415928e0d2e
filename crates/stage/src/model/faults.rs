//! What is really the matter: each failing journey is asked what stopped it, and what stops many is one [`Fault`].
//!
//! By which class a fault of the zone may be called follows from what each copy of it says at that moment: that is what
//! anybody can find who asks them all. Where the evidence shows one class, that one is demanded; where two are as true
//! (a name that is gone together with some others), either will do.

use std::collections::{BTreeMap, BTreeSet};

use candor_estate::layout::ZONE;

use super::copies::INNER;
use super::estate;
use super::world::{Running, World};
use super::zone::{Answer, Trace, Zone};
use crate::Ms;
use crate::cause::LinkEnd;
use crate::fault::{Accepted, COULD_NOT_TELL, Fault, NOT_DNS, Root};
use crate::scenario::{COPIES, Scenario};
use crate::truth::{CellName, Fares, Span};

/// After so long without harm, harm by the same is another fault.
const APART_MS: Ms = 5 * 60_000;

/// From so many lost names on, somebody may speak of a zone that lost many.
const SOME: usize = 2;
/// From so many on, and half of the zone, nothing else is right.
const MANY: usize = 3;

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
            self.harm(now_ms, world, root, cells, hosts);
        }
        all
    }

    fn harm(
        &mut self,
        now_ms: Ms,
        world: &World,
        root: Root,
        cells: BTreeMap<&CellName, Fares>,
        hosts: BTreeSet<String>,
    ) {
        let lately = |number: &usize| {
            let until = self.all.get(*number).map_or(0, |fault| fault.extent().1);
            until == Ms::MAX || until + APART_MS > now_ms
        };
        let number = self.open.get(&root).copied().filter(lately).unwrap_or_else(|| {
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
        let (classes, subject) = world.called(&root, known, before);
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
    fn leads(&self, zone: &Zone, host: &str) -> bool {
        match zone.ask(host) {
            Answer::Addresses(addresses) => {
                addresses.first().is_some_and(|address| self.map.role_at(address).is_some())
            }
            Answer::NoData | Answer::NoName | Answer::AliasBroken => false,
        }
    }

    /// By which classes something may be called now, and what it is about.
    fn called(
        &self,
        root: &Root,
        hosts: &BTreeSet<String>,
        before: BTreeSet<&'static str>,
    ) -> (BTreeSet<&'static str>, String) {
        let down: Vec<&str> = self.servers_that(|running, _| running != Running::Yes);
        let expired: Vec<&str> = self.servers_that(|running, has_zone| running == Running::Yes && !has_zone);
        match root {
            Root::Zone(_) => {
                (self.called_by_name(hosts, before), hosts.iter().cloned().collect::<Vec<_>>().join(", "))
            }
            // Where some answer, it is as true that the resolver of those who fail is gone.
            Root::Servers if down.len() < COPIES.len() => (["F11", "F16"].into(), down.join(", ")),
            Root::Servers => (["F11"].into(), down.join(", ")),
            Root::Copies if down.is_empty() => (["F12"].into(), expired.join(", ")),
            Root::Copies => (["F11", "F12"].into(), expired.join(", ")),
            Root::Place(place) => {
                let link = self.links.get(&LinkEnd::Place(place.clone()));
                let cut = link.is_some_and(|link| link.cut || link.drop_percent >= 100);
                // What comes and goes leaves no sure evidence of where.
                let classes = if cut { [NOT_DNS].into() } else { [NOT_DNS, COULD_NOT_TELL].into() };
                (classes, place.clone())
            }
            Root::Role(what) | Root::Certificate(what) => ([NOT_DNS].into(), what.clone()),
        }
    }

    fn servers_that(&self, meant: impl Fn(Running, bool) -> bool) -> Vec<&'static str> {
        let meant = |(at, role): &(usize, &&'static str)| {
            meant(self.role(role).running, self.copies.zone(*at).is_some())
        };
        COPIES.iter().enumerate().filter(meant).map(|(_, role)| *role).collect()
    }

    fn called_by_name(
        &self,
        hosts: &BTreeSet<String>,
        before: BTreeSet<&'static str>,
    ) -> BTreeSet<&'static str> {
        let answering = COPIES.iter().enumerate().filter(|(_, role)| self.role(role).running == Running::Yes);
        let zones: Vec<&Zone> = answering.filter_map(|(at, _)| self.copies.zone(at)).collect();
        let is_wrong = |zone: &&&Zone| hosts.iter().any(|host| !self.leads(zone, host));
        let wrong: Vec<&Zone> = zones.iter().filter(is_wrong).copied().collect();
        let Some(newest) = zones.iter().map(|zone| zone.serial).max() else { return BTreeSet::new() };
        if wrong.is_empty() {
            // It was mended, and what is remembered of it runs out.
            let mut classes = before;
            classes.extend(["F15", COULD_NOT_TELL]);
            return classes;
        }
        let mut classes = BTreeSet::new();
        if wrong.len() < zones.len() {
            classes.extend(["F5", "F12"]);
        }
        // Where the newest copy is right, the old ones are the matter and nothing else.
        for zone in wrong.into_iter().filter(|zone| zone.serial == newest) {
            for host in hosts.iter().filter(|host| !self.leads(zone, host)) {
                self.called_by_trace(zone, &zone.trace(host), &mut classes);
            }
        }
        classes
    }

    fn called_by_trace(&self, zone: &Zone, trace: &Trace, classes: &mut BTreeSet<&'static str>) {
        let doubled = trace.names.iter().any(|name| name.ends_with(&format!(".{ZONE}.{ZONE}")));
        match trace.answer {
            Answer::Addresses(_) if trace.wildcard => drop(classes.insert("F7")),
            Answer::Addresses(_) => drop(classes.insert("F8")),
            _ if doubled => drop(classes.insert("F4")),
            Answer::NoData => drop(classes.insert("F2")),
            Answer::NoName => classes.extend(self.called_by_loss(zone, "F1")),
            Answer::AliasBroken if trace.circle => drop(classes.insert("F6")),
            Answer::AliasBroken => classes.extend(self.called_by_loss(zone, "F6")),
        }
    }

    /// A name is gone: alone, or with many.
    fn called_by_loss(&self, zone: &Zone, alone: &'static str) -> Vec<&'static str> {
        let Some(first) = self.published.first() else { return vec![alone] };
        let all = first.names().count();
        let kept: BTreeSet<&str> = zone.names().collect();
        let lost = first.names().filter(|name| !kept.contains(name)).count();
        let known = self.known_hosts();
        let lost_known = known.iter().filter(|host| first.has(host) && !zone.has(host)).count();
        if lost < SOME {
            return vec![alone];
        }
        let is_loss = lost >= MANY && 2 * lost >= all && lost_known >= MANY && 2 * lost_known >= known.len();
        if is_loss { vec!["F3"] } else { vec![alone, "F3"] }
    }

    /// The names that anybody knows who watches: those of journeys, and those that services need.
    fn known_hosts(&self) -> BTreeSet<String> {
        let journeys = self.cells.iter().flat_map(estate::journey).map(|step| step.host);
        journeys.chain(INNER.iter().map(|name| (*name).to_owned())).collect()
    }
}
