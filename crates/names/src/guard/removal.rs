//! R2: few names vanish at once, and no set of a required name shrinks to nothing.

use domain::base::Rtype;

use super::Case;
use super::breach::{Breaches, Severity};
use crate::name::{self, Name};
use crate::zone::{Node, Zone};

const WHOLE: &str = "Look whether the source of the zone is whole. If all of this is meant to go, say so with an override, which needs a second person.";
const EMPTIED: &str = "Put the set back, or leave an alias in its place.";

/// So few may always go.
const ALWAYS: usize = 2;

pub(super) fn check(case: &Case<'_>, found: &mut Breaches) {
    let (mut sets, mut gone_sets, mut gone) = (0_usize, 0_usize, Vec::new());
    for (owner, node) in case.live.names() {
        let now = case.proposed.node(owner);
        let has = node.keys().filter(|rtype| counts(**rtype));
        sets += has.clone().count();
        gone_sets += has.filter(|rtype| is_gone(now, **rtype)).count();
        if node.keys().any(|rtype| counts(*rtype))
            && !now.is_some_and(|now| now.keys().any(|rtype| counts(*rtype)))
        {
            gone.push(owner);
        }
    }
    mass(case, sets, gone_sets, &gone, found);
    required(case, found);
}

/// Too much of the zone.
fn mass(case: &Case<'_>, sets: usize, gone_sets: usize, gone: &[&Name], found: &mut Breaches) {
    let limits = case.limits;
    let too_large = gone_sets > limits.removed.of(sets).max(ALWAYS);
    if !too_large && gone.len() <= limits.removed_names {
        return;
    }
    let limit = if too_large {
        format!("the limit is {}", limits.removed)
    } else {
        format!("the limit is {} names", limits.removed_names)
    };
    let told = format!(
        "{} of {} names would vanish, with {gone_sets} of {sets} sets of records; {limit}",
        gone.len(),
        case.live.names().count()
    );
    let mut names: Vec<String> = gone.iter().map(|name| name::show(*name)).collect();
    if names.is_empty() {
        names.push(case.live.origin());
    }
    found.add_all(Severity::Refuse, WHOLE, names, told);
}

/// A set of a required name that is gone, and no alias is in its place. A name that is gone as a whole is R1's.
fn required(case: &Case<'_>, found: &mut Breaches) {
    for need in case.required.iter().filter(|need| need.lies_in(case.live)) {
        let Some(node) = case.live.node(need.wire()) else { continue };
        let Some(now) = case.proposed.node(need.wire()) else { continue };
        let sets: Vec<String> = node
            .keys()
            .filter(|rtype| counts(**rtype) && !matches!(**rtype, Rtype::CNAME | Rtype::NS | Rtype::SOA))
            .filter(|rtype| is_gone(Some(now), **rtype))
            .map(ToString::to_string)
            .collect();
        if !sets.is_empty() {
            found.add(Severity::Refuse, EMPTIED, need.name(), |name| {
                format!("{name} would lose its {} records; {}", sets.join(" and "), need.why)
            });
        }
    }
}

/// Whether a set that was there is gone, with nothing that stands for it.
fn is_gone(now: Option<&Node>, rtype: Rtype) -> bool {
    now.is_none_or(|now| !now.contains_key(&rtype) && !now.contains_key(&Rtype::CNAME))
}

/// Whether a type is data of the zone's owner, rather than what signing adds and takes.
fn counts(rtype: Rtype) -> bool {
    !matches!(rtype, Rtype::RRSIG | Rtype::NSEC | Rtype::NSEC3 | Rtype::NSEC3PARAM | Rtype::ZONEMD)
}

/// Names that own data, apart from what signing adds.
pub(super) fn owners(zone: &Zone) -> usize {
    zone.names().filter(|(_, node)| node.keys().any(|rtype| counts(*rtype))).count()
}
