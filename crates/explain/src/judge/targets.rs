//! The hosts that the data of a name sends others to (MX, SRV): whether they exist, and have an address. A record that names
//! none is as good as gone, and no server says so by itself.

use candor_core::finding::{AliasEnd, What};
use candor_names::walk::{Link, Reach, Target, ZoneSeen};

use super::link::{end_of, heard_on_all, is_from_wildcard};
use super::view::{self, View};
use super::zone::{self, doubled};
use super::{Case, Found};

pub(crate) fn judge(case: &Case<'_>, found: &mut Found) {
    let Some(last) = case.walk.links.last() else { return };
    let Some(zone) = case.walk.zone_of(last) else { return };
    let fates: Vec<Option<What>> =
        case.walk.targets.iter().map(|target| fate(case, last, zone, target)).collect();
    let all = fates.iter().all(Option::is_some);
    for what in fates.into_iter().flatten() {
        found.of_servers(all, what);
    }
    // A name that is doubled, and is there only because any name is.
    let by_wildcard = |target: &&Target| target.links.first().is_some_and(is_from_wildcard);
    for target in case.walk.targets.iter().filter(by_wildcard) {
        found.asides.extend(without_dot(last, zone, target));
    }
}

/// What is wrong with a host, if anything is.
fn fate(case: &Case<'_>, owner: &Link, zone: &ZoneSeen, target: &Target) -> Option<What> {
    let last = target.links.last()?;
    let broken = |end: AliasEnd| What::TargetBroken {
        name: owner.name.clone(),
        rtype: target.rtype.clone(),
        target: target.name.clone(),
        end,
        zone: zone.apex.clone(),
    };
    if let Some(endless) = last.endless {
        return Some(broken(end_of(endless)));
    }
    if let Reach::Stuck(at) = last.reach {
        let mut inner = Found::default();
        zone::judge(case, case.walk.zones.get(at)?, &mut inner);
        return inner.first().filter(What::is_fault);
    }
    let views = view::views(&last.name, &last.replies);
    let all = |wanted: &View| !views.is_empty() && views.values().all(|view| view == wanted);
    let end = match (all(&View::Denied), all(&View::Empty)) {
        (true, _) => AliasEnd::Missing,
        (_, true) if view::servers_of(last).any(|server| heard_on_all(last, server)) => AliasEnd::Empty,
        _ => return None,
    };
    if let Some(before) = target.links.len().checked_sub(2).and_then(|at| target.links.get(at)) {
        let count = u32::try_from(target.links.len()).unwrap_or(u32::MAX);
        return Some(What::AliasBroken {
            name: before.name.clone(),
            target: last.name.clone(),
            end,
            link: count,
            of: count,
            zone: case.walk.zone_of(before).unwrap_or(zone).apex.clone(),
        });
    }
    let dot = without_dot(owner, zone, target).filter(|_| end == AliasEnd::Missing);
    Some(dot.unwrap_or_else(|| broken(end)))
}

/// A host that has the zone's name in it twice.
fn without_dot(owner: &Link, zone: &ZoneSeen, target: &Target) -> Option<What> {
    Some(What::DotMissing {
        owner: owner.name.clone(),
        rtype: target.rtype.clone(),
        target: target.name.clone(),
        meant: doubled(&target.name, &zone.apex)?,
        zone: zone.apex.clone(),
    })
}
