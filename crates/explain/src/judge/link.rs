//! A name on the way: whether its zone's servers have it, agree, and say what is expected.

use std::collections::{BTreeMap, BTreeSet};

use candor_core::finding::{AliasEnd, Servers, What};
use candor_names::walk::{Endless, Link, Reach, Reply, ZoneSeen};

use super::view::{self, View};
use super::zone::{doubled, is_registry};
use super::{Case, Found, mind, secure};
use crate::known::same_name;

/// Names that must be gone together to call it a loss of many.
const MANY: usize = 3;

pub(crate) fn judge(case: &Case<'_>, index: usize, link: &Link, found: &mut Found) {
    let Some(zone) = case.walk.zone_of(link) else {
        let why = "no server is known to begin with: give root hints or a stub zone".to_owned();
        found.stops.push(What::CouldNotTell { why });
        return;
    };
    if let Some(endless) = link.endless {
        return alias_broken(case, index, end_of(endless), zone, found);
    }
    if let Reach::Denied { at, .. } = &link.reach
        && gone_at_parent(case, index, link, at, zone, found)
    {
        return;
    }
    mind::failing(link, zone, found);
    let mut views = view::views(&link.name, &link.replies);
    // Who was not heard on all of it does not speak against others.
    let whole = views.keys().any(|server| heard_on_all(link, *server));
    if whole {
        views.retain(|server, _| heard_on_all(link, *server));
    }
    if views.is_empty() {
        return;
    }
    secure::judge_link(case, link, zone, found);
    mind::contradicting(link, zone, found);
    if !whole && views.values().any(|view| *view != View::Denied) {
        return in_part(link, zone, &views, found);
    }
    // Whose name it is was not heard: then nobody can be said to lack it.
    if matches!(link.reach, Reach::Stuck(_)) && !views.values().any(View::is_positive) {
        let (apex, name) = (view::bare(&zone.apex), view::bare(&link.name));
        let why = format!("no server of {apex} says which zone {name} lies in");
        found.stops.push(What::CouldNotTell { why });
        return;
    }
    let groups = view::groups(&views);
    match groups.as_slice() {
        [(view, _)] => agreed(case, index, link, zone, view, found),
        _ => mind::disagreed(case, link, zone, &views, &groups, found),
    }
}

pub(crate) fn end_of(endless: Endless) -> AliasEnd {
    match endless {
        Endless::Circle => AliasEnd::Circle,
        Endless::TooLong => AliasEnd::TooLong,
    }
}

/// No server was heard on every type: they cannot be held against each other, and a type of which there is nothing says nothing
/// of one of which nothing was heard.
fn in_part(link: &Link, zone: &ZoneSeen, views: &BTreeMap<usize, View>, found: &mut Found) {
    if !views.values().any(View::is_positive) {
        let (apex, name) = (view::bare(&zone.apex), view::bare(&link.name));
        let why = format!("no server of {apex} answers for every type of {name}");
        found.stops.push(What::CouldNotTell { why });
    }
}

/// All servers say the same.
fn agreed(case: &Case<'_>, index: usize, link: &Link, zone: &ZoneSeen, view: &View, found: &mut Found) {
    match view {
        View::Denied if index > 0 => alias_broken(case, index, AliasEnd::Missing, zone, found),
        View::Empty if index > 0 => alias_broken(case, index, AliasEnd::Empty, zone, found),
        View::Denied => missing(case, link, zone, found),
        View::Empty => found.stops.push(empty(link, zone, types(link))),
        View::Data(data) => data_of(case, index, link, zone, data, found),
        View::Alias(target) => alias_expected(case, index, link, zone, target, found),
    }
}

/// An alias, where another is expected.
fn alias_expected(
    case: &Case<'_>,
    index: usize,
    link: &Link,
    zone: &ZoneSeen,
    target: &str,
    found: &mut Found,
) {
    let Some(known) = case.known.of(&link.name, "CNAME") else { return };
    if !known.data.iter().any(|one| same_name(one, target)) {
        let expected = known.data.iter().map(|data| format!("CNAME {data}")).collect();
        found.stops.push(unexpected(case, index, link, zone, vec![format!("CNAME {target}")], expected));
    }
}

/// Whether a server was heard on everything that it was asked of a name.
pub(crate) fn heard_on_all(link: &Link, server: usize) -> bool {
    let mut replies = link.replies.iter().filter(|reply| reply.server == server);
    replies.all(|reply| view::view(&link.name, &reply.question.rtype(), &reply.heard).is_some())
}

fn types(link: &Link) -> Vec<String> {
    let types: BTreeSet<String> = link.replies.iter().map(|reply| reply.question.rtype()).collect();
    types.into_iter().collect()
}

fn empty(link: &Link, zone: &ZoneSeen, types: Vec<String>) -> What {
    What::Empty {
        name: link.name.clone(),
        types,
        zone: zone.apex.clone(),
        servers: who_said(zone, link, &View::Empty),
        serial: view::serial(zone),
    }
}

/// The servers that say this.
fn who_said(zone: &ZoneSeen, link: &Link, view: &View) -> Servers {
    let views = view::views(&link.name, &link.replies);
    view::servers(zone, |at, _| views.get(&at).filter(|said| *said == view).map(View::said))
}

/// The name does not exist; if others of its zone that did exist are gone with it, that is what happened.
fn missing(case: &Case<'_>, link: &Link, zone: &ZoneSeen, found: &mut Found) {
    let mut kept: Option<String> = None;
    let (mut lost, mut of) = (1_usize, 1_usize);
    let mut names: Vec<String> = case.walk.neighbours.iter().map(|reply| reply.question.name()).collect();
    names.sort();
    names.dedup();
    for name in names.iter().filter(|name| !same_name(name, &link.name)) {
        let replies: Vec<_> =
            case.walk.neighbours.iter().filter(|reply| reply.question.name() == *name).cloned().collect();
        let views = view::views(name, &replies);
        if views.is_empty() {
            continue;
        }
        of += 1;
        if views.values().all(|view| *view == View::Denied) {
            lost += 1;
        } else {
            kept = kept.max(Some(name.clone()));
        }
    }
    let serial = view::serial(zone);
    let (name, apex) = (link.name.clone(), zone.apex.clone());
    found.stops.push(if lost >= MANY && lost * 4 >= of {
        let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        What::MassLoss { name, zone: apex, lost: count(lost), of: count(of), last: kept, serial }
    } else {
        What::NameMissing { name, zone: apex, servers: who_said(zone, link, &View::Denied), serial }
    });
}

/// Whether the denial is that of a parent: of a name right below a zone in which others register, or below which servers
/// are known.
fn gone_at_parent(
    case: &Case<'_>,
    index: usize,
    link: &Link,
    at: &str,
    zone: &ZoneSeen,
    found: &mut Found,
) -> bool {
    let was_cut = case.known.of(at, "NS").is_some();
    // A zone whose servers were given is somebody's own, and so is what no registry sells.
    let own = zone.parent.is_none() && zone.apex != ".";
    let right_below = is_registry(&zone.apex) && !own && !is_private(&zone.apex) && below(at, &zone.apex);
    if !was_cut && !right_below {
        return false;
    }
    // An alias that leads to a name which never was, for want of a dot, is no registrar's doing.
    if index > 0
        && case.walk.links.get(index - 1).is_some_and(|before| repeated(case, before, &link.name).is_some())
    {
        return false;
    }
    let former: Vec<bool> =
        case.walk.former.iter().filter(|seen| same_name(&seen.zone, at)).map(|seen| seen.serves).collect();
    found.stops.push(What::GoneAtParent {
        zone: at.to_owned(),
        parent: zone.apex.clone(),
        still_served: (!former.is_empty()).then(|| former.contains(&true)),
        registration: None,
    });
    true
}

/// Whether a top-level domain is one of those that stand for names of a house's own (RFC 6762, 8375 and the like).
fn is_private(apex: &str) -> bool {
    const PRIVATE: [&str; 8] =
        ["corp", "home", "internal", "intranet", "lan", "local", "localhost", "private"];
    PRIVATE.contains(&apex.trim_end_matches('.').to_ascii_lowercase().as_str())
}

/// Whether `name` is one label below `apex`.
fn below(name: &str, apex: &str) -> bool {
    let labels = |name: &str| name.split('.').filter(|label| !label.is_empty()).count();
    labels(name) == labels(apex) + 1
}

/// What an alias's target was meant to be, where the name of the alias's zone is in it twice.
fn repeated(case: &Case<'_>, before: &Link, target: &str) -> Option<String> {
    doubled(target, &case.walk.zone_of(before)?.apex)
}

fn alias_broken(case: &Case<'_>, index: usize, end: AliasEnd, zone: &ZoneSeen, found: &mut Found) {
    let link = case.walk.links.get(index);
    let before = match end {
        AliasEnd::Circle | AliasEnd::TooLong => link,
        AliasEnd::Missing | AliasEnd::Empty => index.checked_sub(1).and_then(|at| case.walk.links.get(at)),
    };
    let Some((before, target)) = before.and_then(|before| Some((before, before.alias.clone()?))) else {
        return;
    };
    let apex = case.walk.zone_of(before).unwrap_or(zone).apex.clone();
    if end == AliasEnd::Missing
        && let Some(meant) = repeated(case, before, &target)
    {
        found.stops.push(What::DotMissing {
            owner: before.name.clone(),
            rtype: "CNAME".to_owned(),
            target,
            meant,
            zone: apex,
        });
        return;
    }
    let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    found.stops.push(What::AliasBroken {
        name: before.name.clone(),
        target,
        end,
        link: count(index + 1),
        of: count(case.walk.links.len()),
        zone: apex,
    });
}

/// Data that all agree on: whether it is what is expected.
fn data_of(
    case: &Case<'_>,
    index: usize,
    link: &Link,
    zone: &ZoneSeen,
    data: &BTreeSet<String>,
    found: &mut Found,
) {
    let asked = case.walk.links.first().map_or("", |first| first.name.as_str());
    for rtype in types(link) {
        let known = case.known.of(asked, &rtype).or_else(|| case.known.of(&link.name, &rtype));
        let Some(known) = known else { continue };
        let expected: Vec<String> = known.data.iter().map(|data| format!("{rtype} {data}")).collect();
        let own: Vec<String> = data.iter().filter(|record| of_type(record, &rtype)).cloned().collect();
        if own.is_empty() {
            found.stops.push(empty(link, zone, vec![rtype]));
            return;
        }
        if own.iter().any(|record| !expected.iter().any(|one| one.eq_ignore_ascii_case(record))) {
            found.stops.push(unexpected(case, index, link, zone, own, expected));
            return;
        }
    }
}

pub(crate) fn of_type(record: &str, rtype: &str) -> bool {
    record.split(' ').next() == Some(rtype)
}

/// Data that is not what is expected: from a wildcard, where any other name has the same; the name itself, or the alias that
/// leads here.
fn unexpected(
    case: &Case<'_>,
    index: usize,
    link: &Link,
    zone: &ZoneSeen,
    data: Vec<String>,
    expected: Vec<String>,
) -> What {
    let first = case.walk.links.first().filter(|first| is_from_wildcard(first));
    if let Some(first) = first.filter(|first| index == 0 || case.known.was(&first.name).is_some()) {
        let exchange = first.replies.iter().filter_map(|reply| reply.heard.as_ref().as_ref().ok());
        let ttl = exchange.filter_map(|exchange| exchange.answer.first()).map(|record| record.ttl).next();
        let above = first.name.split_once('.').map_or(".", |(_, rest)| rest);
        let above = first.encloser.as_deref().unwrap_or(above);
        return What::Wildcard {
            name: first.name.clone(),
            wildcard: if above == "." { "*.".to_owned() } else { format!("*.{above}") },
            data: first.alias.as_ref().map_or(data, |target| vec![format!("CNAME {target}")]),
            ttl: ttl.unwrap_or(0),
        };
    }
    What::WrongData {
        name: link.name.clone(),
        zone: zone.apex.clone(),
        data,
        expected,
        serial: view::serial(zone),
    }
}

/// Whether a name that nobody can have meant has what this one has.
pub(crate) fn is_from_wildcard(link: &Link) -> bool {
    let said = |replies: &[Reply]| -> Vec<View> {
        let one = |reply: &Reply| view::view(&reply.question.name(), &reply.question.rtype(), &reply.heard);
        replies.iter().filter_map(one).filter(View::is_positive).collect()
    };
    let own = said(&link.replies);
    said(&link.stranger).iter().any(|stranger| {
        own.iter().any(|own| match (own, stranger) {
            (View::Data(own), View::Data(stranger)) => own.iter().any(|record| stranger.contains(record)),
            (own, stranger) => own == stranger,
        })
    })
}
