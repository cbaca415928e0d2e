//! One walk judged: the zones from the root down, the names along their aliases, the hosts that their data names, other
//! names of which something is known, then resolvers.

mod bitmap;
mod hosts;
mod link;
mod mind;
mod others;
mod resolver;
mod secure;
mod targets;
mod view;
mod zone;

pub(crate) use zone::is_registry;

pub use others::unused;

use candor_core::Timestamp;
use candor_core::finding::{Finding, Was, What};
use candor_names::Walk;
use candor_names::walk::{Link, ZoneSeen};

use crate::known::Known;

/// What is judged.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Case<'a> {
    pub(crate) walk: &'a Walk,
    pub(crate) known: &'a Known,
    pub(crate) now: Timestamp,
    /// How many zones this one is looked into for the sake of.
    pub(crate) depth: usize,
}

/// What was found, in the order in which it was come to.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Stops everybody.
    pub(crate) stops: Vec<What>,
    /// Stops some, or now and then.
    pub(crate) some: Vec<What>,
    /// Worth saying, and stops nobody.
    pub(crate) asides: Vec<What>,
    /// Of signatures that nobody is held to: what would be wrong, and what is to be said of it.
    pub(crate) unbound: Vec<(Vec<What>, What)>,
}

impl Found {
    /// Of servers of which all or only some are concerned.
    pub(crate) fn of_servers(&mut self, all: bool, what: What) {
        if all { self.stops.push(what) } else { self.some.push(what) }
    }

    /// What explains best what was found: that which stops everybody, else some.
    pub(crate) fn first(self) -> Option<What> {
        self.stops.into_iter().chain(self.some).next()
    }
}

/// Judges what a walk heard.
#[must_use]
pub fn judge(walk: &Walk, known: &Known, now: Timestamp) -> Finding {
    let case = Case { walk, known, now, depth: 0 };
    let mut found = Found::default();
    let mut seen = Vec::new();
    for (index, link) in walk.links.iter().enumerate() {
        for at in path(walk, link) {
            if seen.contains(&at) {
                continue;
            }
            seen.push(at);
            if let Some(zone) = walk.zones.get(at) {
                zone::judge(&case, zone, &mut found);
                secure::judge_zone(&case, zone, &mut found);
            }
        }
        link::judge(&case, index, link, &mut found);
    }
    targets::judge(&case, &mut found);
    others::judge(&case, &mut found);
    if found.stops.is_empty() {
        resolver::judge(&case, &mut found);
    }
    conclude(&case, found)
}

fn conclude(case: &Case<'_>, found: Found) -> Finding {
    let name = case.walk.links.first().map(|link| link.name.clone()).unwrap_or_default();
    let Found { mut stops, some, asides, unbound } = found;
    // What does not exist at the end says more than that the beginning is not what it was.
    stops.sort_by_key(|what| matches!(what, What::WrongData { .. }));
    let asides = asides.into_iter().chain(unbound.into_iter().map(|(_, aside)| aside));
    let mut list = stops.into_iter().chain(some);
    let what = list.next().unwrap_or_else(|| nothing_found(case, &name));
    let mut once: Vec<What> = Vec::new();
    for aside in list.chain(asides) {
        if aside != what && !once.contains(&aside) {
            once.push(aside);
        }
    }
    let was: Option<Was> = case.known.was(&name);
    Finding { name, what, was, asides: once, at: case.now }
}

fn nothing_found(case: &Case<'_>, name: &str) -> What {
    let data = view::right_data(case.walk);
    if !data.is_empty() {
        return What::Healthy { name: name.to_owned(), data };
    }
    let why = match case.walk.cut_short {
        Some(bound) => bound.to_string(),
        None => "no server was heard that has the name".to_owned(),
    };
    What::CouldNotTell { why }
}

/// The zones from the first to that of a link, from the top down.
pub(crate) fn path(walk: &Walk, link: &Link) -> Vec<usize> {
    let mut list = Vec::new();
    let mut next = link.reach.zone();
    while let Some(at) = next.filter(|at| !list.contains(at)) {
        list.push(at);
        next = walk.zones.get(at).and_then(|zone| zone.parent);
    }
    list.reverse();
    list
}

/// The apex of the zone above, or what stands for it where the walk began at `zone`.
pub(crate) fn parent_of(walk: &Walk, zone: &ZoneSeen) -> String {
    let parent = zone.parent.and_then(|at| walk.zones.get(at));
    parent.map_or_else(String::new, |parent| parent.apex.clone())
}
