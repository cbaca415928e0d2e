//! Choosing what to say: which claims, in which order, about whom. The words are `page`'s.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;

use jiff::Timestamp;

use crate::saying::{Claim, Deed, Fares, PlaceScope, Saying};
use crate::verdict::Verdict;

/// Troubles in the answer for the whole: what fails for the same services in the same places is one. The rest is counted.
const WHOLE_MAX: usize = 2;
/// And no more claims than these.
const CLAIMS_MAX: usize = 4;

/// What is known of a cell, as far as sayings need it.
#[derive(Debug, Clone)]
pub(crate) struct Fact<'p> {
    pub(crate) service: &'p str,
    pub(crate) deed: Deed,
    pub(crate) place: Option<&'p str>,
    /// How many places the capability has.
    pub(crate) places: u32,
    pub(crate) verdict: Verdict,
    pub(crate) fares: Fares,
    pub(crate) since: Option<Timestamp>,
    pub(crate) measured_from: Vec<String>,
}

/// The saying of one cell.
pub(crate) fn of_cell(fact: &Fact<'_>) -> Saying {
    let places = match fact.place {
        None => PlaceScope::Whole,
        Some(name) if fact.places == 1 => PlaceScope::All(alloc::vec![name.into()]),
        Some(name) => PlaceScope::Some(alloc::vec![name.into()], fact.places),
    };
    let claim = Claim {
        deed: fact.deed.clone(),
        services: alloc::vec![fact.service.into()],
        places,
        fares: fact.fares,
        since: fact.since,
        measured_from: fact.measured_from.clone(),
    };
    Saying { verdict: fact.verdict, claims: alloc::vec![claim], more: 0 }
}

/// The saying of an incident: one claim for each group of cells that fare alike, of whatever services.
pub(crate) fn of_incident(facts: &[Fact<'_>], verdict: Verdict) -> Saying {
    let claims = claims(facts);
    let joined = across_services(claims.iter().map(|(_, claim)| claim));
    Saying { verdict, claims: joined.into_iter().map(Joined::into_claim).collect(), more: 0 }
}

/// The answer for the whole, from what is claimed of each service: the worst of what fails beside one thing that works.
pub(crate) fn of_whole<'c>(
    services: impl Iterator<Item = impl Iterator<Item = (Place, &'c Claim)>>,
    verdict: Verdict,
) -> Saying {
    let mut claims: Vec<((Place, usize), &Claim)> = services
        .enumerate()
        .flat_map(|(at, claims)| claims.map(move |(place, claim)| ((place, at), claim)))
        .collect();
    // Among what is as bad and reaches as far, the plan's order.
    claims.sort_by_key(|((place, at), _)| (place.worse, place.wider, *at, place.first));
    let (works, trouble): (Vec<Joined<'_>>, Vec<Joined<'_>>) =
        across_services(claims.into_iter().map(|(_, claim)| claim))
            .into_iter()
            .partition(|joined| joined.claim.fares == Fares::Works);
    let failing = trouble.iter().filter(|j| !matches!(j.claim.fares, Fares::Unknown(_))).count();
    // With thousands of services on either side, a look through a list for each would take seconds.
    let worst: BTreeSet<&str> = trouble.iter().take(1).flat_map(|j| j.services.iter().copied()).collect();
    let hit = |j: &Joined<'_>| !worst.is_empty() && j.services.iter().any(|s| worst.contains(s));
    let reach = |j: &Joined<'_>| (hit(j), j.services.len(), named(&j.claim.places));
    // `rev`, because the last of equals is kept and the plan's order should win.
    let contrast = works.into_iter().rev().max_by_key(reach);
    let (all, mut kept) = (trouble.len(), foremost(trouble, failing));
    let more = u32::try_from(all.saturating_sub(kept.len())).unwrap_or(u32::MAX);
    kept.extend(contrast);
    // The first line is for customers; where it was measured from stands beside each cell.
    let bare = |joined: Joined<'_>| Claim { measured_from: Vec::new(), ..joined.into_claim() };
    Saying { verdict, claims: kept.into_iter().map(bare).collect(), more }
}

/// The first of all troubles, of which so many are failures; the first of what is not known, where there are none.
fn foremost(trouble: Vec<Joined<'_>>, failing: usize) -> Vec<Joined<'_>> {
    let fails = |j: &Joined<'_>| matches!(j.claim.fares, Fares::Fails(_));
    let mut heads = 0;
    let mut kept: Vec<Joined<'_>> = Vec::new();
    for one in trouble.into_iter().take(failing.max(1)) {
        let beside = |j: &Joined<'_>| {
            fails(j) && fails(&one) && j.services == one.services && j.claim.places == one.claim.places
        };
        let head = !kept.iter().any(beside);
        if kept.len() < CLAIMS_MAX && (!head || heads < WHOLE_MAX) {
            heads += usize::from(head);
            kept.push(one);
        }
    }
    kept
}

const fn named(scope: &PlaceScope) -> usize {
    match scope {
        PlaceScope::Whole => 1,
        PlaceScope::All(names) | PlaceScope::Some(names, _) => names.len(),
    }
}

/// Where a claim stands among others: the worst first, what works last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    worse: core::cmp::Reverse<u8>,
    wider: core::cmp::Reverse<usize>,
    /// The first of its cells, in the order of the plan.
    first: usize,
}

/// Groups cells of one service and deed that fare alike.
pub(crate) fn claims(facts: &[Fact<'_>]) -> Vec<(Place, Claim)> {
    /// The first of a group in the order of the plan, and all of it.
    type Group<'f, 'p> = (usize, Vec<&'f Fact<'p>>);
    let mut groups: BTreeMap<(u8, &str, &Deed, Alike), Group<'_, '_>> = BTreeMap::new();
    for (at, fact) in facts.iter().enumerate() {
        let key = (rank(fact.verdict), fact.service, &fact.deed, Alike::of(fact.fares));
        groups.entry(key).or_insert_with(|| (at, Vec::new())).1.push(fact);
    }
    let placed = groups.into_iter().map(|((worse, ..), (first, group))| {
        let claim = claim_of(&group);
        let wider = core::cmp::Reverse(named(&claim.places));
        (Place { worse: core::cmp::Reverse(worse), wider, first }, claim)
    });
    let mut claims: Vec<(Place, Claim)> = placed.collect();
    claims.sort_by_key(|(place, _)| *place);
    claims
}

fn claim_of(group: &[&Fact<'_>]) -> Claim {
    let first = group.first().expect("a group has a cell because it was made by adding one");
    let names: Vec<String> = group.iter().filter_map(|f| f.place.map(String::from)).collect();
    let places = if first.place.is_none() {
        PlaceScope::Whole
    } else if names.len() == usize::try_from(first.places).unwrap_or(usize::MAX) {
        PlaceScope::All(names)
    } else {
        PlaceScope::Some(names, first.places)
    };
    let from_alike = group.iter().all(|f| f.measured_from == first.measured_from);
    let measured_from = if from_alike { first.measured_from.clone() } else { Vec::new() };
    Claim {
        deed: first.deed.clone(),
        services: alloc::vec![first.service.into()],
        places,
        fares: first.fares,
        since: group.iter().filter_map(|f| f.since).min(),
        measured_from,
    }
}

/// What is claimed alike of several services.
struct Joined<'c> {
    claim: &'c Claim,
    services: Vec<&'c str>,
    since: Option<Timestamp>,
    /// Where all of them were measured from, if from the same.
    from: &'c [String],
}

impl Joined<'_> {
    fn into_claim(self) -> Claim {
        Claim {
            services: self.services.into_iter().map(String::from).collect(),
            since: self.since,
            measured_from: self.from.to_vec(),
            ..self.claim.clone()
        }
    }
}

/// Joins claims of different services that say the same of the same deed and places.
fn across_services<'c>(claims: impl Iterator<Item = &'c Claim>) -> Vec<Joined<'c>> {
    let mut joined: Vec<Joined<'c>> = Vec::new();
    let mut found: BTreeMap<(&Deed, Alike, &PlaceScope), usize> = BTreeMap::new();
    for claim in claims {
        let at = *found.entry((&claim.deed, Alike::of(claim.fares), &claim.places)).or_insert(joined.len());
        let services = claim.services.iter().map(String::as_str);
        match joined.get_mut(at) {
            Some(twin) => {
                twin.services.extend(services);
                twin.since = twin.since.min(claim.since).or(claim.since);
                if twin.from != claim.measured_from {
                    twin.from = &[];
                }
            }
            None => {
                let (since, from) = (claim.since, claim.measured_from.as_slice());
                joined.push(Joined { claim, services: services.collect(), since, from });
            }
        }
    }
    joined
}

/// Cells fare alike where the same thing is said of them, numbers aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Alike {
    Fails(crate::fault::Kind),
    Sometimes,
    FromSome,
    Slow,
    Unknown(crate::saying::UnknownWhy),
    Works,
}

impl Alike {
    const fn of(fares: Fares) -> Self {
        match fares {
            Fares::Works => Self::Works,
            Fares::Fails(kind) => Self::Fails(kind),
            Fares::Slow(..) => Self::Slow,
            Fares::Sometimes(..) => Self::Sometimes,
            Fares::FromSome(..) => Self::FromSome,
            Fares::Unknown(why) => Self::Unknown(why),
        }
    }
}

const fn rank(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Outage => 3,
        Verdict::Degraded => 2,
        Verdict::Unknown => 1,
        Verdict::Operational => 0,
    }
}

/// The verdict on a capability from its cells: *outage* where at least half are out.
pub(crate) fn roll_up(verdicts: impl Iterator<Item = Verdict>) -> Verdict {
    let mut counts = [0_usize; 4];
    for verdict in verdicts {
        if let Some(count) = counts.get_mut(usize::from(rank(verdict))) {
            *count += 1;
        }
    }
    let [operational, unknown, degraded, outage] = counts;
    if outage > 0 && outage * 2 >= operational + unknown + degraded + outage {
        Verdict::Outage
    } else if outage + degraded > 0 {
        Verdict::Degraded
    } else if unknown > 0 || operational == 0 {
        Verdict::Unknown
    } else {
        Verdict::Operational
    }
}

/// The verdict on a service from its capabilities: what customers cannot do anywhere is an outage of the service.
pub(crate) fn worst(verdicts: impl Iterator<Item = Verdict>) -> Verdict {
    verdicts.max_by_key(|v| rank(*v)).unwrap_or(Verdict::Unknown)
}
