//! What is known of other names and other types than those asked about: whether it still holds, where the walk has heard of
//! them, and what could not be held against anything.

use std::collections::BTreeSet;

use candor_core::finding::What;
use candor_names::Walk;
use candor_names::walk::{Reply, ZoneSeen};

use super::link::of_type;
use super::view::{self, View};
use super::{Case, Found};
use crate::known::{Known, KnownName, same_name};

/// Most names that are told of beside the one asked about.
const MOST: usize = 4;

/// What the walk heard of a name in one type, beside the names on its way.
struct Beside<'a> {
    name: String,
    rtype: String,
    zone: &'a ZoneSeen,
    replies: Vec<Reply>,
}

pub(crate) fn judge(case: &Case<'_>, found: &mut Found) {
    let is_of_data = |what: &What| {
        matches!(
            what,
            What::NameMissing { .. }
                | What::Empty { .. }
                | What::Wildcard { .. }
                | What::WrongData { .. }
                | What::AliasBroken { .. }
                | What::DotMissing { .. }
        )
    };
    if !found.stops.iter().all(is_of_data) {
        return;
    }
    let asked = case.walk.links.first().map_or("", |link| link.name.as_str());
    let mut told = 0;
    for beside in heard_beside(case.walk) {
        let Some(known) = case.known.of(&beside.name, &beside.rtype) else { continue };
        let Some(what) = wrong(case.known, known, &beside) else { continue };
        if same_name(&known.name, asked) {
            found.some.push(what);
        } else if told < MOST {
            told += 1;
            found.asides.push(what);
        }
    }
}

/// The names and types that were demanded, and of which the walk heard nothing.
#[must_use]
pub fn unused(walk: &Walk, known: &Known) -> Vec<String> {
    let beside = heard_beside(walk);
    let judged = |name: &str, rtype: &str| {
        let on_the_way = walk.links.iter().any(|link| {
            let asked = |reply: &Reply| {
                reply.question.rtype() == rtype && view::view(&link.name, rtype, &reply.heard).is_some()
            };
            same_name(&link.name, name)
                && (link.replies.iter().any(asked) || (rtype == "CNAME" && link.alias.is_some()))
        });
        let zones = || walk.zones.iter().filter(|zone| zone.delegation.is_some());
        let servers = rtype == "NS" && zones().any(|zone| same_name(&zone.apex, name));
        let hosts = matches!(rtype, "A" | "AAAA")
            && zones()
                .any(|zone| zone.hosts.iter().any(|host| host.by_parent && same_name(&host.name, name)));
        let is_it = |one: &Beside<'_>| one.rtype == rtype && same_name(&one.name, name);
        on_the_way || servers || hosts || beside.iter().any(is_it)
    };
    let list = known.demanded().iter().filter(|(name, rtype)| !judged(name, rtype));
    list.map(|(name, rtype)| format!("{} {rtype}", name.trim_end_matches('.'))).collect()
}

/// What was heard of names beside the walk, and of hosts that data sends others to; of one that is an alias, nothing that
/// could be compared.
fn heard_beside(walk: &Walk) -> Vec<Beside<'_>> {
    let mut list: Vec<Beside<'_>> = Vec::new();
    let targets = walk.targets.iter().filter_map(|target| target.links.first());
    let targets = targets.filter_map(|link| Some((walk.zone_of(link)?, link.replies.as_slice())));
    let first = walk.links.first().and_then(|link| walk.zone_of(link));
    let neighbours = first.map(|zone| (zone, walk.neighbours.as_slice()));
    for (zone, replies) in neighbours.into_iter().chain(targets) {
        for reply in replies {
            let same = |one: &&mut Beside<'_>| {
                one.replies.first().is_some_and(|other| other.question == reply.question)
            };
            match list.iter_mut().find(same) {
                Some(known) => known.replies.push(reply.clone()),
                None => list.push(Beside {
                    name: reply.question.name(),
                    rtype: reply.question.rtype(),
                    zone,
                    replies: vec![reply.clone()],
                }),
            }
        }
    }
    list.retain(|one| {
        let views = view::views(&one.name, &one.replies);
        !views.is_empty() && !views.values().any(|view| matches!(view, View::Alias(_)))
    });
    list
}

/// What is wrong with it: it is gone, or where it is demanded, other than demanded. Servers that do not agree about it are
/// not asked twice, and therefore not accused.
fn wrong(known: &Known, one: &KnownName, heard: &Beside<'_>) -> Option<What> {
    let views = view::views(&one.name, &heard.replies);
    let view = views.values().next().filter(|first| views.values().all(|other| other == *first))?;
    let (name, zone) = (one.name.clone(), heard.zone.apex.clone());
    let serial = view::serial(heard.zone);
    let servers = view::servers(heard.zone, |at, _| views.get(&at).map(View::said));
    match view {
        View::Denied => Some(What::NameMissing { name, zone, servers, serial }),
        View::Empty => Some(What::Empty { name, types: vec![one.rtype.clone()], zone, servers, serial }),
        View::Alias(_) => None,
        View::Data(data) => {
            let demanded = known.demanded().iter();
            let is_demanded =
                demanded.clone().any(|(name, rtype)| same_name(name, &one.name) && *rtype == one.rtype);
            let expected: Vec<String> = one.data.iter().map(|data| format!("{} {data}", one.rtype)).collect();
            let own: BTreeSet<&String> = data.iter().filter(|record| of_type(record, &one.rtype)).collect();
            let strange =
                own.iter().any(|record| !expected.iter().any(|one| one.eq_ignore_ascii_case(record)));
            let data = own.into_iter().cloned().collect();
            (is_demanded && strange).then_some(What::WrongData { name, zone, data, expected, serial })
        }
    }
}
