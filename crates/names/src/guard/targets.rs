//! R4: what NS, MX, SRV and CNAME lead to within the zone is there.

use domain::base::Rtype;

use super::Case;
use super::breach::{Breaches, Severity};
use super::names::{Use, target};
use crate::name::{self, Name};
use crate::zone::{End, Zone};

const THERE: &str = "Add the host that the record leads to, or lead it to one that is there.";
const NO_ALIAS: &str =
    "Name the host itself: an NS or MX record must not lead to an alias (RFC 2181, section 10.3).";

/// What is wrong with a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wrong {
    Missing,
    NoAddress,
    Alias,
}

pub(super) fn check(case: &Case<'_>, found: &mut Breaches) {
    for (owner, node) in case.proposed.names() {
        for (what, target) in node.values().flat_map(|set| &set.data).filter_map(target) {
            let Some(wrong) = wrong(case.proposed, what, target) else { continue };
            let is_new =
                !(led_there(case.live, owner, what, target) && wrong_before(case.live, what, target, wrong));
            // Mail still comes by way of an alias; it only should not.
            let breaks = wrong != Wrong::Alias || what == Use::Server;
            let remedy = if wrong == Wrong::Alias { NO_ALIAS } else { THERE };
            let target = name::show(target);
            found.add(Severity::of_new(is_new && breaks), remedy, name::show(owner), |name| {
                let rtype = what.rtype();
                match wrong {
                    Wrong::Missing => {
                        format!("the {rtype} of {name} leads to {target}, which would not exist")
                    }
                    Wrong::NoAddress => {
                        format!("the {rtype} of {name} leads to {target}, which would have no address")
                    }
                    Wrong::Alias => {
                        format!("the {rtype} of {name} leads to {target}, which would be an alias")
                    }
                }
            });
        }
    }
}

fn wrong(zone: &Zone, what: Use, target: &Name) -> Option<Wrong> {
    // The root as a target says that there is none (RFC 7505, RFC 2782).
    if target.is_root() || !target.ends_with(zone.apex()) {
        return None;
    }
    let [six, four] = [Rtype::AAAA, Rtype::A].map(|rtype| zone.trace(target, rtype));
    if what == Use::Alias {
        // It may lead to data of any type; only a name that is not there is wrong for all of them.
        return matches!(four.end, End::Missing).then_some(Wrong::Missing);
    }
    let is_alias = four.links.len() > 1;
    if is_alias && matches!(what, Use::Server | Use::Exchange) {
        return Some(Wrong::Alias);
    }
    match (six.end, four.end) {
        (End::Data(_) | End::Outside | End::Delegated, _)
        | (_, End::Data(_) | End::Outside | End::Delegated) => None,
        (_, End::Missing) => Some(Wrong::Missing),
        _ => Some(Wrong::NoAddress),
    }
}

fn led_there(live: &Zone, owner: &Name, what: Use, to: &Name) -> bool {
    let data = live.node(owner).into_iter().flat_map(|node| node.values()).flat_map(|set| &set.data);
    data.filter_map(target).any(|(its, target)| its == what && target == to)
}

fn wrong_before(live: &Zone, what: Use, target: &Name, now: Wrong) -> bool {
    wrong(live, what, target) == Some(now)
}
