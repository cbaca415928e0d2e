//! R9: a required name is not answered by a wildcard, which would turn its loss into a wrong answer.

use super::Case;
use super::breach::{Breaches, Severity};
use crate::name;

const OWN: &str = "Give the name records of its own: a wildcard answers for any name, also for those that are gone by mistake.";

pub(super) fn check(case: &Case<'_>, found: &mut Breaches) {
    for need in case.required.iter().filter(|need| need.lies_in(case.proposed)) {
        let by_wildcard = |zone: &crate::Zone| {
            need.need().rtypes().into_iter().find_map(|rtype| zone.trace(need.wire(), rtype).by_wildcard)
        };
        let Some(link) = by_wildcard(case.proposed) else { continue };
        // A name that a wildcard has always answered for is meant so.
        if by_wildcard(case.live).is_some() {
            continue;
        }
        found.add(Severity::Refuse, OWN, need.name(), |_| {
            format!(
                "{} would be answered by a wildcard, not by records of its own; {}",
                name::show(&link),
                need.why
            )
        });
    }
}
