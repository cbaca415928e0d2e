//! R3: no name has the zone's name twice, as one does whose last dot is missing in the zone's file.

use std::collections::BTreeSet;

use domain::base::name::ToLabelIter;

use super::Case;
use super::breach::{Breaches, Severity};
use super::names::{is_doubled, mentioned};
use crate::name::{self, Name};
use crate::zone::Zone;

const DOT: &str =
    "End the name with a dot in the zone's file: without it, the zone's name is added once more.";

pub(super) fn check(case: &Case<'_>, found: &mut Breaches) {
    let before = doubled(case.live);
    for (owner, target) in doubled(case.proposed) {
        let is_new = !before.contains(&(owner.clone(), target.clone()));
        let shown = name::show(&owner);
        match target {
            Some(target) => {
                let target = name::show(&target);
                found.add(Severity::of_new(is_new), DOT, shown, |name| {
                    format!("{name} would lead to {target}, which has the zone's name twice")
                });
            }
            // A zone of one label may well have such a name: com.com. exists.
            None => {
                let severity = Severity::of_new(is_new && case.proposed.apex().iter_labels().count() > 2);
                found.add(severity, DOT, shown, |name| format!("{name} has the zone's name twice"));
            }
        }
    }
}

/// Owners with the zone's name twice, and owners of records that mention such a name.
fn doubled(zone: &Zone) -> BTreeSet<(Name, Option<Name>)> {
    let apex = zone.apex();
    let mut list = BTreeSet::new();
    for (owner, node) in zone.names() {
        if is_doubled(owner, apex) {
            list.insert((owner.clone(), None));
        }
        for target in node.values().flat_map(|set| &set.data).filter_map(mentioned) {
            // A record of a doubled owner that stays below it is told by its owner.
            if is_doubled(target, apex) {
                list.insert((owner.clone(), Some(target.clone())));
            }
        }
    }
    list
}
