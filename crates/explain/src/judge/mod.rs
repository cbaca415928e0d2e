//! One walk judged: the zones from the root down, the names along their aliases, then resolvers.

mod link;
mod resolver;
mod secure;
mod view;
mod zone;

use candor_core::Timestamp;
use candor_core::finding::{Finding, Was, What};
use candor_names::Walk;
use candor_names::walk::{Link, ZoneSeen};

use crate::known::Known;

/// What is judged.
pub(crate) struct Case<'a> {
    pub(crate) walk: &'a Walk,
    pub(crate) known: &'a Known,
    pub(crate) now: Timestamp,
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
}

impl Found {
    /// Of servers of which all or only some are concerned.
    pub(crate) fn of_servers(&mut self, all: bool, what: What) {
        if all { self.stops.push(what) } else { self.some.push(what) }
    }
}

/// Judges what a walk heard.
#[must_use]
pub fn judge(walk: &Walk, known: &Known, now: Timestamp) -> Finding {
    let case = Case { walk, known, now };
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
    if found.stops.is_empty() {
        resolver::judge(&case, &mut found);
    }
    conclude(&case, found)
}

fn conclude(case: &Case<'_>, found: Found) -> Finding {
    let name = case.walk.links.first().map(|link| link.name.clone()).unwrap_or_default();
    let Found { stops, some, asides } = found;
    let mut list = stops.into_iter().chain(some);
    let what = list.next().unwrap_or_else(|| nothing_found(case, &name));
    let mut asides: Vec<What> = list.chain(asides).collect();
    asides.dedup();
    let was: Option<Was> = case.known.was(&name);
    Finding { name, what, was, asides, at: case.now }
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
fn path(walk: &Walk, link: &Link) -> Vec<usize> {
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
