//! Whether the servers of a name's zone are of one mind: each with itself, from type to type, and all with each other.

use std::collections::{BTreeMap, BTreeSet};

use candor_core::finding::{Servers, What};
use candor_names::Rcode;
use candor_names::walk::{Link, Reply, ZoneSeen};

use super::view::{self, View};
use super::{Case, Found};

/// Servers that have the zone, and fail for this name, or for one type of it.
pub(crate) fn failing(link: &Link, zone: &ZoneSeen, found: &mut Found) {
    let types_of = |at: usize, failing: bool| -> BTreeMap<String, String> {
        let replies = link.replies.iter().filter(|reply| reply.server == at);
        let said = replies.filter_map(|reply| {
            let rcode = reply.heard.as_ref().as_ref().ok()?.rcode;
            let fails = !matches!(rcode, Rcode::NOERROR | Rcode::NXDOMAIN);
            (fails == failing).then(|| (reply.question.rtype(), rcode.to_string()))
        });
        said.collect()
    };
    let servers = view::servers(zone, |at, _| {
        let list: Vec<String> =
            types_of(at, true).iter().map(|(rtype, rcode)| format!("{rcode} for {rtype}")).collect();
        (!list.is_empty()).then(|| list.join(", "))
    });
    let Some(first) = (0..zone.servers.len()).find(|at| !types_of(*at, true).is_empty()) else { return };
    let asked: BTreeSet<usize> = link.replies.iter().map(|reply| reply.server).collect();
    let nobody_answers = asked.iter().all(|at| types_of(*at, false).is_empty());
    let mut has: Vec<String> = types_of(first, false).into_keys().collect();
    if has.is_empty() {
        has.push("the SOA of the zone".to_owned());
    }
    let what = What::Contradiction {
        name: link.name.clone(),
        zone: zone.apex.clone(),
        denied: types_of(first, true).into_keys().collect(),
        has,
        servers,
        fails: true,
    };
    found.of_servers(nobody_answers, what);
}

/// Servers that deny the name for one type and know it for another. Who hears the denial takes it for the whole name (RFC
/// 8020), so that those fail who ask for the wrong type first.
pub(crate) fn contradicting(link: &Link, zone: &ZoneSeen, found: &mut Found) {
    let types_of = |at: usize, wanted: fn(&View) -> bool| -> BTreeSet<String> {
        let replies = link.replies.iter().filter(|reply| reply.server == at);
        let said = replies.filter_map(|reply| {
            let rtype = reply.question.rtype();
            let view = view::view(&link.name, &rtype, &reply.heard)?;
            wanted(&view).then_some(rtype)
        });
        said.collect()
    };
    let denied = |at: usize| types_of(at, |view| *view == View::Denied);
    let has = |at: usize| types_of(at, |view| *view != View::Denied);
    let both = |at: &usize| !denied(*at).is_empty() && !has(*at).is_empty();
    let list = |types: BTreeSet<String>| types.into_iter().collect::<Vec<_>>();
    let servers = view::servers(zone, |at, _| {
        both(&at).then(|| format!("NXDOMAIN for {}", list(denied(at)).join(", ")))
    });
    let Some(first) = (0..zone.servers.len()).find(both) else { return };
    found.some.push(What::Contradiction {
        name: link.name.clone(),
        zone: zone.apex.clone(),
        denied: list(denied(first)),
        has: list(has(first)),
        servers,
        fails: false,
    });
}

/// Servers of one zone say different things of the name.
pub(crate) fn disagreed(
    case: &Case<'_>,
    link: &Link,
    zone: &ZoneSeen,
    views: &BTreeMap<usize, View>,
    groups: &[(View, Vec<usize>)],
    found: &mut Found,
) {
    let right = right_of(case, link, groups);
    // Where as many say the one as the other, and nothing is known, nobody is accused before the others.
    let even = groups.iter().all(|(view, servers)| {
        view.is_positive() && groups.first().is_some_and(|(_, first)| first.len() == servers.len())
    });
    let known = case.known.was(&link.name).is_some();
    let wrong = view::servers(zone, |at, _| views.get(&at).filter(|view| *view != right).map(View::said));
    // Who balances load gives each asker something else; asked again, such a server changes its mind too.
    let all_have_it = views.values().all(View::is_positive);
    if all_have_it && !is_stable(link) {
        return;
    }
    if let Some((behind, newest)) = older(zone, views) {
        let (name, apex) = (link.name.clone(), zone.apex.clone());
        // That the primary is behind is known; what it says of this name is more.
        let known = |what: &What| matches!(what, What::SerialsDiffer { zone, .. } if *zone == apex);
        let backwards = found.some.iter().any(known);
        found.some.retain(|what| !known(what));
        found.some.push(What::SerialsDiffer { zone: apex, name, behind, newest, backwards });
        return;
    }
    // Or each has data of its own, always the same; one that is wrong differs from all others, which agree.
    if all_have_it && groups.len() > 2 && case.known.was(&link.name).is_none() {
        return;
    }
    let (wrong, others) = if even && !known {
        (view::servers(zone, |at, _| views.get(&at).map(View::said)), String::new())
    } else {
        (wrong, right.said())
    };
    found.some.push(What::Disagreement {
        name: link.name.clone(),
        zone: zone.apex.clone(),
        wrong,
        others,
        serial: view::serial(zone).filter(|_| views.len() > 1),
    });
}

/// Copies that are behind, where all of the newest say the same and these say otherwise; and the newest serial. Where the
/// newest do not agree, serials explain nothing.
fn older(zone: &ZoneSeen, views: &BTreeMap<usize, View>) -> Option<(Servers, u32)> {
    let serial_of = |at: &usize| zone.servers.get(*at).and_then(candor_names::walk::ServerSeen::serial);
    let newest = views.keys().filter_map(serial_of).reduce(|newest, other| {
        if candor_names::zone::serial::is_newer(other, newest) { other } else { newest }
    })?;
    let mut said = views.iter().filter(|(at, _)| serial_of(at) == Some(newest)).map(|(_, view)| view);
    let right = said.next().filter(|view| view.is_positive())?;
    if said.any(|other| other != right) {
        return None;
    }
    let behind = view::servers(zone, |at, seen| {
        let view = views.get(&at).filter(|view| *view != right)?;
        Some(format!("serial {}, {}", seen.serial()?, view.said()))
    });
    (!behind.these.is_empty()).then_some((behind, newest))
}

/// What is right: what is known, else what has data, else what most say.
fn right_of<'a>(case: &Case<'_>, link: &Link, groups: &'a [(View, Vec<usize>)]) -> &'a View {
    let known = |view: &View| match view {
        View::Data(set) => set.iter().all(|record| {
            let (rtype, data) = record.split_once(' ').unwrap_or((record, ""));
            case.known.of(&link.name, rtype).is_some_and(|known| known.data.iter().any(|one| one == data))
        }),
        _ => false,
    };
    let views = || groups.iter().map(|(view, _)| view);
    let right = views().find(|view| known(view)).or_else(|| views().find(|view| view.is_positive()));
    right.or_else(|| views().next()).unwrap_or(&View::Empty)
}

/// Whether each server said the same to the same question whenever it was asked again.
fn is_stable(link: &Link) -> bool {
    let said = |reply: &Reply| view::view(&link.name, &reply.question.rtype(), &reply.heard);
    link.again.iter().flatten().all(|again| {
        let same = |first: &&Reply| first.server == again.server && first.question == again.question;
        let first = link.replies.iter().find(same).and_then(said);
        first.zip(said(again)).is_none_or(|(first, again)| first == again)
    })
}
