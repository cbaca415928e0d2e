//! By which classes a fault may be called: from what each copy of the zone says at a moment, which is what anybody can find
//! who asks them all. Where the evidence shows one class, that one is demanded; where two are as true (a name that is gone
//! together with some others), either will do.

use std::collections::BTreeSet;

use candor_estate::layout::ZONE;

use super::copies::INNER;
use super::estate;
use super::world::{Running, World};
use super::zone::{Answer, Trace, Zone};
use crate::cause::LinkEnd;
use crate::fault::{COULD_NOT_TELL, NOT_DNS, Root};
use crate::scenario::COPIES;

/// From so many lost names on, somebody may speak of a zone that lost many.
const SOME: usize = 2;
/// From so many on, and half of the zone, nothing else is right.
const MANY: usize = 3;

impl World {
    /// By which classes something may be called now, and what it is about.
    pub(super) fn called(
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
            Root::Servers if down.len() < COPIES.len() => {
                (self.hidden(["F11", "F16"], &down), down.join(", "))
            }
            Root::Servers => (["F11"].into(), down.join(", ")),
            Root::Copies if down.is_empty() => (self.hidden(["F12"], &expired), expired.join(", ")),
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

    /// Which server a role asks cannot be seen from outside: where roles alone ask those that fail, not to know is right too.
    fn hidden<const N: usize>(
        &self,
        classes: [&'static str; N],
        failing: &[&'static str],
    ) -> BTreeSet<&'static str> {
        let mut asked = self.places.iter().filter_map(|place| COPIES.get(estate::copy_of(place)));
        let seen = asked.any(|copy| failing.contains(copy));
        classes.into_iter().chain((!seen).then_some(COULD_NOT_TELL)).collect()
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
